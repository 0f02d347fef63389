// SPDX-License-Identifier: Apache-2.0
// RocksDB's list of its own files, CURRENT and MANIFEST, without the end that is damaged.
#pragma once

#include "messages/fault.hpp"
#include "persistence/disk.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rocksdb {
class FileSystem;
}

namespace holdfast::persistence {

/// A list that can be read, and where it would stand. It may be older than the database: whoever
/// uses it must prove that nothing is missing.
struct catalog {
  std::filesystem::path manifest;
  std::string manifest_bytes;
  std::string current_bytes;
};

/// How many bytes of a MANIFEST are whole records, up to the first that is not.
std::size_t sound_prefix(std::string_view manifest);

/// The newest MANIFEST up to its first damaged record, and a CURRENT that names it; nothing when
/// that is what stands there already, or when there is no MANIFEST. Changes nothing.
result<std::optional<catalog>> mend_catalog(disk& files, const std::filesystem::path& db);

/// A file system that shows the mended list in place of the damaged one. For reading only.
std::shared_ptr<rocksdb::FileSystem> with_catalog(std::shared_ptr<rocksdb::FileSystem> under,
                                                  const std::filesystem::path& db,
                                                  const catalog& mended);

/// Writes it, durably. May be cut short and done again.
result<void> write_catalog(disk& files, const std::filesystem::path& db, const catalog& mended);

} // namespace holdfast::persistence
