// SPDX-License-Identifier: Apache-2.0
// Folds page by page beside a writer.
#include "runtime/states.hpp"

#include "actors/checkpoint/replay.hpp"

#include <algorithm>
#include <utility>

namespace holdfast {

namespace {

constexpr std::size_t page_events = 1000;

result<state_at<std::any>> beginning(const fold& actor, const reader_source& source, sequence at) {
  const auto reader = source();
  if (!reader)
    return reader.error();
  const auto head = (*reader)->head();
  if (!head)
    return head.error();
  if (at > head->last)
    return fault{fault_code::not_found, "the newest record is " + std::to_string(head->last.value),
                 ""};
  auto base = checkpointing::newest_base(actor, **reader, at);
  if (!base)
    return base.error();
  return state_at<std::any>{std::move(base->state), base->covered};
}

result<void> fold_page(const fold& actor, const reader_source& source, sequence at,
                       state_at<std::any>& made) {
  const bool own_records = !actor.stream.empty() && actor.stream.front() == '$';
  const auto page = [&]() -> result<event_page> {
    const auto reader = source();
    if (!reader)
      return reader.error();
    return (*reader)->events({.from = made.covered + 1,
                              .to = at,
                              .stream = actor.stream,
                              .internal = own_records,
                              .limit = page_events});
  }();
  if (!page)
    return page.error();
  for (const auto& one : page->events)
    if (auto applied = checkpointing::apply(actor, made.state, one); !applied)
      return applied;
  made.covered = std::min(at, sequence{page->next.value - 1});
  return {};
}

} // namespace

result<state_at<std::any>> state_of(const fold& actor, const reader_source& source, sequence at) {
  auto made = beginning(actor, source, at);
  while (made && made->covered < at)
    if (auto folded = fold_page(actor, source, at, *made); !folded)
      return folded.error();
  return made;
}

result<sequence> last_at(const persistence::reader& reader, wall_time time) {
  const auto next = reader.at_time({time.us + 1});
  if (!next)
    return next.error();
  return sequence{next->value == 0 ? 0 : next->value - 1};
}

} // namespace holdfast
