// SPDX-License-Identifier: Apache-2.0
// The children of one supervisor, as its shell keeps them.
#include "actors/supervisor/wards_actor.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <caf/system_messages.hpp>

#include <cassert>
#include <utility>

namespace holdfast::supervisor {

namespace {

addressing::clocks clocks_of(caf::actor_system& system, const surroundings& around) {
  if (around.time)
    return *around.time;
  const auto now = [&clock = system.clock()] { return clock.now(); };
  return {now, now};
}

bool hands_over(const child_spec& spec) {
  return spec.messages.queued == message_fate::hand_over
         || spec.messages.in_flight == message_fate::hand_over;
}

} // namespace

result<void> check_made(const child& one) {
  const auto whose = "child '" + one.spec.id + "': ";
  if (!one.start)
    return fault{fault_code::invalid, whose + "has no start (missing_start)", {}};
  if (hands_over(one.spec) && !one.hand_over)
    return fault{fault_code::invalid, whose + "has no hook for its messages (missing_hook)", {}};
  return {};
}

void send_kill(const caf::actor& whom) {
  caf::anon_send<caf::message_priority::high>(
      whom, caf::exit_msg{whom.address(), caf::exit_reason::kill});
  caf::anon_send_exit(whom, caf::exit_reason::kill);
}

wards::wards(caf::actor_system& system, const surroundings& around, std::string supervisor,
             bool one_recipe)
    : system_{system}, book_{around.book}, time_{clocks_of(system, around)},
      supervisor_{std::move(supervisor)}, one_recipe_{one_recipe} {}

wards::~wards() {
  for (auto& [id, one] : all_) {
    unlist(one, id);
    if (book_)
      book_->strike(id, one.counters.get());
    if (one.actor)
      send_kill(one.actor);
  }
}

const wards::recipe* wards::recipe_of(std::string_view id) const {
  const auto found = one_recipe_ ? recipes_.begin() : recipes_.find(id);
  return found == recipes_.end() ? nullptr : &found->second;
}

result<void> wards::check(const child& one) const {
  const auto* there = recipe_of(one.spec.id);
  if (there == nullptr)
    return check_made(one);
  if (hands_over(one.spec) && !there->hand_over)
    return fault{fault_code::invalid,
                 "child '" + one.spec.id + "': has no hook for its messages (missing_hook)",
                 "stop and delete it, and add it with one"};
  return {};
}

void wards::put(const child& one) {
  if (const auto* there = recipe_of(one.spec.id)) {
    recipe changed{one.start ? one.start : there->start, there->hand_over, one.spec.messages,
                   one.spec.mailbox};
    if (one_recipe_)
      recipes_.clear();
    recipes_[one.spec.id] = std::move(changed);
    for (auto& [id, who] : all_)
      if (one_recipe_ || id == one.spec.id)
        who.address->change(one.spec.messages, one.spec.mailbox);
    return;
  }
  recipes_[one.spec.id] = {one.start, one.hand_over, one.spec.messages, one.spec.mailbox};
  if (!one_recipe_)
    need(one.spec.id);
}

void wards::remove(const std::string& id) {
  const auto found = all_.find(id);
  if (found == all_.end())
    return;
  unlist(found->second, id);
  if (book_)
    book_->strike(id, found->second.counters.get());
  all_.erase(found);
  if (!one_recipe_)
    recipes_.erase(id);
}

ward* wards::find(std::string_view id) {
  const auto found = all_.find(id);
  return found == all_.end() ? nullptr : &found->second;
}

ward* wards::find(const child_ref& wanted) {
  auto* one = find(std::string_view{wanted.id});
  return one != nullptr && one->actor && one->ref == wanted ? one : nullptr;
}

ward& wards::need(const std::string& id) {
  if (auto* there = find(std::string_view{id}))
    return *there;
  const auto* made_from = recipe_of(id);
  assert(made_from != nullptr);
  auto& one = all_[id];
  one.address = std::make_unique<addressing::address>(
      system_, addressing::settings{id, made_from->messages, made_from->mailbox,
                                    made_from->hand_over, time_});
  one.counters = one.address->watch();
  if (book_)
    book_->enlist({id, supervisor_, one.counters});
  return one;
}

newborn wards::make(const std::string& id, const value& arguments) {
  return recipe_of(id)->start(system_, arguments);
}

void wards::lead(const route_change& change) {
  auto& one = need(change.child.id);
  if (change.to != route::open) {
    unlist(one, change.child.id);
    one.address->lead(change.to,
                      change.to == route::closed ? "it does not run" : "it is being started");
    return;
  }
  if (find(change.child) == nullptr)
    return; // it ended meanwhile, which is told next
  one.address->open(one.actor, change.child.incarnation);
  // The book copies itself for each change, which a hundred thousand instances cannot afford.
  if (book_ && !one_recipe_)
    book_->put(change.child.id, one.address->handle());
  one.listed = !one_recipe_;
}

void wards::unlist(ward& one, const std::string& id) {
  if (std::exchange(one.listed, false) && book_)
    book_->erase(id, one.address->handle().id());
}

} // namespace holdfast::supervisor
