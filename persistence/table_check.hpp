// SPDX-License-Identifier: Apache-2.0
// A look at RocksDB's table files before RocksDB takes them apart.
#pragma once

#include <memory>

namespace rocksdb {
class FileSystem;
}

namespace holdfast::persistence {

/// A file system in which a table that would mislead RocksDB 7.8.3 cannot be opened: `Corruption`.
/// Where assertions are compiled in, as in Debian's, each of these ends the process:
/// - properties that do not fit their checksum, which is compared only after they were unpacked
///   (`ReadTablePropertiesHelper`);
/// - a format in the footer, which has no checksum, other than the one that was written: blocks are
///   then unpacked by the rules of another format.
///
/// Every other block is checked by RocksDB before it is used. Properties are looked at in tables
/// with CRC-32C, which is what we write; those of others pass as they are.
std::shared_ptr<rocksdb::FileSystem>
with_checked_tables(std::shared_ptr<rocksdb::FileSystem> under);

} // namespace holdfast::persistence
