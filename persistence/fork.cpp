// SPDX-License-Identifier: Apache-2.0
// Makes a new store from the beginning of another one, which is only read.
#include "persistence/canonical.hpp"
#include "persistence/copy.hpp"
#include "persistence/live.hpp"
#include "persistence/verify.hpp"
#include "persistence/walk.hpp"

#include <utility>

namespace holdfast::persistence {
namespace {

/// The checkpoints of a reader whose records are among those copied.
result<copier::checkpoint_source> checkpoints_of(const reader& source, sequence last) {
  auto all = source.checkpoints({});
  if (!all)
    return all.error();
  std::erase_if(*all, [&](const checkpoint_info& one) { return one.record > last; });
  return copier::checkpoint_source{
      std::move(*all), [&source](const checkpoint_info& wanted) -> result<std::string> {
        const auto kept = source.newest_checkpoint(wanted.owner, wanted.covered);
        if (!kept)
          return kept.error();
        if (kept->info.covered != wanted.covered)
          return fault{fault_code::not_found, "the checkpoint is damaged", {}};
        return encode_canonical(kept->state);
      }};
}

} // namespace

result<void> fork(const reader& source, sequence last, const store_options& target, wall_time now) {
  const auto source_head = source.head();
  if (!source_head)
    return source_head.error();
  if (last <= source_head->floor || last > source_head->last)
    return fault{fault_code::invalid,
                 "a fork ends between " + std::to_string(source_head->floor.value + 1) + " and "
                     + std::to_string(source_head->last.value),
                 {}};
  auto checkpoints = checkpoints_of(source, last);
  if (!checkpoints)
    return checkpoints.error();
  if (const auto made = store::create(target, now); !made)
    return made;
  const store_paths paths{target.directory};
  const auto lock = target.files->lock(paths.lock, target.owner);
  if (!lock)
    return lock.error();
  const auto found = read_superblock(*target.files, paths.superblock);
  if (!found)
    return found.error();
  const auto db = rocks::open(opening::write, settings_of(target));
  if (!db)
    return db.error();
  auto head = head_of(**db);
  if (!head)
    return head.error();
  copier copy{**db, target, *head, source_head->floor, std::move(*checkpoints)};
  const auto outlived = source.scan_retired([&](const digest& identity, const seen_value& entry) {
    return copy.take_retired(identity, entry);
  });
  if (!outlived)
    return outlived;
  const auto copied = source.scan_views(
      source_head->floor + 1, last, [&](sequence at, const record_view& record) -> result<bool> {
        if (const auto taken = copy.take(at, record); !taken)
          return taken.error();
        return true;
      });
  if (!copied)
    return copied;
  if (const auto written = copy.flush(); !written)
    return written;
  if (const auto flushed = (*db)->flush(); !flushed)
    return flushed;
  const claims claimed{found->newest.instance, {head->floor, found->newest.anchor.chain}, {}, {}};
  if (const auto whole = prove(**db, claimed); !whole)
    return whole.error();
  auto block = superblock_file::open(*target.files, paths.superblock, *found);
  if (!block)
    return block.error();
  return block->write(vouched(found->newest, *head, now));
}

} // namespace holdfast::persistence
