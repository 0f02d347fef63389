// SPDX-License-Identifier: Apache-2.0
// The keeper: one duty after the other.
#include "actors/journal/keeper_actor.hpp"

#include "actors/shell.hpp"

#include <string>
#include <utility>

namespace holdfast::journal {

namespace {

result<void> without_value(const result<sequence>& done) {
  return done ? result<void>{} : result<void>{done.error()};
}

result<void> probe(const parts& given, persistence::store* open) {
  if (open == nullptr || open->stats().free_bytes >= given.room_bytes)
    return {};
  return fault{fault_code::busy, "the disk is still full", {}};
}

result<void> reopen(const parts& given, bool counted) {
  auto& slot = given.front->slot();
  slot.retire();
  if (slot.is_retired_in_use())
    return fault{fault_code::busy, "a reader still holds the failed store", {}};
  if (counted && given.note_reopening)
    if (auto noted = given.note_reopening(given.wall()); !noted)
      return noted;
  persistence::recovery_report report;
  auto opened = given.open(report);
  if (!opened)
    return opened.error();
  slot.put(std::move(*opened));
  if (given.on_opened)
    given.on_opened(report);
  return {};
}

result<void> perform(const parts& given, const keep_store& asked) {
  auto& slot = given.front->slot();
  if (asked.what == duty::reopen)
    return reopen(given, asked.counted);
  const auto open = slot.store();
  if (asked.what == duty::probe_space)
    return probe(given, open.get());
  if (!open)
    return fault{fault_code::failed, "the store is not open", {}};
  switch (asked.what) {
  case duty::save_frontier:
    return open->save_frontier(given.wall());
  case duty::advance_anchor:
    return without_value(open->advance_anchor(given.wall()));
  case duty::raise_floor:
    if (asked.floor.dry_run)
      return open->may_raise_floor(asked.floor.floor, asked.floor.forced);
    return open->raise_floor(asked.floor.floor, asked.floor.forced, asked.floor.reason,
                             given.wall());
  case duty::close: {
    auto closed = open->close(given.wall());
    slot.retire();
    return closed;
  }
  case duty::probe_space:
  case duty::reopen:
    break;
  }
  return {};
}

store_kept answer(const parts& given, const keep_store& asked) {
  store_kept told{.what = asked.what, .text = {}, .help = {}};
  const auto done = perform(given, asked);
  told.ok = static_cast<bool>(done);
  if (!done) {
    told.code = done.error().code;
    told.text = done.error().what;
    told.help = done.error().help;
    return told;
  }
  if (const auto reader = given.front->read())
    if (const auto head = reader->head())
      told.head = head->last;
  return told;
}

caf::result<carried<persistence::integrity_report>> scrub(const parts& given,
                                                          const scrub_store& asked) {
  const auto open = given.front->slot().store();
  if (!open)
    return to_error({fault_code::busy, "the store is being reopened", "try again a little later"});
  auto report = open->scrub(asked.from, asked.to, asked.deep);
  if (!report)
    return to_error(report.error());
  return carried{std::move(*report)};
}

} // namespace

keeper::behavior_type keeper_actor(keeper::pointer self, std::shared_ptr<parts> given) {
  furnish(self);
  return {
      [given](const keep_store& asked) { return answer(*given, asked); },
      [given](const scrub_store& asked) { return scrub(*given, asked); },
  };
}

} // namespace holdfast::journal
