// SPDX-License-Identifier: Apache-2.0
// Raises the retention floor: first in the journal, then in the files.
#include "persistence/live.hpp"

#include <rocksdb/convenience.h>

#include <utility>

namespace holdfast::persistence {
namespace {

fault held_back(std::string why) {
  return {fault_code::conflict, "the floor stays: " + std::move(why),
          "`--force --reason` raises it all the same"};
}

} // namespace

result<void> live_store::check_floor(sequence floor) const {
  for (const auto& [key, stored] : states_.entries(family::states)) {
    const auto place = decode_state_key(key);
    if (!place || place->kind != state_kind::cursor)
      continue;
    const auto cursor = states_.cursor(place->name);
    if (cursor && cursor->position < floor)
      return held_back("the consumer " + place->name + " is at "
                       + std::to_string(cursor->position.value));
  }
  // An owner comes back from its newest checkpoint and what was recorded after that.
  std::string owner;
  for (const auto& [key, stored] : states_.entries(family::snapshots)) {
    const auto place = decode_snapshot_key(key);
    if (!place || place->owner == owner)
      continue;
    owner = place->owner; // its newest comes first
    if (place->covered < floor)
      return held_back("the newest checkpoint of " + owner + " covers "
                       + std::to_string(place->covered.value));
  }
  const auto dropped = floor - next_.floor;
  if (dropped * 5 > next_.last - next_.floor)
    return held_back("it would drop " + std::to_string(dropped) + " of "
                     + std::to_string(next_.last - next_.floor) + " records at once");
  return {};
}

result<void> live_store::may_raise_floor(sequence floor, bool forced) const {
  if (floor <= next_.floor)
    return fault{fault_code::invalid,
                 "the floor is at " + std::to_string(next_.floor.value) + " already",
                 {}};
  if (floor.value > anchor_)
    return fault{fault_code::conflict,
                 "the floor cannot be raised beyond the anchor, " + std::to_string(anchor_),
                 "checkpoint or wait until the anchor has moved"};
  return forced ? result<void>{} : check_floor(floor);
}

result<void> live_store::raise_floor(sequence floor, bool forced, const std::string& reason,
                                     wall_time now) {
  if (const auto may = may_raise_floor(floor, forced); !may)
    return may;
  object body{{"floor", floor.value}, {"from", next_.floor.value}, {"reason", reason}};
  if (forced)
    body.emplace("forced", true);
  // The floor stands in the head, so it moves with the batch that states it.
  next_.floor = floor;
  std::vector<draft> drafts;
  drafts.push_back(make_audit("floor_raised", body, now));
  const auto batch = prepare(std::move(drafts), now);
  if (const auto committed = commit(*batch, now); !committed)
    return committed;
  settle(*batch);
  if (const auto written = write_superblock([](superblock&) {}, now); !written)
    return written;
  return drop_retired(floor);
}

result<void> live_store::drop_retired(sequence floor) {
  // Whole files only, so that no tombstone makes the tables' own counts say less. Files just
  // flushed must first be moved out of level 0.
  const auto end = event_key(floor);
  const rocksdb::Slice last{end.data(), end.size()};
  rocksdb::CompactRangeOptions gently;
  gently.exclusive_manual_compaction = false;
  gently.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kSkip;
  if (const auto moved = db_->db().CompactRange(gently, db_->of(family::events), nullptr, &last);
      !moved.ok())
    return from(moved, "move retired tables");
  if (const auto dropped =
          rocksdb::DeleteFilesInRange(&db_->db(), db_->of(family::events), nullptr, &last);
      !dropped.ok())
    return from(dropped, "remove retired tables");
  return {};
}

} // namespace holdfast::persistence
