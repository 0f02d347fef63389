// SPDX-License-Identifier: Apache-2.0
// The decisions of a supervisor.
#include "actors/supervisor/supervisor.hpp"

#include <algorithm>
#include <cassert>
#include <set>
#include <utility>

namespace holdfast::supervisor {

namespace {

fault problem(std::string_view reason, std::string what, std::string help = {}) {
  return {fault_code::invalid, what + " (" + std::string{reason} + ')', std::move(help)};
}

result<void> check_child(const child_spec& spec) {
  const auto child = "child '" + spec.id + "': ";
  if (spec.id.empty() || spec.id.size() > 100)
    return problem("missing_id", child + "the id must have 1 to 100 bytes");
  if (spec.restart < restart_type::permanent || spec.restart > restart_type::temporary)
    return problem("invalid_restart_type", child + "restart is no known type");
  if (spec.shutdown.count() < 0)
    return problem("invalid_shutdown", child + "the shutdown time is negative");
  if (spec.type != child_type::worker && spec.type != child_type::supervisor)
    return problem("invalid_child_type", child + "type is neither worker nor supervisor");
  if (spec.start.count() <= 0)
    return problem("invalid_start", child + "the start time must be above 0");
  if (spec.significant)
    return problem("bad_combination", child + "significant needs automatic shutdown",
                   "this supervisor never shuts down by itself: leave significant out");
  return {};
}

bool is_alive(child_state state) {
  return state == child_state::starting || state == child_state::running
         || state == child_state::stopping || state == child_state::killing;
}

bool restarts_after(restart_type type, ending how) {
  switch (type) {
  case restart_type::permanent:
    return true;
  case restart_type::transient:
    return how != ending::normal && how != ending::shutdown;
  case restart_type::temporary:
    return false;
  }
  return false;
}

/// A time that is never reached stands for no limit.
std::optional<instant> after(instant now, std::chrono::milliseconds wait) {
  if (wait >= std::chrono::hours{24 * 365 * 100})
    return std::nullopt;
  return now + wait;
}

} // namespace

result<void> check(const flags& chosen, const std::vector<child_spec>& specs) {
  if (chosen.strategy != restart_strategy::one_for_one)
    return problem("invalid_strategy",
                   "supervisor '" + chosen.name + "': the strategy is not offered",
                   "use one_for_one");
  if (chosen.intensity > 10000)
    return problem("invalid_intensity",
                   "supervisor '" + chosen.name + "': the intensity is above 10000");
  if (chosen.period.count() <= 0)
    return problem("invalid_period",
                   "supervisor '" + chosen.name + "': the period must be above 0");
  const auto& pauses = chosen.pauses;
  if (pauses.min.count() < 0 || pauses.max < pauses.min || !(pauses.jitter_share >= 0)
      || pauses.jitter_share > 1)
    return problem("invalid_backoff", "supervisor '" + chosen.name
                                          + "': pauses need 0 <= min <= max and a jitter share "
                                            "from 0 to 1");
  if (chosen.kill_budget.count() <= 0 || chosen.steady_after.count() < 0)
    return problem("invalid_budget", "supervisor '" + chosen.name
                                         + "': the kill budget must be above 0 and the steady "
                                           "time not negative");
  if (specs.size() > children_max)
    return problem("too_many_children",
                   "supervisor '" + chosen.name + "': more than 1000 children");
  std::set<std::string_view> ids;
  for (const auto& spec : specs) {
    if (auto fine = check_child(spec); !fine)
      return fine;
    if (!ids.insert(spec.id).second)
      return problem("duplicate_child_name", "child '" + spec.id + "': the id is used twice");
  }
  return {};
}

supervisor::supervisor(flags chosen, std::vector<child_spec> specs)
    : flags_{std::move(chosen)}, restarts_{flags_.period, std::size_t{flags_.intensity} + 1} {
  assert(check(flags_, specs));
  children_.reserve(specs.size());
  for (auto& spec : specs) {
    child one;
    one.spec = std::move(spec);
    children_.push_back(std::move(one));
  }
}

decision supervisor::on(const start_children&, instant now) {
  decision made;
  if (phase_ != phase::idle)
    return made;
  phase_ = phase::starting;
  start_next(made, now);
  return made;
}

decision supervisor::on(const child_started& told, instant now) {
  decision made;
  auto* one = find(told.child);
  if (one == nullptr || one->state != child_state::starting)
    return made;
  record(made, told.ignored ? supervision_fact::ignored : supervision_fact::started, *one, now);
  if (told.ignored)
    settle(*one, now);
  else
    enter(*one, child_state::running, now);
  if (phase_ == phase::starting)
    start_next(made, now);
  return made;
}

decision supervisor::on(const child_start_failed& told, instant now) {
  decision made;
  auto* one = find(told.child);
  if (one == nullptr || one->state != child_state::starting)
    return made;
  failed_start(made, *one, told.text, told.jitter, now);
  return made;
}

decision supervisor::on(const child_died& told, instant now) {
  decision made;
  const auto text = told.text.empty() ? std::string{to_string(told.how)} : told.text;
  auto* one = find(told.child);
  if (std::erase(abandoned_, told.child) > 0) {
    child gone;
    gone.spec.id = told.child.id;
    gone.incarnation = told.child.incarnation;
    record(made, supervision_fact::stopped, gone, now, text);
    made.events.back().how = told.how;
    if (one != nullptr && one->state == child_state::abandoned)
      settle(*one, now);
    return made;
  }
  if (one == nullptr)
    return made;
  switch (one->state) {
  case child_state::starting:
    failed_start(made, *one, text, told.jitter, now);
    return made;
  case child_state::running: {
    record(made, supervision_fact::died, *one, now, text);
    made.events.back().how = told.how;
    one->last_cause = text;
    if (!restarts_after(one->spec.restart, told.how)) {
      settle(*one, now);
      return made;
    }
    remember(*one, text, told.causes);
    if (now - one->since >= flags_.steady_after)
      one->failures = 0;
    if (phase_ == phase::stopping) {
      settle(*one, now);
      return made;
    }
    restart(made, *one, told.jitter, now);
    return made;
  }
  case child_state::killing:
    // Killed because its start took too long, it must be tried again or given up.
    if (phase_ != phase::stopping) {
      failed_start(made, *one, one->last_cause, told.jitter, now);
      return made;
    }
    [[fallthrough]];
  case child_state::stopping:
    record(made, supervision_fact::stopped, *one, now, text);
    made.events.back().how = told.how;
    settle(*one, now);
    stop_next(made, now);
    return made;
  default:
    return made;
  }
}

decision supervisor::on(const child_alarm& due, instant now) {
  decision made;
  const auto found = std::find_if(children_.begin(), children_.end(),
                                  [&](const child& one) { return one.spec.id == due.id; });
  if (found == children_.end() || found->epoch != due.epoch)
    return made;
  auto& one = *found;
  switch (one.state) {
  case child_state::backoff:
    start(made, one, now);
    break;
  case child_state::starting:
    one.last_cause =
        "no answer within " + std::to_string(one.spec.start.count()) + " ms of its start";
    kill(made, one, now, one.last_cause);
    break;
  case child_state::stopping:
    kill(made, one, now, "did not end within " + std::to_string(one.spec.shutdown.count()) + " ms");
    break;
  case child_state::killing: {
    enter(one, child_state::abandoned, now);
    abandoned_.push_back({one.spec.id, one.incarnation});
    record(made, supervision_fact::abandoned, one, now, "does not end although it was killed");
    if (phase_ == phase::stopping)
      stop_next(made, now);
    else
      failed_start(made, one, one.last_cause, due.jitter, now);
    break;
  }
  default:
    break;
  }
  return made;
}

decision supervisor::on(const stop_children&, instant now) {
  decision made;
  if (phase_ == phase::stopping || phase_ == phase::ended)
    return made;
  begin_stop(made, supervision_outcome::stopped, {}, now);
  return made;
}

child_list supervisor::list(instant now) const {
  const auto since = [now](instant then) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(now - then);
  };
  child_list all;
  all.supervisor = flags_.name;
  all.restarts_used = static_cast<std::uint32_t>(restarts_.count(now));
  all.intensity = flags_.intensity;
  for (auto one = children_.rbegin(); one != children_.rend(); ++one) {
    child_status status;
    status.id = one->spec.id;
    status.state = one->state;
    status.restart = one->spec.restart;
    status.type = one->spec.type;
    status.incarnation = one->incarnation;
    status.restarts = one->restarts;
    if (one->state != child_state::waiting)
      status.in_state = since(one->since);
    if (one->state == child_state::backoff)
      status.retry_in = std::max(-since(one->retry_at), std::chrono::milliseconds{0});
    status.last_cause = one->last_cause;
    all.children.push_back(std::move(status));
  }
  return all;
}

