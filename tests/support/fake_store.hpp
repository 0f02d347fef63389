// SPDX-License-Identifier: Apache-2.0
// A store in memory: what it keeps outlives it, and it fails when told to.
#pragma once

#include "persistence/store.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace holdfast::test {

/// What survives the store object, and what will go wrong next. Shared with the test, one thread.
struct fake_disk {
  // What is kept.
  std::vector<recorded_event> records;
  std::map<digest, sequence> seen;
  std::vector<checkpoint> checkpoints; ///< Oldest first.
  std::map<std::string, value> controls;
  std::vector<consumer_info> consumers;
  sequence floor;

  // What was done.
  std::size_t commits = 0;
  std::size_t syncs = 0;
  std::size_t frontiers = 0;
  std::size_t anchors = 0;
  std::size_t opens = 0;
  std::size_t closes = 0;
  std::vector<std::size_t> batches; ///< Drafts in each batch prepared.
  std::vector<event_query> queries;

  // What goes wrong.
  std::deque<std::optional<fault>> commit_faults; ///< For the next commits; nothing: succeeds.
  std::deque<std::optional<fault>> open_faults;
  std::deque<std::optional<fault>> read_faults;
  std::optional<fault> frontier_fault;
  bool failed_commits_land = false; ///< A commit that fails has written all the same.
  bool anchor_due = false;
  std::uint64_t free_bytes = 1U << 30U;
  std::set<sequence> damaged_checkpoints; ///< By the sequence they cover.

  sequence head() const { return sequence{records.size()}; }
};

/// Opens the disk as a store. Its reader serves what is committed.
result<std::shared_ptr<persistence::store>> open_fake(std::shared_ptr<fake_disk> disk);

/// A reader without a store.
std::shared_ptr<persistence::reader> read_fake(std::shared_ptr<fake_disk> disk);

/// Puts an event on the disk, as if it had been appended before the test began.
sequence put(fake_disk& disk, const std::string& stream, value body);

} // namespace holdfast::test
