// SPDX-License-Identifier: Apache-2.0
// The stop sequence: backwards, each with its budget; who is killed, who is lost, when it is over.
#include "actors/supervisor/supervisor.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace holdfast::supervisor {

namespace {

using std::chrono::milliseconds;

std::optional<instant> earlier_of(std::optional<instant> one, std::optional<instant> other) {
  if (!one || !other)
    return one ? one : other;
  return std::min(*one, *other);
}

const auto will_not_end = "does not end although it was killed";

} // namespace

void supervisor::stop(decision& made, slot& one, instant now) {
  if (one.again)
    lead_back(made, one);
  else
    lead(made, one, route::closed);
  const auto budget = shutdown_of(*one.spec);
  if (budget.count() == 0)
    return kill(made, one, now, "is killed at once, as its spec says");
  enter(one, child_state::stopping, now);
  const auto by = earlier_of(after(now, budget), hurry_at_);
  made.shutdowns.push_back({one.ref(), by});
  if (by)
    made.alarms.push_back({*by, one.id, one.epoch});
}

void supervisor::kill(decision& made, slot& one, instant now, std::string text, bool alarm) {
  enter(one, child_state::killing, now);
  record(made, supervision_fact::killed, one.ref(), now, std::move(text));
  made.kills.push_back(one.ref());
  if (alarm)
    made.alarms.push_back({*earlier_of(now + flags_.kill_budget, deadline_), one.id, one.epoch});
}

/// Kills who is still to end, has not been killed and was not asked a moment ago, the last first.
void supervisor::kill_all(decision& made, instant now, const std::string& text, bool alarms) {
  for (auto order = going_.rbegin(); order != going_.rend(); ++order)
    if (auto& one = at(*order); one.state != child_state::killing && hurried_.count(*order) == 0)
      kill(made, one, now, text, alarms);
  hurried_.clear();
}

/// There is no time for one after the other any more. Supervisors whose turn has not come get half
/// of what is left: killed, they could not say who below them would not leave.
void supervisor::ask_supervisors(decision& made, instant now) {
  const auto by = now + (*deadline_ - now) / 2;
  for (auto order = going_.rbegin(); order != going_.rend(); ++order) {
    auto& one = at(*order);
    if (one.spec->type != child_type::supervisor || one.state != child_state::running)
      continue;
    lead(made, one, route::closed);
    enter(one, child_state::stopping, now);
    made.shutdowns.push_back({one.ref(), by});
    made.alarms.push_back({by, one.id, one.epoch});
    hurried_.insert(*order);
  }
}

/// It was killed and is still there: CAF cannot end a handler that runs. The only honest thing is
/// to say so, and to act without it.
void supervisor::lose(decision& made, slot& one, double jitter, instant now) {
  lost_.push_back({one.ref(), one.spec->type, one.leaving_since, one.busy_with, one.busy_for});
  auto& event = record(made, supervision_fact::abandoned, one.ref(), now, will_not_end);
  event.last_message = one.busy_with;
  report(made, report_context::shutdown_error, one, will_not_end);
  if (one.spec->when_lost == lost_action::exit_process)
    made.exit_process = "child '" + one.id + "' " + will_not_end;
  else if (flags_.lost_max && lost_.size() > *flags_.lost_max)
    made.exit_process = "more than " + std::to_string(*flags_.lost_max)
                        + " children are lost, the last is '" + one.id + '\'';
  bool next_is_due = false;
  switch (one.why) {
  case leaving::overdue:
    next_is_due = one.starters.empty() && (phase_ != phase::starting || one.was_up);
    break;
  case leaving::hung:
    next_is_due = one.spec->restart != restart_type::temporary;
    break;
  default:
    next_is_due = one.again;
  }
  if (one.why == leaving::overdue || one.why == leaving::hung)
    remember(one, ending::killed, one.last_cause, {}, {});
  else if (next_is_due)
    remember(one, ending::killed, will_not_end, {}, {});
  if (next_is_due && one.spec->when_lost != lost_action::replace)
    return give_up(made, one,
                   "child '" + one.id + "' " + will_not_end + ", and must not live twice", now);
  if (one.why == leaving::overdue)
    return failed_start(made, one, one.last_cause, jitter, now);
  if (one.why == leaving::hung)
    return fell(made, one, ending::crashed, one.last_cause, jitter, now);
  answer(made, one.stoppers, child_verdict::failed, one, will_not_end);
  settle(made, one, now);
}