child_counts supervisor::count() const {
  child_counts counts;
  counts.specs = children_.size();
  for (const auto& one : children_) {
    if (one.state == child_state::running || one.state == child_state::stopping
        || one.state == child_state::killing)
      ++counts.active;
    ++(one.spec.type == child_type::supervisor ? counts.supervisors : counts.workers);
  }
  return counts;
}

const supervisor::child* supervisor::find(std::string_view id) const {
  for (const auto& one : children_)
    if (one.spec.id == id)
      return &one;
  return nullptr;
}

supervisor::child* supervisor::find(const child_ref& wanted) {
  for (auto& one : children_)
    if (one.spec.id == wanted.id && one.incarnation == wanted.incarnation)
      return &one;
  return nullptr;
}

void supervisor::enter(child& one, child_state state, instant now) {
  one.state = state;
  one.since = now;
  ++one.epoch;
}

void supervisor::record(decision& made, supervision_fact what, const child& one, instant now,
                        std::string text) const {
  supervision_event event;
  event.what = what;
  event.supervisor = flags_.name;
  event.child = one.spec.id;
  event.incarnation = one.incarnation;
  event.text = std::move(text);
  event.at = now;
  made.events.push_back(std::move(event));
}

void supervisor::start(decision& made, child& one, instant now) {
  ++one.incarnation;
  enter(one, child_state::starting, now);
  made.starts.push_back({one.spec.id, one.incarnation});
  if (const auto at = after(now, one.spec.start))
    made.alarms.push_back({*at, one.spec.id, one.epoch});
}

