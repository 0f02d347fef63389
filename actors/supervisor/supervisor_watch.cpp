// SPDX-License-Identifier: Apache-2.0
// Hung children: found by a probe through their mailbox or by the time of one message.
#include "actors/supervisor/supervisor.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::supervisor {

namespace {

std::string ms(std::chrono::milliseconds time) {
  return std::to_string(time.count()) + " ms";
}

} // namespace

/// Begins to watch a child that has come up.
void supervisor::watch(decision& made, slot& one, instant now) {
  if (one.spec->hang.probe_every.count() > 0)
    next_probe(made, one, now);
  if (one.spec->hang.handler_max.count() > 0)
    next_look(made, one, now);
}

void supervisor::next_probe(decision& made, slot& one, instant now) {
  one.probing = false;
  one.probe = ++epochs_;
  made.alarms.push_back({now + one.spec->hang.probe_every, one.id, one.probe});
}

/// Twice in the longest time that one message may take, so that none is far beyond it when seen.
void supervisor::next_look(decision& made, slot& one, instant now) {
  one.look = ++epochs_;
  const auto pause = std::max(one.spec->hang.handler_max / 2, std::chrono::milliseconds{1});
  made.alarms.push_back({now + pause, one.id, one.look});
}

/// Whether the alarm was one of a watch, due or overtaken.
bool supervisor::on_watch_alarm(decision& made, slot& one, std::uint64_t epoch, instant now) {
  if (one.state != child_state::running)
    return false;
  if (epoch == one.look && epoch != 0) {
    made.looks.push_back(one.ref());
    next_look(made, one, now);
    return true;
  }
  if (epoch != one.probe || epoch == 0)
    return false;
  if (one.probing) {
    found_hung(made, one,
               "hung: a probe was not answered within " + ms(one.spec->hang.probe_within), now);
    return true;
  }
  one.probing = true;
  one.probe = ++epochs_;
  made.probes.push_back({one.ref(), one.probe});
  made.alarms.push_back({now + one.spec->hang.probe_within, one.id, one.probe});
  return true;
}

decision supervisor::on(const child_answered& told, instant now) {
  decision made;
  auto* one = find(told.child);
  if (one != nullptr && one->state == child_state::running && one->probing
      && one->probe == told.probe)
    next_probe(made, *one, now);
  return made;
}

decision supervisor::on(const child_busy& told, instant now) {
  decision made;
  auto* one = find(told.child);
  if (one == nullptr || !is_alive(one->state))
    return made;
  one->busy_with = told.message;
  one->busy_for = told.handling;
  const auto limit = one->spec->hang.handler_max;
  if (one->state == child_state::running && limit.count() > 0 && told.handling >= limit)
    found_hung(made, *one,
               "hung: handles " + (told.message.empty() ? "a message" : told.message) + " for "
                   + ms(told.handling),
               now);
  return made;
}

/// The first step of the ladder: ask it. It leads on to killing it, to losing it, to replacing it,
/// and where that must not be, to giving up or to the end of the process.
void supervisor::found_hung(decision& made, slot& one, std::string text, instant now) {
  one.probe = 0;
  if (going_.count(one.order) != 0)
    return; // it is to end anyway: its turn comes, and its budget kills it
  record(made, supervision_fact::hung, one.ref(), now, text).last_message = one.busy_with;
  one.last_cause = std::move(text);
  forgive(one, now);
  one.why = leaving::hung;
  one.leaving_since = now;
  lead_back(made, one);
  const auto patience = std::min(one.spec->hang.patience, shutdown_of(*one.spec));
  if (patience.count() == 0)
    return kill(made, one, now, one.last_cause);
  enter(one, child_state::stopping, now);
  made.shutdowns.push_back({one.ref(), now + patience});
  made.alarms.push_back({now + patience, one.id, one.epoch});
}

} // namespace holdfast::supervisor