void supervisor::lose_all(decision& made, instant now) {
  for (const auto order : std::set<std::uint64_t>{going_})
    lose(made, at(order), 0, now);
}

/// It was told to end, or was about to be, and has.
void supervisor::ended(decision& made, slot& one, const child_died& told, instant now) {
  const auto text = told.text.empty() ? std::string{to_string(told.how)} : told.text;
  if (one.why == leaving::overdue) {
    remember(one, told.how, one.last_cause, told.last_message, told.causes);
    return failed_start(made, one, one.last_cause, told.jitter, now);
  }
  if (one.why == leaving::hung) {
    remember(one, told.how, one.last_cause, told.last_message, told.causes);
    return fell(made, one, ending::crashed, one.last_cause, told.jitter, now);
  }
  record(made, supervision_fact::stopped, one.ref(), now, text).how = told.how;
  if (!is_acceptable(*one.spec, told.how)) {
    if (is_simple() && phase_ == phase::stopping)
      ++stop_errors_[text];
    else
      report(made, report_context::shutdown_error, one, text);
  }
  settle(made, one, now);
}

/// Nobody of it is left, or who is left is lost: it waits for its turn to start again, rests, or
/// is forgotten. `one` may be gone afterwards.
void supervisor::settle(decision& made, slot& one, instant now) {
  const auto starting_or_running = phase_ == phase::starting || phase_ == phase::running;
  going_.erase(one.order);
  answer(made, one.stoppers, child_verdict::done, one);
  one.why = leaving::no;
  if (one.again && starting_or_running) {
    one.again = false;
    enter(one, child_state::waiting, now);
    lead_back(made, one);
    pending_.insert(one.order);
    return advance(made, now);
  }
  pending_.erase(one.order);
  answer(made, one.starters, child_verdict::stopping, one, "it was stopped before it was up");
  lead(made, one, route::closed);
  enter(one, is_lost(one.ref()) ? child_state::abandoned : child_state::stopped, now);
  if (one.spec->restart == restart_type::temporary || is_simple() || one.fresh) {
    record(made, supervision_fact::removed, one.ref(), now,
           one.fresh ? "it did not come up" : "nothing of it is kept once it has ended");
    remove(one);
  }
  advance(made, now);
}

/// Stops the last of those who are to end, unless it is being stopped already.
void supervisor::take_down_next(decision& made, instant now) {
  auto& last = at(*going_.rbegin());
  if (!is_leaving(last.state))
    stop(made, last, now);
}

