// SPDX-License-Identifier: Apache-2.0
// The machine's own disk: one system call behind each function, interrupted ones repeated.
#include "persistence/disk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace holdfast::persistence {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t block_bytes = 1U << 20U;

fault from_error(int error, std::string_view doing, const fs::path& path) {
  auto what = "cannot " + std::string{doing} + " " + path.string() + ": "
              + std::generic_category().message(error);
  switch (error) {
  case ENOSPC:
  case EDQUOT:
    return {fault_code::no_space, std::move(what), "free space on that file system"};
  case EACCES:
  case EPERM:
    return {fault_code::denied, std::move(what), "check the owner and the mode of that path"};
  case EROFS:
    return {fault_code::denied, std::move(what), "mount that file system for writing"};
  case ENOENT:
    return {fault_code::not_found, std::move(what), "check the path"};
  case ENOTDIR:
    return {fault_code::invalid, std::move(what), "name a directory"};
  case EMFILE:
  case ENFILE:
    return {fault_code::failed, std::move(what), "raise the limit of open files (`ulimit -n`)"};
  default:
    return {fault_code::failed, std::move(what),
            "check the disk and the kernel's log (`dmesg`), then start again"};
  }
}

template <class Call>
auto repeated(Call call) {
  auto answer = call();
  while (answer < 0 && errno == EINTR)
    answer = call();
  return answer;
}

class descriptor {
public:
  explicit descriptor(int number) : number_{number} {}
  descriptor(descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
  descriptor& operator=(descriptor&&) = delete;
  ~descriptor() {
    if (number_ >= 0)
      ::close(number_);
  }
  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

private:
  int number_;
};

descriptor open_path(const fs::path& path, int flags) {
  return descriptor{repeated([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0600); })};
}

class posix_file final : public file {
public:
  posix_file(descriptor opened, fs::path path)
      : opened_{std::move(opened)}, path_{std::move(path)} {}

