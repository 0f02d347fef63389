// SPDX-License-Identifier: Apache-2.0
// Translates RocksDB's file operations into those of a disk.
#include "tests/support/memory_file_system.hpp"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <utility>

namespace holdfast::testing {
namespace {

using persistence::open_mode;
using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

IOStatus from(const fault& problem) {
  switch (problem.code) {
  case fault_code::not_found:
    return IOStatus::PathNotFound(problem.what);
  case fault_code::no_space:
    return IOStatus::NoSpace(problem.what);
  default:
    return IOStatus::IOError(problem.what);
  }
}

template <class T>
IOStatus from(const result<T>& done) {
  return done ? IOStatus::OK() : from(done.error());
}

class sequential final : public rocksdb::FSSequentialFile {
public:
  explicit sequential(std::unique_ptr<persistence::file> opened) : file_{std::move(opened)} {}
  IOStatus Read(std::size_t n, const IOOptions&, Slice* found, char* scratch,
                IODebugContext*) override {
    const auto got = file_->read(at_, {scratch, n});
    if (!got)
      return from(got.error());
    at_ += *got;
    *found = Slice{scratch, *got};
    return IOStatus::OK();
  }
  IOStatus Skip(std::uint64_t n) override {
    at_ += n;
    return IOStatus::OK();
  }

private:
  std::unique_ptr<persistence::file> file_;
  std::uint64_t at_ = 0;
};

class random_access final : public rocksdb::FSRandomAccessFile {
public:
  explicit random_access(std::unique_ptr<persistence::file> opened) : file_{std::move(opened)} {}
  IOStatus Read(std::uint64_t offset, std::size_t n, const IOOptions&, Slice* found, char* scratch,
                IODebugContext*) const override {
    const auto got = file_->read(offset, {scratch, n});
    if (!got)
      return from(got.error());
    *found = Slice{scratch, *got};
    return IOStatus::OK();
  }

private:
  std::unique_ptr<persistence::file> file_;
};

class writable final : public rocksdb::FSWritableFile {
public:
  writable(std::unique_ptr<persistence::file> opened, std::uint64_t size)
      : file_{std::move(opened)}, size_{size} {}
  using FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    const auto put = file_->write(size_, {data.data(), data.size()});
    if (put)
      size_ += data.size();
    return from(put);
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions&, IODebugContext*) override {
    const auto cut = file_->truncate(size);
    if (cut)
      size_ = size;
    return from(cut);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return from(file_->sync()); }
  bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return size_; }

private:
  std::unique_ptr<persistence::file> file_;
  std::uint64_t size_;
};

class directory final : public rocksdb::FSDirectory {
public:
  directory(persistence::disk& files, std::string path) : files_{files}, path_{std::move(path)} {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    return from(files_.sync_directory(path_));
  }

private:
  persistence::disk& files_;
  std::string path_;
};

class lock final : public rocksdb::FileLock {
public:
  explicit lock(std::unique_ptr<persistence::file_lock> held) : held_{std::move(held)} {}

private:
  std::unique_ptr<persistence::file_lock> held_;
};

class silent_logger final : public rocksdb::Logger {
public:
  using Logger::Logv;
  void Logv(const char*, va_list) override {}
  /// RocksDB rolls its log by size, and asks for it.
  std::size_t GetLogFileSize() const override { return 0; }
};

class disk_file_system final : public rocksdb::FileSystem {
public:
  explicit disk_file_system(persistence::disk& files) : files_{files} {}

  static const char* kClassName() { return "HoldfastTestFileSystem"; }
  const char* Name() const override { return kClassName(); }