void supervisor::begin_stop(decision& made, supervision_outcome outcome, std::string text,
                            instant now) {
  assert(phase_ != phase::stopping && phase_ != phase::ended);
  phase_ = phase::stopping;
  ended_.outcome = outcome;
  ended_.text = std::move(text);
  pending_.clear();
  for (auto& [order, one] : children_) {
    one.again = false;
    if (is_alive(one.state)) {
      if (one.why == leaving::no)
        one.leaving_since = now;
      one.why = leaving::whole;
      going_.insert(order);
      continue;
    }
    if (is_due(one.state)) {
      if (one.state == child_state::backoff)
        record(made, supervision_fact::cancelled, one.ref(), now, "the supervisor ends");
      enter(one, child_state::stopped, now);
      lead(made, one, route::closed);
    }
    answer(made, one.starters, child_verdict::stopping, one, "the supervisor ends");
  }
  if (is_simple() && !going_.empty()) {
    // They have no order, so all get the same time at once.
    const auto budget = shutdown_of(*template_);
    const auto by = earlier_of(after(now, budget), hurry_at_);
    for (const auto order : going_)
      if (auto& one = at(order); budget.count() > 0 && !is_leaving(one.state)) {
        lead(made, one, route::closed);
        enter(one, child_state::stopping, now);
        made.shutdowns.push_back({one.ref(), by});
      }
    if (budget.count() == 0)
      kill_all(made, now, "is killed at once, as its spec says", false);
    shared_epoch_ = ++epochs_;
    if (budget.count() == 0)
      made.alarms.push_back({*earlier_of(now + flags_.kill_budget, deadline_), {}, shared_epoch_});
    else if (by)
      made.alarms.push_back({*by, {}, shared_epoch_});
  }
  advance(made, now);
}

void supervisor::set_deadline(decision& made, milliseconds within, instant now) {
  within = std::max(within, milliseconds{0});
  const auto at_end = after(now, within);
  if (!at_end)
    return;
  deadline_ = at_end;
  // Who ignores the request must be killed early enough to be seen ending.
  hurry_at_ = std::max<instant>(now + within / 2, *deadline_ - flags_.kill_budget);
  hurry_epoch_ = ++epochs_;
  deadline_epoch_ = ++epochs_;
  made.alarms.push_back({*hurry_at_, {}, hurry_epoch_});
  made.alarms.push_back({*deadline_, {}, deadline_epoch_});
  // Supervisors that are ending already must hear that there is less time now: killed, they could
  // not say who below them would not leave.
  for (const auto& [order, one] : children_)
    if (one.state == child_state::stopping && one.spec->type == child_type::supervisor)
      made.shutdowns.push_back({one.ref(), hurry_at_});
}

void supervisor::on_own_alarm(decision& made, std::uint64_t epoch, instant now) {
  if (phase_ != phase::stopping)
    return;
  if (epoch == hurry_epoch_) {
    ask_supervisors(made, now);
    kill_all(made, now, "there is no time left to wait for it", true);
  } else if (epoch == deadline_epoch_) {
    kill_all(made, now, "there is no time left to wait for it", false);
    lose_all(made, now);
  } else if (epoch == shared_epoch_) {
    const bool were_killed = std::all_of(going_.begin(), going_.end(), [this](auto order) {
      return at(order).state == child_state::killing;
    });
    if (were_killed)
      return lose_all(made, now);
    kill_all(made, now, "did not end within the time all had", false);
    shared_epoch_ = ++epochs_;
    made.alarms.push_back({*earlier_of(now + flags_.kill_budget, deadline_), {}, shared_epoch_});
  }
}

void supervisor::finish(decision& made, instant now) {
  phase_ = phase::ended;
  for (const auto& [text, count] : stop_errors_) {
    slot all;
    all.id = template_->id;
    all.spec = template_;
    report(made, report_context::shutdown_error, all, text);
    made.reports.back().children = count;
  }
  for (const auto& one : lost_)
    ended_.stayed.push_back({flags_.name, one.child.id, one.child.incarnation, one.type,
                             one.message, one.handling,
                             std::chrono::duration_cast<milliseconds>(now - one.leaving_since)});
  ended_.stayed.insert(ended_.stayed.end(), stayed_below_.begin(), stayed_below_.end());
  constexpr supervision_fact ends[] = {supervision_fact::all_stopped, supervision_fact::gave_up,
                                       supervision_fact::start_undone,
                                       supervision_fact::ended_itself};
  child_ref last;
  if (!ended_.causes.empty())
    last = {ended_.causes.front().child, ended_.causes.front().incarnation};
  record(made, ends[static_cast<std::size_t>(ended_.outcome) - 1], last, now, ended_.text);
  made.ended = ended_;
}

} // namespace holdfast::supervisor
