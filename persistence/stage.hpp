// SPDX-License-Identifier: Apache-2.0
// What one record writes into the families of the database.
#pragma once

#include "persistence/record.hpp"
#include "persistence/rocks.hpp"
#include "persistence/small_states.hpp"
#include "persistence/values.hpp"

#include <rocksdb/write_batch.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::persistence {

/// Puts records into a batch and keeps the head in step. Not safe for concurrent calls.
class stage {
public:
  /// Everything must outlive the stage. `states` and `head` are changed as records are put.
  stage(const rocks& db, small_states& states, head_value& head)
      : db_{db}, states_{states}, head_{head}, indexes_{states.indexes()} {}

  /// The batch being filled.
  void fill(rocksdb::WriteBatch& batch) { batch_ = &batch; }

  /// Gives the record the number `at`, which is the next but for a gap, and links it.
  void put_record(const record_view& fields, sequence at);

  /// From `since` on, the records of these streams go into the index; 0: no more. Written with the
  /// next record. Answers false when that is so already.
  bool keep_index(const std::string& streams, sequence since);
  const std::map<std::string, index_value>& indexes() const { return indexes_; }

  /// The `seen` entry of an event that was put. Goes into the batch with `finish`, sorted: their
  /// keys are random, and neighbours find their places in memory sooner.
  void put_seen(const digest& identity, const seen_value& entry);

  /// A checkpoint with its state; drops those that the rule lets go.
  void put_checkpoint(checkpoint_info info, std::string_view state, const checkpoint_history& kept);
  void put_cursor(std::string_view consumer, const cursor_value& place);
  void put_control(std::string_view name, const control_value& set);

  /// Puts what waited, and the head: last in every batch.
  void finish();

private:
  void put(family which, std::string_view key, std::string_view value);
  void put_small(family which, std::string_view key, std::string_view value);
  void erase(family which, std::string_view key);
  void put_index(std::string_view stream, sequence at);

  const rocks& db_;
  small_states& states_;
  head_value& head_;
  rocksdb::WriteBatch* batch_ = nullptr;
  std::string scratch_;
  std::map<std::string, index_value> indexes_;
  std::set<std::string> indexes_changed_;            ///< Since the last `finish`.
  std::vector<std::pair<digest, std::string>> seen_; ///< Of the batch being filled.
};

/// Compresses a checkpoint's state for `blob`, and back. `size` is what it must come to.
std::string compress(std::string_view state);
result<std::string> decompress(std::string_view stored, std::uint64_t size);

} // namespace holdfast::persistence
