// SPDX-License-Identifier: Apache-2.0
// The journal's restart window, in the superblock: there while the journal is down, and after it.
#include "persistence/live.hpp"

#include <utility>

namespace holdfast::persistence {

std::vector<wall_time> store::reopenings(const store_options& options) {
  const auto found = read_superblock(*options.files, store_paths{options.directory}.superblock);
  // The opening says better what is wrong with a superblock.
  return found ? found->newest.reopened : std::vector<wall_time>{};
}

result<void> store::note_reopening(const store_options& options, wall_time now) {
  auto& files = *options.files;
  const store_paths paths{options.directory};
  const auto lock = files.lock(paths.lock, options.owner);
  if (!lock)
    return lock.error();
  const auto found = read_superblock(files, paths.superblock);
  // What is damaged is evidence, for the opening to keep and to tell of.
  if (!found || found->damaged[0] || found->damaged[1])
    return {};
  auto block = superblock_file::open(files, paths.superblock, *found);
  if (!block)
    return block.error();
  auto next = block->current();
  if (next.reopened.size() >= reopened_max)
    next.reopened.erase(next.reopened.begin());
  next.reopened.push_back(now);
  return block->write(std::move(next));
}

} // namespace holdfast::persistence
