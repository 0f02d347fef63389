// SPDX-License-Identifier: Apache-2.0
// The store: one data directory, one writer; appends in two stages and proves its completeness.
#pragma once

#include "messages/event.hpp"
#include "persistence/disk.hpp"
#include "persistence/draft.hpp"
#include "persistence/reader.hpp"
#include "persistence/values.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rocksdb {
class Env;
}

namespace holdfast::persistence {

struct store_options {
  std::filesystem::path directory; ///< Absolute.
  disk* files = nullptr;           ///< Must outlive the store.
  rocksdb::Env* env = nullptr;     ///< RocksDB's world; null: the machine's own.
  std::function<instant()> ticks;  ///< Times the report's phases; nothing: they take 0.
  std::string boot_id;             ///< Of the running system; bounds the `process` promise.
  std::string owner;               ///< Written into the lock file, for the message only.
  upcasters raise;
  std::vector<std::string> indexed_streams; ///< Their records are indexed from now on; patterns.
  checkpoint_history history;
  std::uint64_t mirror_segment_bytes = 64ULL << 20U; ///< Two are kept. Bounds start time.
  std::uint64_t memory_bytes = 64ULL << 20U;         ///< Write buffers of all families together.
  std::uint64_t cache_bytes = 32ULL << 20U;
  std::uint64_t ballast_bytes = 64ULL << 20U; ///< Given up at the red line; 0: none.
  bool inline_threads = false;                ///< No thread of its own: for simulation.
  std::optional<instance_id> instance;        ///< For `create`; nothing: a random one.
};

/// What a start found and did, for the log line and `status`.
struct recovery_report {
  bool clean = false;                  ///< The last writer stopped cleanly.
  std::uint64_t epoch = 0;             ///< How many times the store was opened for writing.
  sequence head;                       ///< The newest record.
  sequence anchor;                     ///< Verification began after this one.
  std::uint64_t records_verified = 0;  ///< From anchor to head.
  std::uint64_t records_completed = 0; ///< From the mirror, though nothing was damaged.
  std::uint64_t records_repaired = 0;  ///< From the mirror, because the log was damaged.
  std::vector<std::string> repairs;    ///< One sentence each.
  std::filesystem::path evidence;      ///< Quarantined copy of what was damaged; empty: none.
  std::vector<std::pair<std::string, std::chrono::microseconds>> phases;
};

/// Records that have their places but are not yet on disk. Moves from stage one to stage two. A
/// store derives its own from it, with the bytes to write.
struct prepared {
  std::vector<append_answer> answers;  ///< In the order of the drafts.
  sequence first{1};                   ///< Of the records it adds.
  sequence last;                       ///< Before `first`: it adds none.
  durability level = durability::none; ///< What it is committed at.

  prepared() = default;
  prepared(const prepared&) = delete;
  prepared& operator=(const prepared&) = delete;
  virtual ~prepared() = default;
};

/// Sizes and counts for `store stats`, `/metrics` and `status`. Safe to read at any time.
struct store_stats {
  journal_head head;
  sequence anchor;
  sequence frontier;
  std::uint64_t disk_bytes = 0;
  std::uint64_t free_bytes = 0;
  std::uint64_t commits = 0;
  std::uint64_t commit_bytes = 0;
  bool failed = false;
  bool no_space = false;
};

/// What a scrub or a deep verification found.
struct integrity_report {
  sequence from;
  sequence to;
  std::uint64_t records = 0;
  std::vector<fault> damage; ///< Each names its range and the commands that help.
};

class store {
public:
  /// Makes a new store in an absent or empty directory. Answers `conflict` otherwise.
  static result<void> create(const store_options& options, wall_time now);

  /// Verifies, repairs where it can, and opens for writing. Answers `conflict` while somebody else
  /// holds the store, `corrupt` when acknowledged records cannot be served, `not_found`, `invalid`
  /// or `unsupported` when the directory is no store this version may open. After a fault the
  /// directory is as it was.
  static result<std::unique_ptr<store>> open(const store_options& options, wall_time now,
                                             recovery_report* report = nullptr);