/// Starts the next child in order, unless the one before it has not answered yet.
void supervisor::start_next(decision& made, instant now) {
  for (auto& one : children_) {
    if (one.state == child_state::waiting)
      return start(made, one, now);
    if (one.incarnation == 1
        && (one.state == child_state::starting || one.state == child_state::killing))
      return;
  }
  phase_ = phase::running;
  made.all_started = true;
  record(made, supervision_fact::all_started, {}, now);
}

void supervisor::stop(decision& made, child& one, instant now) {
  if (one.spec.shutdown.count() == 0)
    return kill(made, one, now, "is killed at once, as its spec says");
  enter(one, child_state::stopping, now);
  made.shutdowns.push_back({one.spec.id, one.incarnation});
  if (const auto at = after(now, one.spec.shutdown))
    made.alarms.push_back({*at, one.spec.id, one.epoch});
}

void supervisor::kill(decision& made, child& one, instant now, std::string text) {
  enter(one, child_state::killing, now);
  record(made, supervision_fact::killed, one, now, std::move(text));
  made.kills.push_back({one.spec.id, one.incarnation});
  made.alarms.push_back({now + flags_.kill_budget, one.spec.id, one.epoch});
}

/// Stops the last child that is alive, if none is being stopped already.
void supervisor::stop_next(decision& made, instant now) {
  assert(phase_ == phase::stopping);
  for (auto one = children_.rbegin(); one != children_.rend(); ++one) {
    if (one->state == child_state::stopping || one->state == child_state::killing)
      return;
    if (is_alive(one->state))
      return stop(made, *one, now);
  }
  finish(made, now);
}

