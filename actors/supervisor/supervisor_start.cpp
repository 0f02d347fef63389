// SPDX-License-Identifier: Apache-2.0
// The start sequence: one after the other in order, and what a start that fails leads to.
#include "actors/supervisor/supervisor.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::supervisor {

/// Where order matters the child waits for its turn, else it starts at once.
void supervisor::enqueue(decision& made, slot& one, instant now) {
  if (phase_ != phase::starting && !has_group())
    return start(made, one, now);
  if (one.state != child_state::waiting)
    enter(one, child_state::waiting, now);
  pending_.insert(one.order);
  advance(made, now);
}

void supervisor::start(decision& made, slot& one, instant now) {
  ++one.incarnation;
  one.why = leaving::no;
  one.again = false;
  one.busy_with.clear();
  one.busy_for = {};
  enter(one, child_state::starting, now);
  lead_back(made, one);
  made.starts.push_back(one.ref());
  if (const auto at = after(now, one.spec->start))
    made.alarms.push_back({*at, one.id, one.epoch});
}

/// Starts the first that is to start, unless somebody is being started already.
void supervisor::start_next(decision& made, instant now) {
  // All must start together, so all wait for the one that has to pause.
  if (flags_.strategy == restart_strategy::one_for_all && in_backoff_ > 0)
    return;
  if (pending_.count(turn_) != 0 && is_alive(at(turn_).state))
    return;
  if (!pending_.empty()) {
    auto& next = at(*pending_.begin());
    if (next.state == child_state::waiting) {
      turn_ = next.order;
      start(made, next, now);
    }
    return;
  }
  if (phase_ != phase::starting)
    return;
  phase_ = phase::running;
  made.all_started = true;
  record(made, supervision_fact::all_started, {}, now);
}

void supervisor::came_up(decision& made, slot& one, const std::string& info, instant now) {
  const bool was_asked = !one.starters.empty();
  record(made, supervision_fact::started, one.ref(), now, info);
  // As OTP since version 28: what a call starts is of less interest than what starts by itself.
  report(made, report_context::progress, one, {},
         was_asked ? report_level::debug : report_level::info);
  enter(one, child_state::running, now);
  one.was_up = true;
  one.fresh = false;
  lead(made, one, route::open);
  answer(made, one.starters, child_verdict::done, one, info);
  watch(made, one, now);
  pending_.erase(one.order);
  advance(made, now);
}

/// Needs: nobody of it is left, or who is left is lost.
void supervisor::failed_start(decision& made, slot& one, std::string text, double jitter,
                              instant now) {
  record(made, supervision_fact::start_failed, one.ref(), now, text);
  one.last_cause = text;
  if (phase_ == phase::stopping || going_.count(one.order) != 0)
    return settle(made, one, now);
  if (!one.starters.empty()) {
    // Somebody asked for this very start: they hear of it, and nothing is counted.
    answer(made, one.starters, child_verdict::failed, one, text, true);
    one.again = false;
    return settle(made, one, now);
  }
  report(made, report_context::start_error, one, text);
  if (phase_ == phase::starting && !one.was_up) {
    enter(one, is_lost(one.ref()) ? child_state::abandoned : child_state::stopped, now);
    pending_.erase(one.order);
    lead(made, one, route::closed);
    ended_.causes = one.chain;
    return begin_stop(made, supervision_outcome::undone,
                      "child '" + one.id + "' did not start: " + text, now);
  }
  restart(made, one, jitter, now);
}

} // namespace holdfast::supervisor
