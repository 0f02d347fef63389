// SPDX-License-Identifier: Apache-2.0
// A look at RocksDB's table files before RocksDB takes them apart.
#pragma once

#include <memory>

namespace rocksdb {
class FileSystem;
}

namespace holdfast::persistence {

/// A file system in which a table whose properties do not fit their checksum cannot be opened
/// (`Corruption`). RocksDB 7.8.3 unpacks a table's properties before it compares their checksum
/// (`ReadTablePropertiesHelper`), and where assertions are compiled in, as in Debian's, damaged
/// ones end the process. Every other block is checked by RocksDB first.
///
/// Looks at tables with CRC-32C, which are those that we write; others pass as they are.
std::shared_ptr<rocksdb::FileSystem>
with_checked_tables(std::shared_ptr<rocksdb::FileSystem> under);

} // namespace holdfast::persistence
