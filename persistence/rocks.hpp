// SPDX-License-Identifier: Apache-2.0
// Opens the RocksDB database of a store with the options the house has reasons for.
#pragma once

#include "messages/fault.hpp"
#include "persistence/catalog.hpp"
#include "persistence/keys.hpp"

#include <rocksdb/db.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::persistence {

/// What helps with damage: in every fault that says `corrupt`.
inline constexpr std::string_view damage_help =
    "`holdfast store verify --deep` shows what is left; `holdfast store accept-loss --reason` "
    "gives "
    "up what is lost; `holdfast replay fork` copies what is sound into a new store";

/// RocksDB's words in ours. `doing` says what was tried, as in "write a batch".
fault from(const rocksdb::Status& problem, std::string_view doing);

/// How a database is opened.
enum class opening : std::uint8_t {
  create,             ///< For writing; the database must not exist.
  write,              ///< For writing; the database must exist.
  replay,             ///< Only to write what the logs hold to tables; quicker at it than `write`.
  replay_before_hole, ///< The same; the log ends where it stops to make sense, for ever.
  read,               ///< Reads tables and logs, changes nothing. No writer may be there.
  read_tables,        ///< The same, as if there were no logs.
  diagnose,           ///< The same, and opens although tables are damaged: to say which.
  salvage,            ///< Reads tables and as much of the logs as verifies.
  follow              ///< Beside a writer in another process, as a secondary.
};

struct rocks_settings {
  std::filesystem::path directory;
  rocksdb::Env* env = nullptr; ///< null: the machine's own.
  std::uint64_t memory_bytes = 64ULL << 20U;
  std::uint64_t cache_bytes = 32ULL << 20U;
  const catalog* mended = nullptr; ///< Read through this list of files instead of its own.
};

/// One table file of a family, as the database lists it.
struct table_file {
  std::string path;
  std::string smallest;
  std::string largest;
  std::uint64_t entries = 0;
  std::uint64_t deletions = 0;
  std::uint64_t bytes = 0;
  bool flushed = false; ///< Made from memory, not by compaction.
};

/// An open database with its families. Safe for concurrent calls as RocksDB is.
class rocks {
public:
  static result<std::unique_ptr<rocks>> open(opening how, const rocks_settings& settings);

  rocks(const rocks&) = delete;
  rocks& operator=(const rocks&) = delete;
  ~rocks();

  rocksdb::DB& db() const { return *db_; }
  rocksdb::ColumnFamilyHandle* of(family which) const {
    return handles_[static_cast<std::size_t>(which)];
  }

  /// Answers `not_found` when there is no such key.
  result<std::string> get(family which, std::string_view key) const;

  /// Reads everything once, checksums verified, nothing kept in the cache.
  std::unique_ptr<rocksdb::Iterator> scan(family which) const;

  /// The tables of a family in key order. Reads no data blocks.
  result<std::vector<table_file>> tables(family which) const;

  /// Entries in tables and memtables; exact while every key was put once and never deleted.
  result<std::uint64_t> count(family which) const;

  /// Checks every block of a table file, read afresh.
  result<void> verify_table(const std::string& path) const;

  /// All files of the database together.
  std::uint64_t bytes_on_disk() const;

  /// Writes every memtable to table files.
  result<void> flush() const;

private:
  rocks() = default;

  std::unique_ptr<rocksdb::Env> env_; ///< Outlives the database that reads through it.
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

} // namespace holdfast::persistence
