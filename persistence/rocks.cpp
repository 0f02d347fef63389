// SPDX-License-Identifier: Apache-2.0
// RocksDB's options with their reasons, its status in our words, its table files as a list.
#include "persistence/rocks.hpp"

#include "persistence/table_check.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/file_system.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/memtablerep.h>
#include <rocksdb/options.h>
#include <rocksdb/perf_level.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table.h>
#include <rocksdb/table_properties.h>

#include <algorithm>
#include <utility>

namespace holdfast::persistence {
namespace {

/// A file system in which no write-ahead log is to be seen. Only for opening read-only.
class without_logs : public rocksdb::FileSystemWrapper {
public:
  using FileSystemWrapper::FileSystemWrapper;

  const char* Name() const override { return "without_logs"; }

  rocksdb::IOStatus GetChildren(const std::string& directory, const rocksdb::IOOptions& options,
                                std::vector<std::string>* names,
                                rocksdb::IODebugContext* context) override {
    auto listed = FileSystemWrapper::GetChildren(directory, options, names, context);
    std::erase_if(*names, [](const std::string& name) { return name.ends_with(".log"); });
    return listed;
  }
};

/// RocksDB's own log, which nobody keeps: once one of its lines could not be written,
/// Debian's 7.8.3 fails an assertion at the next, and a full disk would end the process.
class silence : public rocksdb::Logger {
public:
  using Logger::Logv;
  void Logv(const char*, std::va_list) override {}
};

std::string name_of(family which) {
  return std::string{family_names[static_cast<std::size_t>(which)]};
}

bool replays(opening how) {
  return how == opening::replay || how == opening::replay_before_hole;
}

bool writes(opening how) {
  return how == opening::create || how == opening::write || replays(how);
}

/// Reads logs into memory for looking things up, and nobody writes.
bool looks_up(opening how) {
  return how == opening::read || how == opening::salvage;
}

rocksdb::DBOptions database_options(opening how, const rocks_settings& settings,
                                    rocksdb::Env* env) {
  rocksdb::DBOptions options;
  options.env = env;
  options.create_if_missing = how == opening::create;
  options.error_if_exists = how == opening::create;
  options.paranoid_checks = how != opening::diagnose;
  // A torn tail is what every crash leaves; whatever else this mode lets through is found by the
  // store's own proof of completeness.
  const auto ends_early = how == opening::salvage || how == opening::replay_before_hole;
  options.wal_recovery_mode = ends_early ? rocksdb::WALRecoveryMode::kPointInTimeRecovery
                                         : rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  // The store's own proof finds a missing log, and more; and with tracking on, this version cannot
  // open read-only as if there were no logs (it writes to a null recovery context).
  options.track_and_verify_wals_in_manifest = false;
  options.verify_sst_unique_id_in_manifest = true;
  options.flush_verify_memtable_count = true;
  options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
  options.avoid_flush_during_recovery = false; // what was recovered is written again
  options.max_open_files = -1;
  // The default of 16 starts 15 threads for each family and opening, however few files there are.
  options.max_file_opening_threads = 2;
  options.max_background_jobs = 2;
  options.max_total_wal_size = 256ULL << 20U;
  options.db_write_buffer_size = settings.memory_bytes;
  options.max_bgerror_resume_count = 60;
  options.bgerror_resume_retry_interval = 1000000;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  // While families are made, this version leaks a handle (and Debian's aborts) when it fails here.
  options.fail_if_options_file_error = how == opening::write || how == opening::replay;
  // What holds `seen` in memory for these takes one writer; the log's reading is the only one.
  options.allow_concurrent_memtable_write = !looks_up(how) && !replays(how);
  options.db_host_id = "holdfast"; // the host's name is nobody's business
  options.info_log = std::make_shared<silence>();
  return options;
}

rocksdb::ColumnFamilyOptions family_options(family which, opening how,
                                            const rocks_settings& settings,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.format_version = 5;
  table.checksum = rocksdb::kCRC32c; // `with_checked_tables` knows it
  options.write_buffer_size = 4ULL << 20U;
  options.arena_block_size = 64ULL << 10U; // idle families should cost nothing
  options.compression = rocksdb::kLZ4Compression;
  options.level_compaction_dynamic_level_bytes = true;
  options.disable_auto_compactions = replays(how); // the opening that follows does them
  switch (which) {
  case family::events:
    // Keys only grow, so compaction is moving files.
    options.write_buffer_size = settings.memory_bytes;
    options.arena_block_size = 1ULL << 20U;
    options.max_write_buffer_number = 4;
    options.target_file_size_base = 64ULL << 20U;
    options.max_bytes_for_level_base = 512ULL << 20U;
    table.block_size = 16ULL << 10U;
    break;
  case family::seen:
    // Keys are random and mostly looked up in vain: filters everywhere, few rewrites.
    options.write_buffer_size = settings.memory_bytes;
    options.arena_block_size = 1ULL << 20U;
    options.max_write_buffer_number = 4;
    options.compression = rocksdb::kNoCompression;
    options.compaction_style = rocksdb::kCompactionStyleUniversal;
    options.compaction_options_universal.size_ratio = 20;
    options.level0_file_num_compaction_trigger = 6;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.data_block_index_type = rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
    // In a skip list these random keys were most of what a start took: each costs two dozen
    // comparisons to put in and as many to find.
    if (looks_up(how)) {
      options.prefix_extractor.reset(rocksdb::NewCappedPrefixTransform(8));
      options.memtable_factory.reset(rocksdb::NewHashLinkListRepFactory(1U << 17U));
    } else if (replays(how)) {
      options.memtable_factory = std::make_shared<rocksdb::VectorRepFactory>();
    } else {
      options.memtable_whole_key_filtering = true;
      options.memtable_prefix_bloom_size_ratio = 0.01;
    }
    break;
  case family::meta:
    // One small value written with every batch: rarely worth a flush of its own.
    options.write_buffer_size = 16ULL << 20U;
    break;
  case family::streams:
    options.write_buffer_size = 16ULL << 20U;
    break;
  case family::blobs:
    options.write_buffer_size = 16ULL << 20U;
    options.compression = rocksdb::kNoCompression; // states are compressed already
    break;
  case family::unused:
  case family::snapshots:
  case family::states:
    break;
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

} // namespace

fault from(const rocksdb::Status& problem, std::string_view doing) {
  const auto code = [&] {
    switch (problem.code()) {
    case rocksdb::Status::kNotFound:
      return fault_code::not_found;
    case rocksdb::Status::kCorruption:
      return fault_code::corrupt;
    case rocksdb::Status::kNotSupported:
      return fault_code::unsupported;
    case rocksdb::Status::kInvalidArgument:
      return fault_code::invalid;
    case rocksdb::Status::kBusy:
    case rocksdb::Status::kTryAgain:
    case rocksdb::Status::kIncomplete:
      return fault_code::busy;
    case rocksdb::Status::kTimedOut:
      return fault_code::timed_out;
    default:
      return problem.IsNoSpace() ? fault_code::no_space : fault_code::failed;
    }
  }();
  return {code, "cannot " + std::string{doing} + ": " + problem.ToString(),
          code == fault_code::corrupt ? std::string{damage_help} : std::string{}};
}

namespace {

/// Makes the families one by one: where `DB::Open` makes missing ones itself and that fails half
/// way (a family made, its options file not written), 7.8.3 loses a handle and aborts.
rocksdb::Status create_database(const rocksdb::DBOptions& options, const std::string& path,
                                const std::vector<rocksdb::ColumnFamilyDescriptor>& wanted,
                                std::vector<rocksdb::ColumnFamilyHandle*>* handles,
                                rocksdb::DB** db) {
  rocksdb::DB* made = nullptr;
  auto done = rocksdb::DB::Open(options, path, {wanted.front()}, handles, &made);
  for (std::size_t i = 1; done.ok() && i < wanted.size(); ++i) {
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    done = made->CreateColumnFamily(wanted[i].options, wanted[i].name, &handle);
    if (handle != nullptr)
      handles->push_back(handle);
  }
  if (done.ok()) {
    *db = made;
    return done;
  }
  for (auto* handle : *handles)
    delete handle;
  handles->clear();
  delete made;
  return done;
}

} // namespace

result<std::unique_ptr<rocks>> rocks::open(opening how, const rocks_settings& settings) {
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable); // its counters cost a twentieth
  std::unique_ptr<rocks> opened{new rocks};
  auto* env = settings.env != nullptr ? settings.env : rocksdb::Env::Default();
  auto shown = with_checked_tables(env->GetFileSystem());
  if (settings.mended != nullptr)
    shown = with_catalog(std::move(shown), settings.directory, *settings.mended);
  if (how == opening::read_tables || how == opening::diagnose)
    shown = std::make_shared<without_logs>(std::move(shown));
  opened->env_ = rocksdb::NewCompositeEnv(std::move(shown));
  const auto options = database_options(how, settings, opened->env_.get());
  const auto cache = rocksdb::NewLRUCache(settings.cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> wanted;
  for (std::size_t i = 0; i < family_names.size(); ++i)
    wanted.emplace_back(std::string{family_names[i]},
                        family_options(static_cast<family>(i), how, settings, cache));

  const auto path = settings.directory.string();
  rocksdb::DB* db = nullptr;
  rocksdb::Status done;
  if (how == opening::create)
    done = create_database(options, path, wanted, &opened->handles_, &db);
  else if (writes(how))
    done = rocksdb::DB::Open(options, path, wanted, &opened->handles_, &db);
  else if (how == opening::follow)
    // The secondary's own path takes nothing but RocksDB's log, and that one is silent.
    done = rocksdb::DB::OpenAsSecondary(options, path, path + "-secondary", wanted,
                                        &opened->handles_, &db);
  else
    done = rocksdb::DB::OpenForReadOnly(options, path, wanted, &opened->handles_, &db);
  if (!done.ok())
    return from(done, "open the database " + path);
  opened->db_.reset(db);
  return opened;
}

rocks::~rocks() {
  if (!db_)
    return;
  for (auto* handle : handles_)
    db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
  db_->Close().PermitUncheckedError();
}

result<std::string> rocks::get(family which, std::string_view key) const {
  std::string value;
  const auto got = db_->Get({}, of(which), rocksdb::Slice{key.data(), key.size()}, &value);
  if (!got.ok())
    return from(got, "read a key of " + name_of(which));
  return value;
}

std::unique_ptr<rocksdb::Iterator> rocks::scan(family which) const {
  rocksdb::ReadOptions once;
  once.fill_cache = false;
  once.total_order_seek = true; // `seen` may be in hash buckets, which have no order
  once.readahead_size = 1ULL << 20U;
  return std::unique_ptr<rocksdb::Iterator>{db_->NewIterator(once, of(which))};
}

result<std::vector<table_file>> rocks::tables(family which) const {
  // Properties and list are two looks: a compaction that ends in between shows a table that has no
  // properties yet. Only one that never gets them is damaged.
  constexpr int looks_max = 10;
  std::string without;
  for (int look = 0; look < looks_max; ++look) {
    rocksdb::TablePropertiesCollection properties;
    if (const auto got = db_->GetPropertiesOfAllTables(of(which), &properties); !got.ok())
      return from(got, "read the properties of the tables of " + name_of(which));
    rocksdb::ColumnFamilyMetaData listed;
    db_->GetColumnFamilyMetaData(of(which), &listed);
    std::vector<table_file> tables;
    without.clear();
    for (const auto& level : listed.levels)
      for (const auto& one : level.files) {
        const auto path = one.db_path + one.name;
        const auto found = properties.find(path);
        if (found == properties.end()) {
          without = path;
          continue;
        }
        tables.push_back({path, one.smallestkey, one.largestkey, found->second->num_entries,
                          found->second->num_deletions + found->second->num_range_deletions,
                          one.size, level.level == 0});
      }
    if (!without.empty())
      continue;
    std::ranges::sort(tables, {}, &table_file::smallest);
    return tables;
  }
  return fault{fault_code::corrupt, "the table " + without + " has no properties",
               std::string{damage_help}};
}

result<std::uint64_t> rocks::count(family which) const {
  const auto listed = tables(which);
  if (!listed)
    return listed.error();
  std::uint64_t entries = 0;
  for (const auto& one : *listed)
    entries += one.entries;
  for (const auto& property : {rocksdb::DB::Properties::kNumEntriesActiveMemTable,
                               rocksdb::DB::Properties::kNumEntriesImmMemTables}) {
    std::uint64_t in_memory = 0;
    if (db_->GetIntProperty(of(which), property, &in_memory))
      entries += in_memory;
  }
  return entries;
}

result<void> rocks::verify_table(const std::string& path) const {
  rocksdb::Options options;
  options.env = env_.get();
  rocksdb::SstFileReader fresh{options};
  if (const auto opened = fresh.Open(path); !opened.ok())
    return from(opened, "open the table " + path);
  if (const auto sound = fresh.VerifyChecksum(); !sound.ok())
    return from(sound, "verify the table " + path);
  return {};
}

std::uint64_t rocks::bytes_on_disk() const {
  std::vector<rocksdb::Env::FileAttributes> files;
  std::uint64_t bytes = 0;
  if (env_->GetChildrenFileAttributes(db_->GetName(), &files).ok())
    for (const auto& one : files)
      bytes += one.size_bytes;
  return bytes;
}

result<void> rocks::flush() const {
  rocksdb::FlushOptions wait;
  wait.wait = true;
  wait.allow_write_stall = true;
  if (const auto flushed = db_->Flush(wait, handles_); !flushed.ok())
    return from(flushed, "flush the database");
  return {};
}

} // namespace holdfast::persistence
