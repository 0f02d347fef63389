// SPDX-License-Identifier: Apache-2.0
// Deaths: who is restarted, in whose company, after what pause, and when it is enough.
#include "actors/backoff.hpp"
#include "actors/supervisor/supervisor.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace holdfast::supervisor {

/// Takes the next step towards what should be: first down, then up.
void supervisor::advance(decision& made, instant now) {
  if (!going_.empty())
    take_down_next(made, now);
  else if (phase_ == phase::stopping)
    finish(made, now);
  else if (phase_ == phase::starting || phase_ == phase::running)
    start_next(made, now);
}

/// It ran and ended by itself, or is as good as ended. Needs: `remember`.
void supervisor::fell(decision& made, slot& one, ending how, const std::string& text, double jitter,
                      instant now) {
  auto& event = record(made, supervision_fact::died, one.ref(), now, text);
  event.how = how;
  event.last_message = one.busy_with;
  one.last_cause = text;
  if (one.spec->restart == restart_type::permanent || is_abnormal(how))
    report(made, report_context::child_terminated, one, text);
  if (restarts_after(one.spec->restart, how))
    return restart(made, one, jitter, now);
  const auto spec = one.spec;
  const auto id = one.id;
  one.again = false;
  settle(made, one, now);
  if (ends_with(*spec))
    begin_stop(made, supervision_outcome::ended_itself,
               "significant child '" + id + "' ended: " + text, now);
}

/// Counts first, so that the restart beyond a budget is never performed. Needs: nobody of it is
/// left, or who is left is lost and may be replaced.
void supervisor::restart(decision& made, slot& one, double jitter, instant now) {
  if (one.own && one.own->add(now) > one.spec->budget->intensity)
    return spent(made, one, now);
  if (restarts_.add(now) > flags_.intensity) {
    report(made, report_context::shutdown, one, "reached_max_restart_intensity");
    return give_up(made, one,
                   "more than " + std::to_string(flags_.intensity) + " restarts within "
                       + std::to_string(flags_.period.count()) + " ms, the last for child '"
                       + one.id + "': " + one.last_cause,
                   now);
  }
  ++one.restarts;
  ++one.failures;
  const auto& pauses = pauses_of(one);
  const auto pause =
      backoff{pauses.min, pauses.max, pauses.jitter_share}.pause_after(one.failures, jitter);
  auto& event = record(made, supervision_fact::restart_due, one.ref(), now, one.last_cause);
  event.pause = pause;
  event.failures = one.failures;
  one.why = leaving::no;
  take_siblings(made, one, now);
  if (has_group())
    pending_.insert(one.order);
  if (pause.count() > 0) {
    enter(one, child_state::backoff, now);
    one.retry_at = now + pause;
    made.alarms.push_back({one.retry_at, one.id, one.epoch});
    lead_back(made, one);
  } else if (has_group()) {
    enter(one, child_state::waiting, now);
    lead_back(made, one);
  } else {
    start(made, one, now);
  }
  advance(made, now);
}

/// Its own budget is used up.
void supervisor::spent(decision& made, slot& one, instant now) {
  const auto text = "more than " + std::to_string(one.spec->budget->intensity)
                    + " restarts of child '" + one.id + "' within "
                    + std::to_string(one.spec->budget->period.count())
                    + " ms, the last: " + one.last_cause;
  if (one.spec->when_spent == spent_action::escalate)
    return give_up(made, one, text, now);
  record(made, supervision_fact::child_gave_up, one.ref(), now, text);
  report(made, report_context::shutdown, one, text);
  one.again = false;
  const auto order = one.order;
  settle(made, one, now);
  if (const auto found = children_.find(order); found != children_.end())
    if (found->second.state == child_state::stopped)
      enter(found->second, child_state::gave_up, now);
}

/// Puts those down, and up again, who are restarted with this one: by strategy all others, those
/// behind it, or nobody. As in OTP also those who were stopped before; a temporary child only
/// ends.
void supervisor::take_siblings(decision& made, const slot& one, instant now) {
  if (!has_group())
    return;
  auto next = flags_.strategy == restart_strategy::one_for_all ? children_.begin()
                                                               : children_.upper_bound(one.order);
  for (; next != children_.end(); ++next) {
    auto& other = next->second;
    if (other.order == one.order)
      continue;
    if (is_alive(other.state)) {
      if (other.why == leaving::no)
        other.leaving_since = now;
      other.why = leaving::group;
      other.again = other.spec->restart != restart_type::temporary;
      going_.insert(other.order);
    } else if (other.state == child_state::abandoned
               && other.spec->when_lost != lost_action::replace) {
      continue; // two of it must never live
    } else {
      if (other.state != child_state::waiting) {
        enter(other, child_state::waiting, now);
        lead_back(made, other);
      }
      pending_.insert(other.order);
    }
  }
}

/// Keeps a failure for the day of giving up: the chain from here to the root, and what came before.
void supervisor::remember(slot& one, ending how, const std::string& text,
                          const std::string& last_message, std::vector<cause> below) {
  if (!last_message.empty())
    one.busy_with = last_message;
  cause newest{flags_.name, one.id, one.incarnation, text, how, one.busy_with, {}};
  newest.earlier.assign(failures_.begin(), failures_.end());
  one.chain.clear();
  one.chain.push_back(std::move(newest));
  one.chain.insert(one.chain.end(), std::make_move_iterator(below.begin()),
                   std::make_move_iterator(below.end()));
  if (one.chain.size() > chain_max) // its two ends say most
    one.chain.erase(one.chain.begin() + chain_max - 1, one.chain.end() - 1);
  failures_.push_front(one.id + '#' + std::to_string(one.incarnation) + ": " + text);
  if (failures_.size() > earlier_max)
    failures_.pop_back();
}

/// Needs: nobody of it is left, or who is left is lost; `remember`.
void supervisor::give_up(decision& made, slot& one, std::string text, instant now) {
  ended_.causes = one.chain;
  going_.erase(one.order);
  pending_.erase(one.order);
  enter(one, is_lost(one.ref()) ? child_state::abandoned : child_state::stopped, now);
  lead(made, one, route::closed);
  begin_stop(made, supervision_outcome::gave_up, std::move(text), now);
}

/// Whether the end of a child of that spec, which is not started again, ends the supervisor.
bool supervisor::ends_with(const child_spec& significant) const {
  if (!significant.significant || flags_.shuts_down == auto_shutdown::never)
    return false;
  if (flags_.shuts_down == auto_shutdown::any_significant)
    return true;
  return std::none_of(children_.begin(), children_.end(), [](const auto& entry) {
    const auto& one = entry.second;
    return one.spec->significant && (is_alive(one.state) || is_due(one.state));
  });
}

} // namespace holdfast::supervisor
