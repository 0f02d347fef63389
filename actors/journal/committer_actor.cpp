// SPDX-License-Identifier: Apache-2.0
// The committer: one batch, one commit, one answer.
#include "actors/journal/committer_actor.hpp"

#include "actors/shell.hpp"

#include <utility>

namespace holdfast::journal {

namespace {

batch_ended failed(std::uint64_t batch, const fault& problem) {
  return {.batch = batch, .ok = false, .code = problem.code, .what = problem.what};
}

batch_ended commit(const parts& given, const batch_in_hand& held) {
  const auto store = given.front->slot().store();
  if (!store)
    return failed(held.batch, {fault_code::failed, "the store is not open", {}});
  if (const auto done = store->commit(*held.what, given.wall()); !done)
    return failed(held.batch, done.error());
  return {.batch = held.batch,
          .ok = true,
          .what = {},
          .first = held.what->first,
          .last = held.what->last,
          .level = held.what->level,
          .anchor_due = store->anchor_due()};
}

batch_ended sync(const parts& given) {
  const auto store = given.front->slot().store();
  if (!store)
    return failed(0, {fault_code::failed, "the store is not open", {}});
  if (const auto done = store->sync(); !done)
    return failed(0, done.error());
  return {.batch = 0, .ok = true, .what = {}};
}

} // namespace

committer::behavior_type committer_actor(committer::pointer self, std::shared_ptr<parts> given) {
  furnish(self);
  return {
      [given](const carried<batch_in_hand>& held) { return commit(*given, *held); },
      [given](const sync_store&) { return sync(*given); },
  };
}

} // namespace holdfast::journal
