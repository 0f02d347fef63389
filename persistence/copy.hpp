// SPDX-License-Identifier: Apache-2.0
// Writes records into a new database in batches, and beside them the states that they state.
#pragma once

#include "persistence/stage.hpp"
#include "persistence/store.hpp"
#include "persistence/superblock.hpp"

#include <rocksdb/write_batch.h>

#include <functional>
#include <map>
#include <vector>

namespace holdfast::persistence {

/// Fills a database behind `head`. The chain is linked anew; numbers, times and digests of contents
/// stay. Not safe for concurrent calls.
class copier {
public:
  /// The checkpoints that may be copied, and how their states are read. Where a state cannot be
  /// read its checkpoint is left out: an earlier one and the journal say the same.
  struct checkpoint_source {
    std::vector<checkpoint_info> all;
    std::function<result<std::string>(const checkpoint_info&)> state;
  };

  /// `db`, `options` and `head` must outlive it. `head` is that of an empty database.
  copier(const rocks& db, const store_options& options, head_value& head, sequence floor,
         checkpoint_source checkpoints);

  /// Takes the `seen` entry of an event that was retired: it outlives its event in the copy too.
  result<void> take_retired(const digest& identity, const seen_value& entry);

  /// Takes the next record, and with it its `seen` entry, place, control value or checkpoint.
  result<void> take(sequence at, const record_view& record);

  /// Writes what is still in memory, with the head.
  result<void> flush();

private:
  result<void> copy_states(sequence at, const record_view& record);
  result<void> copy_control(sequence at, const record_view& record, const value& body);
  result<void> copy_checkpoint(checkpoint_info info);

  const rocks& db_;
  const store_options& options_;
  head_value& head_;
  small_states states_;
  stage stage_;
  rocksdb::WriteBatch batch_;
  std::size_t retired_ = 0; ///< Entries taken of retired events.
  checkpoint_source source_;
  std::map<sequence, checkpoint_info> by_record_;
  std::map<sequence, chain_digest> chains_; ///< At the places that checkpoints cover.
};

/// What a superblock says of a database that `copier` filled and that proved itself: anchored,
/// acknowledged and clean at its head.
superblock vouched(const superblock& before, const head_value& head, wall_time now);

} // namespace holdfast::persistence