void supervisor::begin_stop(decision& made, supervision_outcome outcome, std::string text,
                            instant now) {
  phase_ = phase::stopping;
  ended_.outcome = outcome;
  ended_.text = std::move(text);
  if (outcome != supervision_outcome::stopped)
    ended_.causes.assign(causes_.begin(), causes_.end());
  for (auto& one : children_)
    if (one.state == child_state::backoff || one.state == child_state::waiting)
      enter(one, child_state::stopped, now);
  stop_next(made, now);
}

void supervisor::finish(decision& made, instant now) {
  phase_ = phase::ended;
  for (const auto& one : abandoned_)
    ended_.abandoned.push_back(one.id);
  const auto what = ended_.outcome == supervision_outcome::stopped  ? supervision_fact::all_stopped
                    : ended_.outcome == supervision_outcome::undone ? supervision_fact::start_undone
                                                                    : supervision_fact::gave_up;
  child last;
  if (!ended_.causes.empty()) {
    last.spec.id = ended_.causes.front().child;
    last.incarnation = ended_.causes.front().incarnation;
  }
  record(made, what, last, now, ended_.text);
  made.ended = ended_;
}

void supervisor::failed_start(decision& made, child& one, std::string text, double jitter,
                              instant now) {
  record(made, supervision_fact::start_failed, one, now, text);
  one.last_cause = text;
  if (phase_ == phase::stopping)
    return settle(one, now);
  remember(one, text);
  if (phase_ == phase::starting && one.incarnation == 1) {
    if (one.state != child_state::abandoned)
      enter(one, child_state::stopped, now);
    return begin_stop(made, supervision_outcome::undone,
                      "child '" + one.spec.id + "' did not start: " + text, now);
  }
  restart(made, one, jitter, now);
}

/// Counts first, so that the restart beyond the intensity is never performed.
void supervisor::restart(decision& made, child& one, double jitter, instant now) {
  if (restarts_.add(now) > flags_.intensity) {
    if (one.state != child_state::abandoned)
      enter(one, child_state::stopped, now);
    return begin_stop(made, supervision_outcome::gave_up,
                      "more than " + std::to_string(flags_.intensity) + " restarts within "
                          + std::to_string(flags_.period.count()) + " ms, the last for child '"
                          + one.spec.id + "': " + one.last_cause,
                      now);
  }
  ++one.restarts;
  ++one.failures;
  const auto pause = flags_.pauses.pause_after(one.failures, jitter);
  record(made, supervision_fact::restart_due, one, now, one.last_cause);
  made.events.back().pause = pause;
  if (pause.count() == 0)
    return start(made, one, now);
  enter(one, child_state::backoff, now);
  one.retry_at = now + pause;
  made.alarms.push_back({one.retry_at, one.spec.id, one.epoch});
}

void supervisor::remember(const child& one, const std::string& text, std::vector<cause> below) {
  // Newest first, and what a child names as its own causes follows it: the root comes last.
  causes_.insert(causes_.begin(), below.begin(), below.end());
  causes_.push_front({flags_.name, one.spec.id, one.incarnation, text});
  if (causes_.size() > causes_max)
    causes_.resize(causes_max);
}

/// The child is not started again. A temporary child's spec goes with it.
void supervisor::settle(child& one, instant now) {
  if (one.spec.restart == restart_type::temporary)
    children_.erase(children_.begin() + (&one - children_.data()));
  else
    enter(one, child_state::stopped, now);
}

} // namespace holdfast::supervisor
