// SPDX-License-Identifier: Apache-2.0
// The supervisor's roster, and what it makes of the facts it is told.
#include "actors/supervisor/supervisor.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace holdfast::supervisor {

supervisor::supervisor(supervisor_flags chosen, std::vector<child_spec> specs)
    : flags_{std::move(chosen)}, restarts_{window_of({flags_.intensity, flags_.period})} {
  assert(check(flags_, specs));
  for (auto& spec : specs) {
    auto whole = std::make_shared<const child_spec>(completed(std::move(spec)));
    if (is_simple())
      template_ = std::move(whole);
    else
      add(whole->id, whole);
  }
}

void supervisor::restore(const remembered& past, instant now) {
  assert(phase_ == phase::idle);
  for (const auto age : past.ages)
    restarts_.add(now - age);
  for (const auto& [id, memory] : past.children)
    if (auto* one = find(id))
      take_back(*one, memory, now);
    else if (!is_simple()) // an instance's id means nothing to the next process
      unclaimed_.emplace(id, memory);
  restored_at_ = now;
}

void supervisor::take_back(slot& one, const remembered::child& memory, instant then) {
  one.incarnation = std::max(one.incarnation, memory.incarnation);
  one.restarts = memory.restarts;
  one.failures = memory.failures;
  one.last_cause = memory.last_cause;
  if (one.own)
    for (const auto age : memory.ages)
      one.own->add(then - age);
}

decision supervisor::on(const start_children&, instant now) {
  decision made;
  if (phase_ != phase::idle)
    return made;
  phase_ = phase::starting;
  for (auto& [order, one] : children_)
    pending_.insert(order);
  advance(made, now);
  return made;
}

decision supervisor::on(const stop_children& asked, instant now) {
  decision made;
  if (phase_ == phase::ended)
    return made;
  if (phase_ == phase::idle || phase_ == phase::starting || phase_ == phase::running) {
    if (asked.within)
      set_deadline(made, *asked.within, now);
    begin_stop(made, supervision_outcome::stopped, {}, now);
  } else if (asked.within && (!deadline_ || now + *asked.within < *deadline_)) {
    set_deadline(made, *asked.within, now);
  }
  return made;
}

decision supervisor::on(const child_started& told, instant now) {
  decision made;
  auto* one = find(told.child);
  if (one == nullptr || one->state != child_state::starting)
    return made;
  if (!told.ignored) {
    came_up(made, *one, told.info, now);
    return made;
  }
  record(made, supervision_fact::ignored, told.child, now);
  answer(made, one->starters, child_verdict::ignored, *one);
  one->was_up = true;
  one->fresh = false;
  one->again = false;
  settle(made, *one, now);
  return made;
}

decision supervisor::on(const child_start_failed& told, instant now) {
  decision made;
  auto* one = find(told.child);
  if (one == nullptr || one->state != child_state::starting)
    return made;
  remember(*one, ending::crashed, told.text, {}, {});
  failed_start(made, *one, told.text, told.jitter, now);
  return made;
}

decision supervisor::on(const child_died& told, instant now) {
  decision made;
  const auto text = told.text.empty() ? std::string{to_string(told.how)} : told.text;
  auto* one = find(told.child);
  const auto lost = std::find_if(lost_.begin(), lost_.end(),
                                 [&](const lost_child& it) { return it.child == told.child; });
  if (lost != lost_.end()) {
    lost_.erase(lost);
    record(made, supervision_fact::stopped, told.child, now, text).how = told.how;
    if (one != nullptr && one->state == child_state::abandoned)
      enter(*one, child_state::stopped, now);
    return made;
  }
  if (one == nullptr || !is_alive(one->state))
    return made;
  // Who is left below it will not end because it has.
  stayed_below_.insert(stayed_below_.end(), told.stayed.begin(), told.stayed.end());
  if (stayed_below_.size() > children_max)
    stayed_below_.resize(children_max);
  if (is_leaving(one->state) || (going_.count(one->order) != 0)) {
    ended(made, *one, told, now);
  } else if (one->state == child_state::starting) {
    remember(*one, told.how, text, told.last_message, told.causes);
    failed_start(made, *one, text, told.jitter, now);
  } else {
    remember(*one, told.how, text, told.last_message, told.causes);
    forgive(*one, now);
    fell(made, *one, told.how, text, told.jitter, now);
  }
  return made;
}

