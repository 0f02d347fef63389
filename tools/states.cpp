// SPDX-License-Identifier: Apache-2.0
// States of persistent actors and consumers at a place.
#include "tools/states.hpp"

#include "runtime/replay.hpp"
#include "tools/connection.hpp"

#include <algorithm>

namespace holdfast::tools {

const fold* shipped_fold(const std::string& owner) {
  static const auto folds = replay::shipped_folds();
  const auto found =
      std::find_if(folds.begin(), folds.end(), [&](const fold& one) { return one.name == owner; });
  return found == folds.end() ? nullptr : &*found;
}

result<std::vector<std::string>> known_owners(const persistence::reader& from) {
  const auto all = from.checkpoints({});
  if (!all)
    return all.error();
  std::vector<std::string> owners;
  for (const auto& one : *all)
    owners.push_back(one.owner);
  for (const auto& one : replay::shipped_folds())
    owners.push_back(one.name);
  std::sort(owners.begin(), owners.end());
  owners.erase(std::unique(owners.begin(), owners.end()), owners.end());
  return owners;
}

result<std::string> pick_owner(const persistence::reader& from, const std::string& typed) {
  const auto owners = known_owners(from);
  if (!owners)
    return owners.error();
  if (typed.empty()) {
    if (owners->size() == 1)
      return owners->front();
    auto known = std::string{};
    for (const auto& one : *owners)
      known += (known.empty() ? "There are: " : ", ") + one;
    return fault{fault_code::invalid, "which actor's state is meant?",
                 owners->empty() ? "There are no checkpoints yet." : known + ". Write OWNER@SEQ."};
  }
  if (std::find(owners->begin(), owners->end(), typed) == owners->end())
    return unknown_name("checkpoint of", typed, *owners);
  return typed;
}

result<found_state> state_of(const persistence::reader& from, const checkpoint_name& wanted) {
  const auto owner = pick_owner(from, wanted.owner);
  if (!owner)
    return owner.error();
  const auto head = from.head();
  if (!head)
    return head.error();
  const auto at = wanted.at.value_or(head->last);
  if (at > head->last)
    return fault{fault_code::not_found,
                 "record " + std::to_string(at.value) + " is not written yet",
                 "The newest is " + std::to_string(head->last.value) + "."};
  if (const auto* how = shipped_fold(*owner)) {
    auto folded = replay::state_at(*how, from, at);
    if (!folded)
      return folded.error();
    return found_state{*owner, folded->covered, folded->base, true, std::move(folded->state)};
  }
  auto found = from.newest_checkpoint(*owner, at);
  if (!found)
    return found.error();
  return found_state{*owner, found->info.covered, found->info.covered, false,
                     std::move(found->state)};
}

} // namespace holdfast::tools