  IOStatus NewSequentialFile(const std::string& path, const FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* made,
                             IODebugContext*) override {
    auto opened = files_.open(path, open_mode::read);
    if (opened)
      *made = std::make_unique<sequential>(*std::move(opened));
    return from(opened);
  }
  IOStatus NewRandomAccessFile(const std::string& path, const FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* made,
                               IODebugContext*) override {
    auto opened = files_.open(path, open_mode::read);
    if (opened)
      *made = std::make_unique<random_access>(*std::move(opened));
    return from(opened);
  }
  IOStatus NewWritableFile(const std::string& path, const FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>* made,
                           IODebugContext*) override {
    auto opened = files_.open(path, open_mode::create);
    if (!opened)
      return from(opened);
    if (const auto size = (*opened)->size(); size && *size > 0)
      if (const auto emptied = (*opened)->truncate(0); !emptied)
        return from(emptied);
    *made = std::make_unique<writable>(*std::move(opened), 0);
    return IOStatus::OK();
  }
  IOStatus ReopenWritableFile(const std::string& path, const FileOptions&,
                              std::unique_ptr<rocksdb::FSWritableFile>* made,
                              IODebugContext*) override {
    auto opened = files_.open(path, open_mode::create);
    if (!opened)
      return from(opened);
    const auto size = (*opened)->size();
    if (size)
      *made = std::make_unique<writable>(*std::move(opened), *size);
    return from(size);
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions&,
                        std::unique_ptr<rocksdb::FSDirectory>* made, IODebugContext*) override {
    const auto there = files_.list(path);
    if (there)
      *made = std::make_unique<directory>(files_, path);
    return from(there);
  }
  IOStatus FileExists(const std::string& path, const IOOptions&, IODebugContext*) override {
    const auto there = files_.exists(path);
    return there && !*there ? IOStatus::NotFound(path) : from(there);
  }
  IOStatus GetChildren(const std::string& path, const IOOptions&, std::vector<std::string>* names,
                       IODebugContext*) override {
    auto found = files_.list(path);
    if (found)
      *names = *std::move(found);
    return from(found);
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) override {
    return from(files_.remove(path));
  }
  IOStatus CreateDir(const std::string& path, const IOOptions&, IODebugContext*) override {
    return from(files_.make_directories(path));
  }
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions&, IODebugContext*) override {
    return from(files_.make_directories(path));
  }
  IOStatus DeleteDir(const std::string& path, const IOOptions&, IODebugContext*) override {
    return from(files_.remove(path));
  }
  IOStatus GetFileSize(const std::string& path, const IOOptions&, std::uint64_t* size,
                       IODebugContext*) override {
    const auto opened = files_.open(path, open_mode::read);
    if (!opened)
      return from(opened);
    const auto found = (*opened)->size();
    if (found)
      *size = *found;
    return from(found);
  }
  IOStatus GetFileModificationTime(const std::string&, const IOOptions&, std::uint64_t* time,
                                   IODebugContext*) override {
    *time = 0;
    return IOStatus::OK();
  }
  IOStatus RenameFile(const std::string& source, const std::string& target, const IOOptions&,
                      IODebugContext*) override {
    return from(files_.rename(source, target));
  }
  IOStatus LockFile(const std::string& path, const IOOptions&, rocksdb::FileLock** made,
                    IODebugContext*) override {
    auto held = files_.lock(path, "RocksDB");
    if (held)
      *made = std::make_unique<lock>(*std::move(held)).release();
    return from(held);
  }
  IOStatus UnlockFile(rocksdb::FileLock* held, const IOOptions&, IODebugContext*) override {
    const std::unique_ptr<rocksdb::FileLock> ended{held};
    return IOStatus::OK();
  }
  IOStatus GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) override {
    *path = "/test";
    return IOStatus::OK();
  }
  IOStatus NewLogger(const std::string&, const IOOptions&, std::shared_ptr<rocksdb::Logger>* made,
                     IODebugContext*) override {
    *made = std::make_shared<silent_logger>();
    return IOStatus::OK();
  }
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* absolute,
                           IODebugContext*) override {
    *absolute = path;
    return IOStatus::OK();
  }
  IOStatus GetFreeSpace(const std::string& path, const IOOptions&, std::uint64_t* bytes,
                        IODebugContext*) override {
    const auto free = files_.free_bytes(path);
    if (free)
      *bytes = *free;
    return from(free);
  }
  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* is,
                       IODebugContext*) override {
    *is = static_cast<bool>(files_.list(path));
    return IOStatus::OK();
  }

private:
  persistence::disk& files_;
};

} // namespace

std::shared_ptr<rocksdb::FileSystem> make_file_system(persistence::disk& files) {
  return std::make_shared<disk_file_system>(files);
}

std::unique_ptr<rocksdb::Env> make_env(persistence::disk& files) {
  return rocksdb::NewCompositeEnv(make_file_system(files));
}

} // namespace holdfast::testing
