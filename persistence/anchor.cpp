// SPDX-License-Identifier: Apache-2.0
// Moves the anchor: flush, verify what was flushed, say so in the superblock.
#include "persistence/live.hpp"
#include "persistence/walk.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::persistence {

result<sequence> live_store::advance_anchor(wall_time now) {
  const std::lock_guard one_at_a_time{anchor_mutex_};
  if (failed_)
    return fault{fault_code::failed, "the store failed and must be reopened", {}};
  head_value head;
  {
    const std::lock_guard guard{committed_mutex_};
    head = committed_;
  }
  if (head.last.value == anchor_)
    return head.last;
  // Every failure here leaves the old anchor, and with it the mirror, in place.
  if (const auto flushed = db_->flush(); !flushed)
    return flushed.error();
  if (const auto sound = verify_new_tables(); !sound)
    return sound.error();
  if (const auto sound = verify_chain_to(head); !sound)
    return sound.error();
  const chain_mark mark{head.last, head.chain};
  // What is in synced table files has survived power loss, at whatever level it came.
  const auto written = write_superblock(
      [&](superblock& next) {
        next.anchor = mark;
        next.anchor_events = head.events;
        next.anchor_seen = head.seen;
        if (next.frontier.at < mark.at)
          next.frontier = mark;
      },
      now);
  if (!written)
    return written.error();
  anchor_ = head.last.value;
  if (tail_)
    tail_->recycle(head.last);
  const std::lock_guard guard{committed_mutex_};
  if (frontier_.at < mark.at)
    frontier_ = mark;
  anchor_to_record_ = mark;
  return head.last;
}

bool live_store::anchor_due() const {
  return tail_->used() * 2 > tail_->capacity();
}

result<void> live_store::verify_new_tables() {
  std::set<std::string> present;
  for (std::size_t i = 0; i < family_names.size(); ++i) {
    const auto which = static_cast<family>(i);
    const auto tables = db_->tables(which);
    if (!tables)
      return tables.error();
    for (const auto& one : *tables) {
      present.insert(one.path);
      // The chain's pass reads the journal's own blocks; what compaction made is for the scrub.
      if (which == family::events || !one.flushed || verified_tables_.contains(one.path))
        continue;
      if (const auto sound = db_->verify_table(one.path); !sound) {
        if (sound.error().code == fault_code::corrupt)
          return sound;
        continue; // a compaction has just removed it; what it made has the same rows
      }
    }
  }
  verified_tables_ = std::move(present);
  return {};
}

result<void> live_store::verify_chain_to(const head_value& head) const {
  const auto anchor = [&] {
    const std::lock_guard guard{block_mutex_};
    return block_.current().anchor;
  }();
  // A superblock that was made again may know an anchor that was retired since: no record links to
  // it any more.
  const auto begin = std::max(anchor.at, head.floor);
  const auto before = begin == anchor.at ? std::optional{anchor.chain} : std::nullopt;
  auto chain = anchor.chain;
  const auto walked = walk(*db_, begin + 1, head.last, before,
                           [&](sequence, const record_view& record) -> result<bool> {
                             chain = record.chain;
                             return true;
                           });
  if (!walked)
    return walked;
  if (chain != head.chain)
    return missing(begin + 1, head.last, "the chain does not end where the head says");
  return {};
}

result<void> live_store::write_superblock(const std::function<void(superblock&)>& change,
                                          wall_time now) {
  chain_mark power;
  head_value head;
  {
    const std::lock_guard guard{committed_mutex_};
    power = frontier_;
    head = committed_;
  }
  const std::lock_guard guard{block_mutex_};
  auto next = block_.current();
  if (power.at > next.frontier.at)
    next.frontier = power;
  next.frontier_events = head.events;
  next.process = {head.last, head.chain};
  next.boot_id = options_.boot_id;
  next.epoch = epoch_;
  next.floor = head.floor;
  next.written = now;
  change(next);
  return block_.write(std::move(next));
}

result<void> live_store::save_frontier(wall_time now) {
  {
    const std::lock_guard guard{block_mutex_};
    const std::lock_guard also{committed_mutex_};
    const auto& written = block_.current();
    if (written.process.at == committed_.last && written.frontier.at == frontier_.at)
      return {};
  }
  return write_superblock([](superblock&) {}, now);
}

} // namespace holdfast::persistence
