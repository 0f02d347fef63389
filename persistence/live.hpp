// SPDX-License-Identifier: Apache-2.0
// The open store: what its two stages, its anchor and its readers share.
#pragma once

#include "persistence/mirror.hpp"
#include "persistence/rocks.hpp"
#include "persistence/small_states.hpp"
#include "persistence/stage.hpp"
#include "persistence/store.hpp"
#include "persistence/superblock.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace holdfast::persistence {

/// A batch on its way from stage one to stage two.
struct staged final : prepared {
  rocksdb::WriteBatch batch;
  std::vector<digest> identities; ///< In flight until `settle`.
  chain_digest before{};
  head_value head; ///< After this batch.
  std::optional<fault> problem;

  bool empty() const { return last < first; }
};

/// Where the files of a store are.
struct store_paths {
  explicit store_paths(const std::filesystem::path& directory);

  std::filesystem::path root;
  std::filesystem::path superblock;
  std::filesystem::path lock;
  std::filesystem::path db;
  std::filesystem::path tail;
  std::filesystem::path ballast;
  std::filesystem::path initialising; ///< There while `create` has not ended.
};

mirror_options mirror_of(const store_options& options, const instance_id& instance);
rocks_settings settings_of(const store_options& options);

/// Reads through an open database. `visible` bounds what is served; null: the database's own head.
/// All must outlive the reader.
std::unique_ptr<reader> make_reader(const rocks& db, const upcasters& raise,
                                    const std::atomic<std::uint64_t>* visible);

class live_store final : public store {
public:
  /// What a start hands over.
  struct parts {
    std::unique_ptr<file_lock> lock;
    std::unique_ptr<rocks> db;
    superblock_file block;
    small_states states;
    head_value head;
    std::set<std::string> tables; ///< Those the proof relied on.
  };

  live_store(const store_options& options, parts taken);
  ~live_store() override;

  /// A step of a start: anchors what was recovered, begins a new mirror, marks it dirty.
  result<void> begin(std::uint64_t epoch, wall_time now);

  /// Puts on record which streams are indexed from now on, where that has changed.
  result<void> declare_indexes(wall_time now);

  std::unique_ptr<prepared> prepare(std::vector<draft> drafts, wall_time now) override;
  result<void> commit(prepared& batch, wall_time now) override;
  void settle(const prepared& batch) override;
  result<void> sync() override;
  result<sequence> advance_anchor(wall_time now) override;
  bool anchor_due() const override;
  result<void> save_frontier(wall_time now) override;
  result<void> raise_floor(sequence floor, bool forced, const std::string& reason,
                           wall_time now) override;
  result<void> may_raise_floor(sequence floor, bool forced) const override;
  result<integrity_report> scrub(sequence from, sequence to, bool deep) const override;
  const reader& read() const override { return *reader_; }
  store_stats stats() const override;
  result<void> close(wall_time now) override;

private:
  struct in_flight {
    seen_value entry;
    digest payload{};
  };
  struct digest_hash {
    std::size_t operator()(const digest& of) const;
  };

  // Stage one (prepare.cpp).
  append_answer place(draft& one, staged& into, wall_time now);
  append_answer place_event(const draft& one, staged& into, wall_time now);
  append_answer place_checkpoint(const draft& one, const state_attachment& taken, staged& into,
                                 wall_time now);
  append_answer place_cursor(const draft& one, const cursor_attachment& moved, staged& into,
                             wall_time now);
  append_answer put(const draft& one, staged& into, wall_time now);
  result<void> check_state(const state_attachment& taken) const;
  result<chain_digest> chain_at(sequence covered) const;
  void put_state(const state_attachment& taken, sequence record, wall_time now);
  void add_anchor_record(staged& into, wall_time now);

  // Stage two (commit.cpp).
  result<void> make_room(const staged& batch, wall_time now);
  result<void> write(staged& batch);
  result<void> give_up(fault why);
  void publish(const staged& batch);

  // Retention (retention.cpp).
  result<void> check_floor(sequence floor) const;
  result<void> drop_retired(sequence floor);

  // The anchor (anchor.cpp).
  result<void> verify_new_tables();
  result<void> verify_chain_to(const head_value& head) const;
  result<void> write_superblock(const std::function<void(superblock&)>& change, wall_time now);

  const store_options options_;
  const store_paths paths_;
  const instance_id instance_;
  std::unique_ptr<file_lock> lock_;
  std::unique_ptr<rocks> db_;
  std::unique_ptr<mirror> tail_;
  std::unique_ptr<reader> reader_;

  // Stage one's own.
  small_states states_;
  head_value next_;
  stage stage_;
  std::unordered_map<digest, in_flight, digest_hash> in_flight_;
  bool corrupt_ = false; ///< A lookup failed: nothing more can be deduplicated.

  // Stage two's own.
  bool unsynced_ = false;

  std::mutex anchor_mutex_; ///< One anchor at a time. Taken before the others.
  std::set<std::string> verified_tables_;

  mutable std::mutex committed_mutex_;
  head_value committed_;
  chain_mark frontier_; ///< Committed at `power`, or synced.
  std::optional<chain_mark> anchor_to_record_;

  mutable std::mutex block_mutex_;
  superblock_file block_;

  std::atomic<std::uint64_t> visible_{0};
  std::atomic<std::uint64_t> anchor_{0};
  std::uint64_t epoch_ = 0; ///< Of this writer; set before any other thread comes.
  std::atomic<std::uint64_t> commits_{0};
  std::atomic<std::uint64_t> commit_bytes_{0};
  std::atomic<bool> failed_{false};
  std::atomic<bool> no_space_{false};
  bool closed_ = false;
};

} // namespace holdfast::persistence