  /// An operator gives up what cannot be recovered: keeps what verifies and records the gap. The
  /// store is left closed. Answers the range given up, `from` beyond `to` when none.
  static result<std::pair<sequence, sequence>>
  accept_loss(const store_options& options, const std::string& reason, wall_time now);

  /// When the store was reopened in-process lately, oldest first: a budget that a crash of the
  /// process must not launder. Nothing where the superblock cannot be read. Changes nothing.
  static std::vector<wall_time> reopenings(const store_options& options);

  /// Keeps one more, before it is tried. Needs: this process has let go of the store. Leaves a
  /// damaged superblock as it is, and counts nothing there.
  static result<void> note_reopening(const store_options& options, wall_time now);

  virtual ~store() = default;

  /// Stage one: deduplicates, gives sequences, links the chain. Called from one thread at a time.
  /// Its answers may leave only after `commit` succeeded (those of level `none` at once).
  /// Subscribers are told the range and read it, so a slow one holds no memory here.
  virtual std::unique_ptr<prepared> prepare(std::vector<draft> drafts, wall_time now) = 0;

  /// Stage two: makes the batch durable at its highest level, in the log and in the mirror.
  /// Called from one thread at a time, in the order of `prepare`. After a fault every batch not
  /// yet committed has an unknown outcome, and the store takes nothing more until it is reopened.
  virtual result<void> commit(prepared& batch, wall_time now) = 0;

  /// After `commit`, on stage one's thread: the batch is no longer in flight.
  virtual void settle(const prepared& batch) = 0;

  /// Makes every `process` append so far survive power loss. Stage two's thread.
  virtual result<void> sync() = 0;

  /// Flushes, verifies and moves the anchor to what is then in table files. One thread at a time,
  /// beside appends.
  virtual result<sequence> advance_anchor(wall_time now) = 0;

  /// True when an anchor is worth its cost: half of the mirror is used.
  virtual bool anchor_due() const = 0;

  /// Writes the frontier to the superblock; due every second while dirty.
  virtual result<void> save_frontier(wall_time now) = 0;

  /// Raises the retention floor: records up to `floor` may be removed. Answers `conflict` when it
  /// is beyond the anchor, beyond a consumer or without a covering checkpoint, or drops more than
  /// 20 % of the records at once, unless `forced`. Stage one's and two's threads must be idle.
  virtual result<void> raise_floor(sequence floor, bool forced, const std::string& reason,
                                   wall_time now) = 0;

  /// What `raise_floor` would answer before it changes anything; on the same terms.
  virtual result<void> may_raise_floor(sequence floor, bool forced) const = 0;

  /// Checks block checksums of table files and the chain of `[from, to]`; `deep` also re-derives
  /// `seen` and the small states from the log. Any thread.
  virtual result<integrity_report> scrub(sequence from, sequence to, bool deep) const = 0;

  virtual const reader& read() const = 0;
  virtual store_stats stats() const = 0;

  /// Anchors, marks the superblock clean and releases the lock.
  virtual result<void> close(wall_time now) = 0;
};

/// Opens a store for reading without the writer's lock and without changing it: as a secondary
/// while a writer holds the lock, else read-only, verified as a start would.
result<std::unique_ptr<reader>> open_reader(const store_options& options);

/// Verification of a stopped store without opening it for writing or changing it; `deep` as in
/// `scrub`.
result<integrity_report> verify_stopped(const store_options& options, bool deep);

/// Makes a new store at `target` with the records of `from` up to `last`, their checkpoints and
/// places, and what was seen of those retired before; `from` is only read. Sequences, times and
/// digests of bodies are kept.
result<void> fork(const reader& from, sequence last, const store_options& target, wall_time now);

} // namespace holdfast::persistence
