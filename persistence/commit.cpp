// SPDX-License-Identifier: Apache-2.0
// Stage two: the log and the mirror at once, then the batch is visible.
#include "persistence/live.hpp"

#include <rocksdb/perf_level.h>

#include <utility>

namespace holdfast::persistence {
namespace {

rocksdb::WriteOptions durable_at(durability level) {
  rocksdb::WriteOptions options;
  options.sync = level == durability::power;
  return options;
}

} // namespace

result<void> live_store::commit(prepared& given, wall_time now) {
  auto& batch = static_cast<staged&>(given);
  if (failed_)
    return fault{fault_code::failed, "the store failed and must be reopened", {}};
  if (batch.problem)
    return give_up(*batch.problem);
  if (batch.empty())
    return batch.level == durability::power ? sync() : result<void>{};
  // One before it that was never written would leave a hole.
  if (batch.first <= batch.last && batch.first.value != visible_ + 1)
    return give_up({fault_code::failed,
                    "a batch beginning at " + std::to_string(batch.first.value)
                        + " cannot follow record " + std::to_string(visible_),
                    {}});
  if (const auto room = make_room(batch, now); !room)
    return give_up(room.error());
  if (const auto written = write(batch); !written)
    return give_up(written.error());
  publish(batch);
  return {};
}

result<void> live_store::make_room(const staged& batch, wall_time now) {
  // A second anchor is needed when the first was already on its way and saw an older head.
  for (int attempt = 0; attempt < 2 && !tail_->fits(batch.batch.GetDataSize()); ++attempt)
    if (const auto anchored = advance_anchor(now); !anchored)
      return anchored.error();
  return {};
}

result<void> live_store::write(staged& batch) {
  const mirror_batch copy{batch.first,  batch.last,       batch.level,
                          batch.before, batch.head.chain, batch.batch.Data()};
  if (const auto started = tail_->start(copy); !started)
    return started;
  rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable); // its counters cost a twentieth
  const auto logged = db_->db().Write(durable_at(batch.level), &batch.batch);
  // Whatever became of the log, the mirror must not be left with a write on its way.
  const auto mirrored = tail_->wait();
  if (!logged.ok())
    return from(logged, "write records " + std::to_string(batch.first.value) + ".."
                            + std::to_string(batch.last.value) + " to the log");
  return mirrored;
}

void live_store::publish(const staged& batch) {
  unsynced_ = batch.level != durability::power;
  ++commits_;
  commit_bytes_ += batch.batch.GetDataSize();
  {
    const std::lock_guard guard{committed_mutex_};
    committed_ = batch.head;
    if (batch.level == durability::power)
      frontier_ = {batch.last, batch.head.chain};
  }
  visible_ = batch.last.value;
}

result<void> live_store::give_up(fault why) {
  failed_ = true;
  if (why.code == fault_code::no_space) {
    no_space_ = true;
    // The room is for the superblock and for stopping in order.
    if (options_.ballast_bytes > 0)
      static_cast<void>(options_.files->remove(paths_.ballast));
  } else if (why.code != fault_code::corrupt) {
    why.code = fault_code::failed;
  }
  return why;
}

result<void> live_store::sync() {
  if (failed_)
    return fault{fault_code::failed, "the store failed and must be reopened", {}};
  if (!unsynced_)
    return {};
  if (const auto started = tail_->start_sync(); !started)
    return give_up(started.error());
  rocksdb::WriteBatch nothing;
  // An empty write syncs the log; SyncWAL can make a later start report a missing log (7.8.3).
  const auto synced = db_->db().Write(durable_at(durability::power), &nothing);
  const auto mirrored = tail_->wait();
  if (!synced.ok())
    return give_up(from(synced, "sync the log"));
  if (!mirrored)
    return give_up(mirrored.error());
  unsynced_ = false;
  const std::lock_guard guard{committed_mutex_};
  frontier_ = {committed_.last, committed_.chain};
  return {};
}

} // namespace holdfast::persistence
