// SPDX-License-Identifier: Apache-2.0
// Creates, opens and closes a store.
#include "persistence/store.hpp"

#include "persistence/live.hpp"
#include "persistence/quarantine.hpp"
#include "persistence/recovery.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <utility>

namespace holdfast::persistence {
namespace {

/// What `create` makes, and may make again after it was interrupted.
constexpr std::array<std::string_view, 9> own_names{"ballast",        "db",         "holdfast.lock",
                                                    "initialising",   "quarantine", "superblock",
                                                    "superblock.new", "tail",       "telemetry"};

/// `create` may begin in a directory that is absent, empty or left half-made by itself.
result<void> check_creatable(disk& files, const store_paths& paths) {
  const auto there = files.exists(paths.root);
  if (!there)
    return there.error();
  if (!*there)
    return {};
  const auto names = files.list(paths.root);
  if (!names)
    return names.error();
  if (std::ranges::find(*names, "superblock") != names->end())
    return fault{
        fault_code::conflict, "there is a store in " + paths.root.string() + " already", {}};
  const auto own = [](const std::string& name) {
    return std::ranges::find(own_names, name) != own_names.end();
  };
  const auto half_made = std::ranges::find(*names, "initialising") != names->end();
  if (names->empty() || (half_made && std::ranges::all_of(*names, own)))
    return {};
  return fault{fault_code::conflict, paths.root.string() + " is not empty",
               "a new store needs a directory of its own"};
}

result<void> make_ballast(const store_options& options, const store_paths& paths) {
  if (options.ballast_bytes == 0)
    return {};
  const auto there = options.files->exists(paths.ballast);
  if (there && *there)
    return {};
  const auto free = options.files->free_bytes(paths.root);
  if (!free || *free < 4 * options.ballast_bytes)
    return {}; // no room to give away; it is made when there is
  const auto opened = options.files->open(paths.ballast, open_mode::create);
  if (!opened)
    return opened.error();
  return (*opened)->preallocate(options.ballast_bytes);
}

/// Makes the directory so that power loss does not take it away again: its own name, and those of
/// the directories above it that were missing, are synced. Its own also when it is there already:
/// whoever made it may have died before syncing. Where the one above may not be opened, the name
/// is somebody else's care.
result<void> make_root(disk& files, const std::filesystem::path& root) {
  std::vector<std::filesystem::path> changed{root.parent_path()};
  for (auto above = root.parent_path(); above.has_relative_path(); above = above.parent_path()) {
    const auto there = files.exists(above);
    if (!there)
      return there.error();
    if (*there)
      break;
    changed.push_back(above.parent_path());
  }
  if (auto made = files.make_directories(root); !made)
    return made;
  for (const auto& directory : changed)
    if (auto synced = files.sync_directory(directory);
        !synced && synced.error().code != fault_code::denied)
      return synced;
  return {};
}

/// Steps one after the other until the first fault.
template <class... Steps>
result<void> in_order(Steps... steps) {
  result<void> done;
  static_cast<void>(((done = steps(), static_cast<bool>(done)) && ...));
  return done;
}

/// What a `create` left that died after naming the superblock. Before anything is acknowledged that
/// name must be durable: without it power loss leaves what `create` may begin anew.
result<void> finish_making(disk& files, const store_paths& paths) {
  const auto unfinished = files.exists(paths.initialising);
  if (!unfinished)
    return unfinished.error();
  if (!*unfinished)
    return {};
  return in_order([&] { return files.sync_directory(paths.root); },
                  [&] { return files.remove(paths.initialising); },
                  [&] { return files.sync_directory(paths.root); });
}

result<void> make_database(const store_options& options, const identity_value& identity) {
  const auto db = rocks::open(opening::create, settings_of(options));
  if (!db)
    return db.error();
  head_value head;
  head.chain = chain_start(identity.instance);
  rocksdb::WriteBatch batch;
  const auto put = [&](std::string_view key, const std::string& value) {
    return batch.Put((*db)->of(family::meta), rocksdb::Slice{key.data(), key.size()}, value);
  };
  auto done = put(identity_key, encode_identity(identity));
  if (done.ok())
    done = put(head_key, encode_head(head));
  rocksdb::WriteOptions durable;
  durable.sync = true;
  if (done.ok())
    done = (*db)->db().Write(durable, &batch);
  if (!done.ok())
    return from(done, "write the store's identity");
  return (*db)->flush();
}

} // namespace

store_paths::store_paths(const std::filesystem::path& directory)
    : root{directory}, superblock{directory / "superblock"}, lock{directory / "holdfast.lock"},
      db{directory / "db"}, tail{directory / "tail"}, ballast{directory / "ballast"},
      initialising{directory / "initialising"} {}

mirror_options mirror_of(const store_options& options, const instance_id& instance) {
  return {options.directory / "tail", options.mirror_segment_bytes, options.inline_threads,
          instance};
}

rocks_settings settings_of(const store_options& options) {
  return {options.directory / "db", options.env, options.memory_bytes, options.cache_bytes};
}

result<void> store::create(const store_options& options, wall_time now) {
  auto& files = *options.files;
  const store_paths paths{options.directory};
  if (const auto free = check_creatable(files, paths); !free)
    return free;
  identity_value identity{.created = now};
  if (options.instance)
    identity.instance = *options.instance;
  else if (RAND_bytes(identity.instance.data(), static_cast<int>(identity.instance.size())) != 1)
    return fault{fault_code::undone, "the system gives no random bytes", {}};
  const auto remove = [&](const std::filesystem::path& path) { return files.remove_all(path); };
  std::unique_ptr<file_lock> lock;
  return in_order([&] { return make_root(files, paths.root); },
                  [&]() -> result<void> {
                    const auto marker = files.open(paths.initialising, open_mode::create);
                    return marker ? files.sync_directory(paths.root) : marker.error();
                  },
                  [&]() -> result<void> {
                    auto taken = files.lock(paths.lock, options.owner);
                    if (!taken)
                      return taken.error();
                    lock = std::move(*taken);
                    return {};
                  },
                  // What an interrupted `create` left says nothing: it never had a superblock.
                  [&] { return remove(paths.db); }, [&] { return remove(paths.tail); },
                  [&] { return files.make_directories(paths.tail); },
                  [&] { return files.make_directories(paths.root / "quarantine"); },
                  [&] { return files.make_directories(paths.root / "telemetry"); },
                  [&] { return files.make_directories(paths.db); },
                  [&] { return make_database(options, identity); },
                  [&] { return create_mirror(files, mirror_of(options, identity.instance)); },
                  [&] { return make_ballast(options, paths); },
                  [&] { return files.sync_directory(paths.root); },
                  [&] {
                    superblock first{.instance = identity.instance, .clean = true, .written = now};
                    first.anchor.chain = chain_start(identity.instance);
                    first.frontier.chain = first.anchor.chain;
                    first.process.chain = first.anchor.chain;
                    return create_superblock(files, paths.superblock, first);
                  },
                  [&] { return files.remove(paths.initialising); },
                  [&] { return files.sync_directory(paths.root); });
}

result<std::unique_ptr<store>> store::open(const store_options& options, wall_time now,
                                           recovery_report* report) {
  auto& files = *options.files;
  const store_paths paths{options.directory};
  recovery_report unread;
  auto& told = report != nullptr ? *report : unread;
  told = {};
  // Nothing is touched, not even the lock, before this is known to be a store.
  const auto there = files.exists(paths.superblock);
  if (!there)
    return there.error();
  if (!*there)
    return nothing_to_open(files, paths);
  auto lock = files.lock(paths.lock, options.owner);
  if (!lock)
    return lock.error();
  auto found = examine(options, told);
  if (!found)
    return found.error();
  auto db = perform(*found, options, now, told);
  if (!db)
    return db.error();
  auto states = small_states::load(**db);
  if (!states)
    return states.error();
  auto block = superblock_file::open(files, paths.superblock, found->block);
  if (!block)
    return block.error();
  if (const auto finished = finish_making(files, paths); !finished)
    return finished.error();
  static_cast<void>(make_ballast(options, paths)); // without it the store only stops less gently

  const auto& head = found->proved->head;
  auto opened = std::make_unique<live_store>(
      options, live_store::parts{std::move(*lock), std::move(*db), std::move(*block),
                                 std::move(*states), head, std::move(found->live_tables)});
  const auto epoch = std::max(found->block.newest.epoch, found->survey.generation_max >> 32U) + 1;
  if (const auto begun = opened->begin(epoch, now); !begun)
    return begun.error();
  if (const auto declared = opened->declare_indexes(now); !declared)
    return declared.error();
  told.epoch = epoch;
  return std::unique_ptr<store>{std::move(opened)};
}

live_store::live_store(const store_options& options, parts taken)
    : options_{options}, paths_{options.directory}, instance_{taken.block.current().instance},
      lock_{std::move(taken.lock)}, db_{std::move(taken.db)}, states_{std::move(taken.states)},
      next_{taken.head}, stage_{*db_, states_, next_}, verified_tables_{std::move(taken.tables)},
      committed_{taken.head}, frontier_{taken.block.current().frontier}, block_{std::move(
                                                                             taken.block)},
      visible_{taken.head.last.value}, anchor_{block_.current().anchor.at.value} {
  reader_ = make_reader(*db_, options_.raise, &visible_);
}

live_store::~live_store() = default;

result<void> live_store::begin(std::uint64_t epoch, wall_time now) {
  // The first superblock of this boot must not name an earlier epoch: what that one left in the
  // mirror may have been lost, rightly, with the power.
  epoch_ = epoch;
  // The mirror may be written over only once the tables hold what it holds.
  if (const auto anchored = advance_anchor(now); !anchored)
    return anchored.error();
  auto tail = mirror::open(*options_.files, mirror_of(options_, instance_), epoch);
  if (!tail)
    return tail.error();
  tail_ = std::move(*tail);
  return write_superblock([](superblock& next) { next.clean = false; }, now);
}

result<void> live_store::declare_indexes(wall_time now) {
  const auto& wanted = options_.indexed_streams;
  const auto before = stage_.indexes();
  bool changed = false;
  for (const auto& streams : wanted)
    changed = stage_.keep_index(streams, next_.last + 1) || changed;
  for (const auto& [streams, kept] : before)
    if (std::ranges::find(wanted, streams) == wanted.end())
      changed = stage_.keep_index(streams, {}) || changed;
  if (!changed)
    return {};
  array listed;
  for (const auto& streams : wanted)
    listed.emplace_back(streams);
  std::vector<draft> drafts;
  drafts.push_back(make_audit("streams_indexed", object{{"streams", std::move(listed)}}, now));
  const auto batch = prepare(std::move(drafts), now);
  if (auto committed = commit(*batch, now); !committed)
    return committed;
  settle(*batch);
  return {};
}

result<void> live_store::close(wall_time now) {
  if (closed_)
    return {};
  closed_ = true;
  const auto anchored =
      failed_ ? result<sequence>{fault{fault_code::failed, "it failed", {}}} : advance_anchor(now);
  reader_.reset();
  db_.reset();
  result<void> closed;
  if (anchored)
    closed = write_superblock([](superblock& next) { next.clean = true; }, now);
  tail_.reset();
  lock_.reset();
  return closed;
}

store_stats live_store::stats() const {
  store_stats told;
  {
    const std::lock_guard guard{committed_mutex_};
    told.head = {committed_.last, committed_.chain, committed_.floor, committed_.events,
                 committed_.duplicates};
    told.frontier = frontier_.at;
  }
  told.anchor = sequence{anchor_};
  told.commits = commits_;
  told.commit_bytes = commit_bytes_;
  told.failed = failed_;
  told.no_space = no_space_;
  if (const auto free = options_.files->free_bytes(paths_.root))
    told.free_bytes = *free;
  if (db_)
    told.disk_bytes = db_->bytes_on_disk();
  return told;
}

} // namespace holdfast::persistence
