// SPDX-License-Identifier: Apache-2.0
// Reads RocksDB's log format as far as its checksums hold.
#include "persistence/catalog.hpp"

#include "persistence/crc32c.hpp"
#include "persistence/layout.hpp"

#include <rocksdb/file_system.h>

#include <algorithm>
#include <map>
#include <utility>

namespace holdfast::persistence {
namespace {

constexpr std::size_t block_bytes = 32768;
constexpr std::size_t header_bytes = 7;

/// What a record is, in RocksDB's log format: whole, or a piece of one.
enum class piece : std::uint8_t { full = 1, first = 2, middle = 3, last = 4 };

result<std::string> read_whole(disk& files, const std::filesystem::path& path) {
  const auto opened = files.open(path, open_mode::read);
  if (!opened)
    return opened.error();
  const auto size = (*opened)->size();
  if (!size)
    return size.error();
  std::string bytes(*size, '\0');
  const auto got = (*opened)->read(0, bytes);
  if (!got)
    return got.error();
  bytes.resize(*got);
  return bytes;
}

/// Bytes in memory as a file that is read from its beginning.
class bytes_file final : public rocksdb::FSSequentialFile {
public:
  explicit bytes_file(std::string bytes) : bytes_{std::move(bytes)} {}

  rocksdb::IOStatus Read(std::size_t wanted, const rocksdb::IOOptions&, rocksdb::Slice* read,
                         char* scratch, rocksdb::IODebugContext*) override {
    const auto size = std::min(wanted, bytes_.size() - at_);
    std::copy_n(bytes_.data() + at_, size, scratch);
    *read = {scratch, size};
    at_ += size;
    return {};
  }
  rocksdb::IOStatus Skip(std::uint64_t passed) override {
    at_ = std::min(bytes_.size(), at_ + passed);
    return {};
  }

private:
  std::string bytes_;
  std::size_t at_ = 0;
};

class catalog_file_system final : public rocksdb::FileSystemWrapper {
public:
  catalog_file_system(std::shared_ptr<rocksdb::FileSystem> under, const std::filesystem::path& db,
                      const catalog& mended)
      : FileSystemWrapper{std::move(under)}, shown_{
                                                 {mended.manifest.string(), mended.manifest_bytes},
                                                 {(db / "CURRENT").string(),
                                                  mended.current_bytes}} {}

  const char* Name() const override { return "with_catalog"; }

  rocksdb::IOStatus NewSequentialFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* opened,
                                      rocksdb::IODebugContext* context) override {
    const auto found = shown_.find(name);
    if (found == shown_.end())
      return FileSystemWrapper::NewSequentialFile(name, options, opened, context);
    *opened = std::make_unique<bytes_file>(found->second);
    return {};
  }
  rocksdb::IOStatus FileExists(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override {
    return shown_.contains(name) ? rocksdb::IOStatus{}
                                 : FileSystemWrapper::FileExists(name, options, context);
  }
  rocksdb::IOStatus GetFileSize(const std::string& name, const rocksdb::IOOptions& options,
                                std::uint64_t* size, rocksdb::IODebugContext* context) override {
    const auto found = shown_.find(name);
    if (found == shown_.end())
      return FileSystemWrapper::GetFileSize(name, options, size, context);
    *size = found->second.size();
    return {};
  }

private:
  std::map<std::string, std::string> shown_;
};

} // namespace

std::size_t sound_prefix(std::string_view manifest) {
  std::size_t sound = 0;
  std::size_t at = 0;
  while (at + header_bytes <= manifest.size()) {
    if (const auto left = block_bytes - at % block_bytes; left < header_bytes) {
      at += left; // a block's end that is too short for a header
      continue;
    }
    const auto stored = load_little<std::uint32_t>(manifest.data() + at);
    const auto size = load_little<std::uint16_t>(manifest.data() + at + 4);
    const auto type = static_cast<piece>(manifest[at + 6]);
    if (type < piece::full || type > piece::last || at + header_bytes + size > manifest.size()
        || masked_crc32c(manifest.substr(at + 6, 1U + size)) != stored)
      break;
    at += header_bytes + size;
    if (type == piece::full || type == piece::last)
      sound = at;
  }
  return sound;
}

result<std::optional<catalog>> mend_catalog(disk& files, const std::filesystem::path& db) {
  const auto names = files.list(db);
  if (!names)
    return names.error();
  std::string newest;
  for (const auto& name : *names)
    if (name.starts_with("MANIFEST-") && name.size() >= newest.size())
      newest = std::max(newest, name); // numbers of one width, or the wider one is the newer
  if (newest.empty())
    return std::optional<catalog>{};
  auto bytes = read_whole(files, db / newest);
  if (!bytes)
    return bytes.error();
  catalog mended{db / newest, bytes->substr(0, sound_prefix(*bytes)), newest + "\n"};
  const auto current = read_whole(files, db / "CURRENT");
  const auto same = current && *current == mended.current_bytes;
  if (mended.manifest_bytes.empty() || (same && mended.manifest_bytes.size() == bytes->size()))
    return std::optional<catalog>{};
  return std::optional{std::move(mended)};
}

std::shared_ptr<rocksdb::FileSystem> with_catalog(std::shared_ptr<rocksdb::FileSystem> under,
                                                  const std::filesystem::path& db,
                                                  const catalog& mended) {
  return std::make_shared<catalog_file_system>(std::move(under), db, mended);
}

result<void> write_catalog(disk& files, const std::filesystem::path& db, const catalog& mended) {
  const auto manifest = files.open(mended.manifest, open_mode::read_write);
  if (!manifest)
    return manifest.error();
  if (const auto cut = (*manifest)->truncate(mended.manifest_bytes.size()); !cut)
    return cut;
  if (const auto synced = (*manifest)->sync(); !synced)
    return synced;
  const auto beside = db / "000000.dbtmp"; // a name that RocksDB itself clears away
  const auto current = files.open(beside, open_mode::create);
  if (!current)
    return current.error();
  if (const auto written = (*current)->write(0, mended.current_bytes); !written)
    return written;
  if (const auto synced = (*current)->sync(); !synced)
    return synced;
  if (const auto named = files.rename(beside, db / "CURRENT"); !named)
    return named;
  return files.sync_directory(db);
}

} // namespace holdfast::persistence