  result<std::size_t> read(std::uint64_t offset, std::span<char> into) const override {
    std::size_t done = 0;
    while (done < into.size()) {
      const auto got = repeated([&] {
        return ::pread(opened_.number(), into.data() + done, into.size() - done,
                       static_cast<off_t>(offset + done));
      });
      if (got < 0)
        return from_error(errno, "read", path_);
      if (got == 0)
        break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  result<void> write(std::uint64_t offset, std::string_view data) override {
    while (!data.empty()) {
      const auto put = repeated([&] {
        return ::pwrite(opened_.number(), data.data(), data.size(), static_cast<off_t>(offset));
      });
      if (put < 0)
        return from_error(errno, "write to", path_);
      offset += static_cast<std::uint64_t>(put);
      data.remove_prefix(static_cast<std::size_t>(put));
    }
    return {};
  }

  result<void> sync() override {
    if (repeated([&] { return ::fdatasync(opened_.number()); }) < 0)
      return from_error(errno, "sync", path_);
    return {};
  }

  result<std::uint64_t> size() const override {
    struct stat found {};
    if (::fstat(opened_.number(), &found) < 0)
      return from_error(errno, "examine", path_);
    return static_cast<std::uint64_t>(found.st_size);
  }

  result<void> truncate(std::uint64_t bytes) override {
    if (repeated([&] { return ::ftruncate(opened_.number(), static_cast<off_t>(bytes)); }) < 0)
      return from_error(errno, "resize", path_);
    return {};
  }

  result<void> preallocate(std::uint64_t bytes) override {
    const auto now = size();
    if (!now)
      return now.error();
    if (*now > bytes)
      return truncate(bytes);
    // Zeros instead of fallocate: an unwritten extent costs a journal entry when it is first used.
    const std::string zeros(block_bytes, '\0');
    for (auto at = *now; at < bytes;) {
      const auto part = std::min<std::uint64_t>(block_bytes, bytes - at);
      if (auto put = write(at, std::string_view{zeros}.substr(0, part)); !put)
        return put;
      at += part;
    }
    if (repeated([&] { return ::fsync(opened_.number()); }) < 0)
      return from_error(errno, "sync", path_);
    return {};
  }

private:
  descriptor opened_;
  fs::path path_;
};

class posix_lock final : public file_lock {
public:
  explicit posix_lock(descriptor held) : held_{std::move(held)} {}

private:
  descriptor held_;
};

struct flock whole_file() {
  struct flock asked {};
  asked.l_type = F_WRLCK;
  asked.l_whence = SEEK_SET;
  return asked;
}

std::string first_bytes(int number) {
  std::string text(512, '\0');
  const auto got = repeated([&] { return ::pread(number, text.data(), text.size(), 0); });
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.pop_back();
  return text;
}

class posix_disk final : public disk {
public:
  result<std::unique_ptr<file>> open(const fs::path& path, open_mode mode) override {
    auto opened = open_path(path, mode == open_mode::read         ? O_RDONLY
                                  : mode == open_mode::read_write ? O_RDWR
                                                                  : O_RDWR | O_CREAT);
    if (!opened)
      return from_error(errno, "open", path);
    return std::unique_ptr<file>{std::make_unique<posix_file>(std::move(opened), path)};
  }

  result<bool> exists(const fs::path& path) const override {
    struct stat found {};
    if (::lstat(path.c_str(), &found) == 0)
      return true;
    if (errno == ENOENT || errno == ENOTDIR)
      return false;
    return from_error(errno, "examine", path);
  }

  result<std::vector<std::string>> list(const fs::path& directory) const override {
    auto* opened = ::opendir(directory.c_str());
    if (opened == nullptr)
      return from_error(errno, "list", directory);
    std::vector<std::string> names;
    errno = 0;
    while (const auto* entry = ::readdir(opened)) {
      if (const std::string_view name{entry->d_name}; name != "." && name != "..")
        names.emplace_back(name);
      errno = 0;
    }
    const auto error = errno;
    ::closedir(opened);
    if (error != 0)
      return from_error(error, "list", directory);
    std::sort(names.begin(), names.end());
    return names;
  }

  result<void> make_directories(const fs::path& directory) override {
    fs::path built;
    for (const auto& part : directory) {
      built /= part;
      if (::mkdir(built.c_str(), 0700) == 0)
        continue;
      const auto error = errno;
      struct stat found {};
      if (error != ENOENT && ::stat(built.c_str(), &found) == 0 && S_ISDIR(found.st_mode))
        continue;
      return from_error(error == EEXIST ? ENOTDIR : error, "make the directory", built);
    }
    return {};
  }

  result<void> rename(const fs::path& from, const fs::path& to) override {
    if (repeated([&] { return ::rename(from.c_str(), to.c_str()); }) < 0)
      return from_error(errno, "rename to " + to.string() + " what is", from);
    return {};
  }

  result<void> remove(const fs::path& path) override {
    if (::unlink(path.c_str()) == 0)
      return {};
    const auto error = errno;
    if ((error == EISDIR || error == EPERM) && ::rmdir(path.c_str()) == 0)
      return {};
    return from_error(error == EISDIR ? errno : error, "remove", path);
  }

  result<void> remove_all(const fs::path& path) override {
    std::error_code error;
    fs::remove_all(path, error);
    if (error)
      return from_error(error.value(), "remove", path);
    return {};
  }

  result<void> copy(const fs::path& from, const fs::path& to) override {
    const auto source = open_path(from, O_RDONLY);
    if (!source)
      return from_error(errno, "open", from);
    const auto target = open_path(to, O_RDWR | O_CREAT | O_TRUNC);
    if (!target)
      return from_error(errno, "open", to);
    if (::ioctl(target.number(), FICLONE, source.number()) == 0)
      return {};
    std::string block(block_bytes, '\0');
    while (true) {
      const auto got =
          repeated([&] { return ::read(source.number(), block.data(), block.size()); });
      if (got < 0)
        return from_error(errno, "read", from);
      if (got == 0)
        return {};
      std::string_view rest{block.data(), static_cast<std::size_t>(got)};
      while (!rest.empty()) {
        const auto put =
            repeated([&] { return ::write(target.number(), rest.data(), rest.size()); });
        if (put < 0)
          return from_error(errno, "write to", to);
        rest.remove_prefix(static_cast<std::size_t>(put));
      }
    }
  }

  result<void> sync_directory(const fs::path& directory) override {
    const auto opened = open_path(directory, O_RDONLY | O_DIRECTORY);
    if (!opened)
      return from_error(errno, "open", directory);
    if (repeated([&] { return ::fsync(opened.number()); }) < 0)
      return from_error(errno, "sync", directory);
    return {};
  }

  result<std::uint64_t> free_bytes(const fs::path& path) const override {
    struct statvfs found {};
    if (repeated([&] { return ::statvfs(path.c_str(), &found); }) < 0)
      return from_error(errno, "examine the file system of", path);
    return static_cast<std::uint64_t>(found.f_bavail) * found.f_frsize;
  }

  result<std::unique_ptr<file_lock>> lock(const fs::path& path, std::string_view owner) override {
    auto opened = open_path(path, O_RDWR | O_CREAT);
    if (!opened)
      return from_error(errno, "open", path);
    // An open-file-description lock: a classic one is lost when anybody in the process closes the
    // file, and would not keep two stores in one process apart.
    auto asked = whole_file();
    if (repeated([&] { return ::fcntl(opened.number(), F_OFD_SETLK, &asked); }) < 0) {
      if (errno == EAGAIN || errno == EACCES)
        return fault{fault_code::conflict,
                     path.string() + " is held by " + first_bytes(opened.number()),
                     "stop that process, or choose another data directory"};
      return from_error(errno, "lock", path);
    }
    posix_file inside{descriptor{::dup(opened.number())}, path};
    if (auto emptied = inside.truncate(0); !emptied)
      return emptied.error();
    if (auto put = inside.write(0, std::string{owner} + '\n'); !put)
      return put.error();
    return std::unique_ptr<file_lock>{std::make_unique<posix_lock>(std::move(opened))};
  }

  result<std::optional<std::string>> lock_owner(const fs::path& path) const override {
    const auto opened = open_path(path, O_RDONLY);
    if (!opened) {
      if (errno == ENOENT)
        return std::optional<std::string>{};
      return from_error(errno, "open", path);
    }
    auto asked = whole_file();
    if (repeated([&] { return ::fcntl(opened.number(), F_OFD_GETLK, &asked); }) < 0)
      return from_error(errno, "examine the lock on", path);
    if (asked.l_type == F_UNLCK)
      return std::optional<std::string>{};
    return std::optional<std::string>{first_bytes(opened.number())};
  }
};

} // namespace

std::unique_ptr<disk> make_posix_disk() {
  return std::make_unique<posix_disk>();
}

} // namespace holdfast::persistence
