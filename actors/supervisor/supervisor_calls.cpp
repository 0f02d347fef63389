// SPDX-License-Identifier: Apache-2.0
// The calls: OTP's, with OTP's answers, except that a supervisor goes on while they are under way.
#include "actors/supervisor/supervisor.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace holdfast::supervisor {

namespace {

reply tell(caller whom, child_verdict what, const child_ref& about, std::string text = {}) {
  return {whom, {what, about.id, about.incarnation, std::move(text), {}}};
}

} // namespace

decision supervisor::on(const start_child& asked, caller by, instant now) {
  decision made;
  const child_ref nobody{asked.spec.id, 0};
  const auto refuse = [&](child_verdict what, std::string text) {
    made.replies.push_back(tell(by, what, nobody, std::move(text)));
    return made;
  };
  if (phase_ != phase::starting && phase_ != phase::running)
    return refuse(child_verdict::stopping, "the supervisor takes no children now");
  if (is_simple()) {
    start_instance(made, asked, by, now);
    return made;
  }
  if (auto fine = check_child(flags_, asked.spec); !fine)
    return refuse(child_verdict::invalid, fine.error().what);
  if (const auto* there = find(std::string_view{asked.spec.id})) {
    const bool lives = is_alive(there->state);
    made.replies.push_back(tell(
        by, lives ? child_verdict::already_started : child_verdict::already_present, there->ref()));
    return made;
  }
  if (children_.size() >= children_max)
    return refuse(child_verdict::full, "as many children as a supervisor takes");
  auto& one = add(asked.spec.id, std::make_shared<const child_spec>(completed(asked.spec)));
  if (!asked.arguments.is_null())
    one.arguments = std::make_shared<const value>(asked.arguments);
  one.fresh = true;
  one.starters.push_back(by);
  record(made, supervision_fact::added, one.ref(), now);
  enqueue(made, one, now);
  return made;
}

/// Instances have numbers instead of names: no two of a supervisor's life have the same.
void supervisor::start_instance(decision& made, const start_child& asked, caller by, instant now) {
  if (children_.size() >= instances_max) {
    made.replies.push_back(tell(by, child_verdict::full, {template_->id, 0},
                                "as many children as a supervisor takes"));
    return;
  }
  auto& one = add(template_->id + '#' + std::to_string(++issued_), template_);
  one.incarnation = 0;
  if (!asked.arguments.is_null())
    one.arguments = std::make_shared<const value>(asked.arguments);
  one.fresh = true;
  one.starters.push_back(by);
  enqueue(made, one, now);
}

decision supervisor::on(const terminate_child& asked, caller by, instant now) {
  decision made;
  const child_ref about{asked.id, asked.incarnation};
  auto* one = find(std::string_view{asked.id});
  if (is_simple() && asked.incarnation == 0)
    made.replies.push_back(
        tell(by, child_verdict::not_valid, about, "simple_one_for_one needs the incarnation"));
  else if (one == nullptr)
    made.replies.push_back(tell(
        by, was_an_instance(asked.id) ? child_verdict::done : child_verdict::not_found, about));
  else if (asked.incarnation > one->incarnation)
    made.replies.push_back(tell(by, child_verdict::not_found, about, "there was no such start"));
  else if (asked.incarnation != 0 && asked.incarnation != one->incarnation)
    made.replies.push_back(tell(by, child_verdict::done, about, "it had ended before"));
  else if (one->stoppers.size() >= callers_max)
    made.replies.push_back(tell(by, child_verdict::full, about, "too many wait for its end"));
  else
    terminate(made, *one, by, now);
  return made;
}

void supervisor::terminate(decision& made, slot& one, caller by, instant now) {
  if (is_alive(one.state)) {
    one.stoppers.push_back(by);
    if (phase_ == phase::stopping)
      return; // it is to end anyway, in its turn
    one.again = false;
    one.fresh = false; // it came to be, as far as the one who ends it knows
    if (one.why == leaving::no)
      one.leaving_since = now;
    one.why = leaving::asked;
    if (!is_leaving(one.state) && going_.count(one.order) == 0)
      stop(made, one, now);
    else
      lead(made, one, route::closed);
    return;
  }
  const auto about = one.ref();
  if (is_due(one.state))
    cancel(made, one, now);
  else if (one.state == child_state::gave_up)
    enter(one, child_state::stopped, now);
  made.replies.push_back(tell(by, child_verdict::done, about));
  advance(made, now);
}

/// It is not started after all. As in OTP, the restart of a whole group ends with the child that
/// it waits for: nobody but a caller starts those who are down. `one` may be gone afterwards.
void supervisor::cancel(decision& made, slot& one, instant now) {
  std::vector<std::uint64_t> orders{one.order};
  if (one.state == child_state::backoff && has_group())
    for (const auto order : pending_)
      if (const auto& other = at(order);
          order != one.order && other.state == child_state::waiting && other.starters.empty())
        orders.push_back(order);
  for (const auto order : orders) {
    auto& ended = at(order);
    record(made, supervision_fact::cancelled, ended.ref(), now);
    pending_.erase(order);
    ended.fresh = false;
    answer(made, ended.starters, child_verdict::stopping, ended, "it was stopped before it was up");
    enter(ended, child_state::stopped, now);
    lead(made, ended, route::closed);
    if (ended.spec->restart == restart_type::temporary || is_simple()) {
      record(made, supervision_fact::removed, ended.ref(), now,
             "nothing of it is kept once it has ended");
      remove(ended);
    }
  }
}