decision supervisor::on(const child_alarm& due, instant now) {
  decision made;
  if (due.id.empty()) {
    on_own_alarm(made, due.epoch, now);
    return made;
  }
  auto* one = find(std::string_view{due.id});
  if (one == nullptr || on_watch_alarm(made, *one, due.epoch, now) || one->epoch != due.epoch)
    return made;
  switch (one->state) {
  case child_state::backoff:
    if (!has_group()) {
      start(made, *one, now);
      break;
    }
    // Whoever came up meanwhile came up too early: all start together.
    take_siblings(made, *one, now);
    enter(*one, child_state::waiting, now);
    advance(made, now);
    break;
  case child_state::starting:
    one->last_cause =
        "no answer within " + std::to_string(one->spec->start.count()) + " ms of its start";
    if (one->why == leaving::no) { // else it is to end anyway
      one->why = leaving::overdue;
      one->leaving_since = now;
    }
    kill(made, *one, now, one->last_cause);
    break;
  case child_state::stopping:
    kill(made, *one, now,
         "did not end within "
             + std::to_string(
                 std::chrono::duration_cast<std::chrono::milliseconds>(now - one->since).count())
             + " ms");
    break;
  case child_state::killing:
    lose(made, *one, due.jitter, now);
    break;
  default:
    break;
  }
  return made;
}

decision supervisor::on(const messages_settled& told, instant) {
  if (auto* one = find(std::string_view{told.id})) {
    one->messages.redelivered += told.counts.redelivered;
    one->messages.refused += told.counts.refused;
    one->messages.handed_over += told.counts.handed_over;
    one->messages.dropped += told.counts.dropped;
  }
  return {};
}

const slot* supervisor::find(std::string_view id) const {
  const auto found = order_of_.find(id);
  return found == order_of_.end() ? nullptr : &children_.find(found->second)->second;
}

slot* supervisor::find(std::string_view id) {
  return const_cast<slot*>(std::as_const(*this).find(id));
}

slot* supervisor::find(const child_ref& wanted) {
  auto* one = find(std::string_view{wanted.id});
  return one != nullptr && one->incarnation == wanted.incarnation ? one : nullptr;
}

slot& supervisor::add(std::string id, std::shared_ptr<const child_spec> spec) {
  const auto order = ++orders_;
  order_of_[id] = order;
  auto& one = children_[order];
  one.order = order;
  one.id = std::move(id);
  one.spec = std::move(spec);
  // An id that comes back must not meet what is still told of its former bearer.
  one.incarnation = incarnations_;
  if (one.spec->budget)
    one.own = window_of(*one.spec->budget);
  if (const auto memory = unclaimed_.extract(one.id))
    take_back(one, memory.mapped(), restored_at_);
  return one;
}

void supervisor::remove(slot& one) {
  assert(!is_alive(one.state) && one.starters.empty() && one.stoppers.empty());
  if (one.state == child_state::backoff)
    --in_backoff_;
  if (!is_simple()) // an instance's id is never used again
    incarnations_ = std::max(incarnations_, one.incarnation);
  pending_.erase(one.order);
  order_of_.erase(one.id);
  children_.erase(one.order);
}

bool supervisor::is_lost(const child_ref& whom) const {
  return std::any_of(lost_.begin(), lost_.end(),
                     [&](const lost_child& it) { return it.child == whom; });
}

void supervisor::enter(slot& one, child_state state, instant now) {
  if (one.state == child_state::backoff)
    --in_backoff_;
  if (state == child_state::backoff)
    ++in_backoff_;
  one.state = state;
  one.since = now;
  one.epoch = ++epochs_;
  one.probing = false;
  one.probe = 0;
  one.look = 0;
}

const restart_pauses& supervisor::pauses_of(const slot& one) const {
  return one.spec->pauses ? *one.spec->pauses : flags_.pauses;
}

/// A steady run makes up for the failures before it. Needs: it runs.
void supervisor::forgive(slot& one, instant now) const {
  if (now - one.since >= pauses_of(one).steady_after)
    one.failures = 0;
}

} // namespace holdfast::supervisor
