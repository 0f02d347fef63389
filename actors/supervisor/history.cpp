// SPDX-License-Identifier: Apache-2.0
// The fold of supervision records.
#include "actors/supervisor/history.hpp"

#include <algorithm>

namespace holdfast::supervisor {

void history::apply(const supervision_event& happened, wall_time at) {
  auto& told = supervisors_[happened.supervisor];
  if (happened.child.empty())
    return;
  if (happened.what == supervision_fact::removed) {
    told.children.erase(happened.child);
    return;
  }
  if (!told.children.contains(happened.child))
    told.make_room();
  auto& child = told.children[happened.child];
  child.heard = ++told.records;
  child.incarnation = std::max(child.incarnation, happened.incarnation);
  switch (happened.what) {
  case supervision_fact::died:
  case supervision_fact::start_failed:
  case supervision_fact::hung:
    child.last_cause = happened.text;
    break;
  case supervision_fact::restart_due:
    ++child.restarts;
    child.failures = happened.failures;
    told.restarts.push_back({happened.child, at});
    if (told.restarts.size() > restarts_remembered_max)
      told.restarts.pop_front();
    break;
  default:
    break;
  }
}

/// Half at once, so that it costs little for each.
void history::past::make_room() {
  if (children.size() < children_remembered_max)
    return;
  std::vector<std::uint64_t> heard;
  for (const auto& [_, one] : children)
    heard.push_back(one.heard);
  const auto middle = heard.begin() + static_cast<std::ptrdiff_t>(heard.size() / 2);
  std::nth_element(heard.begin(), middle, heard.end());
  std::erase_if(children, [until = *middle](const auto& one) { return one.second.heard < until; });
}

remembered history::recall(std::string_view supervisor, wall_time now) const {
  remembered told;
  const auto found = supervisors_.find(supervisor);
  if (found == supervisors_.end())
    return told;
  for (const auto& [id, one] : found->second.children)
    told.children[id] = {one.incarnation, one.restarts, one.failures, one.last_cause, {}};
  // Wall clocks step; the order of the records does not, so ages never grow along it.
  auto youngest = std::chrono::milliseconds::max();
  for (const auto& [id, at] : found->second.restarts) {
    const std::chrono::milliseconds age{std::max<std::int64_t>((now.us - at.us) / 1000, 0)};
    youngest = std::min(youngest, age);
    told.ages.push_back(youngest);
    if (const auto child = told.children.find(id); child != told.children.end())
      child->second.ages.push_back(youngest);
  }
  return told;
}

} // namespace holdfast::supervisor