decision supervisor::on(const restart_child& asked, caller by, instant now) {
  decision made;
  auto* one = find(std::string_view{asked.id});
  const auto refuse = [&](child_verdict what) {
    made.replies.push_back(tell(by, what, one != nullptr ? one->ref() : child_ref{asked.id, 0}));
    return made;
  };
  if (is_simple())
    return refuse(child_verdict::not_valid);
  if (one == nullptr)
    return refuse(child_verdict::not_found);
  if (phase_ != phase::starting && phase_ != phase::running)
    return refuse(child_verdict::stopping);
  if (is_due(one->state))
    return refuse(child_verdict::restarting);
  if (is_alive(one->state)
      || (one->state == child_state::abandoned && one->spec->when_lost != lost_action::replace))
    return refuse(child_verdict::running);
  one->starters.push_back(by);
  enqueue(made, *one, now);
  return made;
}

decision supervisor::on(const delete_child& asked, caller by, instant now) {
  decision made;
  auto* one = find(std::string_view{asked.id});
  const auto refuse = [&](child_verdict what) {
    made.replies.push_back(tell(by, what, one != nullptr ? one->ref() : child_ref{asked.id, 0}));
    return made;
  };
  if (is_simple())
    return refuse(child_verdict::not_valid);
  if (one == nullptr)
    return refuse(child_verdict::not_found);
  if (is_alive(one->state))
    return refuse(child_verdict::running);
  if (is_due(one->state))
    return refuse(child_verdict::restarting);
  record(made, supervision_fact::removed, one->ref(), now, "it was deleted");
  made.replies.push_back(tell(by, child_verdict::done, one->ref()));
  remove(*one);
  return made;
}

result<decision> supervisor::change(const change_supervision& asked, instant now) {
  if (is_simple() != (asked.flags.strategy == restart_strategy::simple_one_for_one))
    return fault{fault_code::invalid,
                 "supervisor '" + flags_.name
                     + "': simple_one_for_one cannot be left or taken up while it runs "
                       "(bad_combination)",
                 "stop it and start another"};
  auto listed = asked.specs;
  std::set<std::string, std::less<>> ids;
  for (const auto& spec : listed)
    ids.insert(spec.id);
  auto all = listed;
  if (!is_simple())
    for (const auto& [order, one] : children_)
      if (ids.count(one.id) == 0)
        all.push_back(*one.spec);
  if (auto fine = check(asked.flags, all); !fine)
    return fine.error();

  decision made;
  auto restarts = window_of({asked.flags.intensity, asked.flags.period});
  for (const auto when : restarts_.times())
    restarts.add(when);
  restarts_ = std::move(restarts);
  const auto name = std::exchange(flags_, asked.flags).name;
  flags_.name = name; // its history hangs on it
  record(made, supervision_fact::changed, {}, now);
  const auto give = [](slot& one, std::shared_ptr<const child_spec> spec) {
    std::optional<window> own;
    if (spec->budget) {
      own = window_of(*spec->budget);
      if (one.own)
        for (const auto when : one.own->times())
          own->add(when);
    }
    one.own = std::move(own);
    one.spec = std::move(spec);
  };
  if (is_simple()) {
    template_ = std::make_shared<const child_spec>(completed(std::move(listed.front())));
    for (auto& [order, one] : children_)
      give(one, template_);
    return made;
  }
  for (auto& spec : listed) {
    auto whole = std::make_shared<const child_spec>(completed(std::move(spec)));
    if (auto* there = find(std::string_view{whole->id})) {
      give(*there, std::move(whole));
      continue;
    }
    auto& one = add(whole->id, whole);
    enter(one, child_state::stopped, now);
    record(made, supervision_fact::added, one.ref(), now);
  }
  reorder(asked.specs);
  if (has_group()) // whoever was to start by itself, is to start with the others now
    for (const auto& [order, one] : children_)
      if (is_due(one.state))
        pending_.insert(order);
  advance(made, now);
  return made;
}

/// The listed ones first, in their order; the others behind them, in theirs.
void supervisor::reorder(const std::vector<child_spec>& listed) {
  std::vector<std::uint64_t> old_orders;
  std::set<std::uint64_t> seen;
  for (const auto& spec : listed)
    if (seen.insert(order_of_.find(spec.id)->second).second)
      old_orders.push_back(order_of_.find(spec.id)->second);
  for (const auto& [order, one] : children_)
    if (seen.count(order) == 0)
      old_orders.push_back(order);
  std::map<std::uint64_t, slot> children;
  std::set<std::uint64_t> going, pending;
  std::uint64_t turn = 0;
  for (const auto old : old_orders) {
    const auto order = ++orders_;
    auto one = std::move(children_.find(old)->second);
    one.order = order;
    order_of_[one.id] = order;
    if (going_.count(old) != 0)
      going.insert(order);
    if (pending_.count(old) != 0)
      pending.insert(order);
    if (turn_ == old)
      turn = order;
    children.emplace(order, std::move(one));
  }
  children_ = std::move(children);
  going_ = std::move(going);
  pending_ = std::move(pending);
  turn_ = turn;
}

/// Whether an instance of that id has been, and is no more.
bool supervisor::was_an_instance(std::string_view id) const {
  if (!template_ || id.size() <= template_->id.size() + 1 || !id.starts_with(template_->id)
      || id[template_->id.size()] != '#')
    return false;
  const auto digits = id.substr(template_->id.size() + 1);
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return problem == std::errc{} && end == digits.data() + digits.size() && number >= 1
         && number <= issued_;
}

} // namespace holdfast::supervisor
