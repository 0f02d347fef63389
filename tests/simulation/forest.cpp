// SPDX-License-Identifier: Apache-2.0
// How the forest is made: a tree by chance, and workers that do everything a worker should not.
#include "tests/simulation/forest.hpp"

#include <caf/actor_cast.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace holdfast::forests {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

forest::forest(forest_plan chosen) : chance_{chosen.seed}, plan_{chosen} {
  grow("root", {}, plan_.children, 0);
  auto& top = branches_.at("root");
  if (plan_.lasting) {
    top.planned.intensity = 10000;
    top.planned.period = 1s;
  }
  root_ = caf::actor_cast<supervisor::handle>(plant("root"));
  settle();
}

forest::~forest() {
  obedient_ = true;
  if (root_)
    caf::anon_send_exit(root_, caf::exit_reason::kill);
  root_ = nullptr;
  stage_->release({});
  std::ignore = stage_->settle();
  doors_.clear();
  book_->clear();
  stage_.reset();
}

supervisor_flags forest::flags_by_chance(std::string name) {
  supervisor_flags made{.name = std::move(name), .strategy = restart_strategy(1 + roll(3))};
  made.intensity = std::uint32_t(one_in(3) ? roll(3) : 5 + roll(30));
  made.period = milliseconds{200 + roll(3000)};
  made.pauses = {.min = milliseconds{roll(60)},
                 .max = 400ms,
                 .jitter_share = 0.5,
                 .steady_after = milliseconds{500}};
  made.kill_budget = 500ms;
  return made;
}

child_spec forest::spec_by_chance(std::string id) {
  child_spec made{.id = std::move(id), .restart = restart_type(1 + roll(3))};
  made.shutdown = milliseconds{one_in(6) ? 0 : 50 + roll(800)};
  made.start = 1s;
  if (one_in(3))
    made.budget = restart_budget{std::uint32_t(1 + roll(5)), milliseconds{500 + roll(5000)}};
  if (one_in(2))
    made.hang = {
        .probe_every = 700ms, .probe_within = 300ms, .handler_max = 400ms, .patience = 100ms};
  if (!plan_.lasting && one_in(25))
    made.when_lost = lost_action::give_up;
  made.messages = {.queued = message_fate(1 + roll(3)),
                   .in_flight = message_fate(1 + roll(3)),
                   .redeliveries_max = std::uint32_t(roll(3))};
  made.mailbox.when_full = overflow(1 + roll(4));
  if (one_in(3))
    made.mailbox.messages_max = std::uint32_t(1 + roll(6));
  return made;
}

/// Up to four levels; about one child in five is a supervisor.
void forest::grow(const std::string& name, const std::string& above, std::size_t children,
                  std::size_t depth) {
  branch made;
  made.name = name;
  made.above = above;
  made.planned = flags_by_chance(name);
  std::vector<std::pair<std::string, std::size_t>> below;
  while (children > 0) {
    const auto id = (above.empty() ? "" : name + "/") + std::to_string(++names_);
    made.children.push_back(id);
    --children;
    if (depth >= 3 || children < 2 || !one_in(depth == 0 ? 3 : 5)) {
      auto spec = spec_by_chance(id);
      if (spec.budget && made.planned.strategy == restart_strategy::one_for_one && one_in(2))
        spec.when_spent = spent_action::rest;
      planned_[id] = std::move(spec);
      continue;
    }
    planned_[id] = {.id = id, .type = child_type::supervisor};
    const auto share = 1 + roll(children - 1);
    children -= share;
    below.emplace_back(id, share);
  }
  branches_[name] = std::move(made);
  for (const auto& [id, share] : below)
    grow(id, name, share, depth + 1);
}

supervisor::surroundings forest::around(const std::string& name, std::uint64_t number) {
  supervisor::surroundings given;
  given.history = [this, name, number](const supervision_event& event) {
    hear(name, number, event);
  };
  given.jitter = [this] { return double(roll(1001)) / 1000; };
  given.book = book_;
  return given;
}

/// Another incarnation of a supervisor, as it was planned.
caf::actor forest::plant(const std::string& name) {
  auto& one = branches_.at(name);
  const auto number = one.number + 1;
  branch fresh;
  fresh.name = name;
  fresh.above = one.above;
  fresh.planned = one.planned;
  fresh.children = one.children;
  fresh.number = number;
  fresh.wanted = one.wanted; // calls wait for the next incarnation
  fresh.wanted_specs = one.wanted_specs;
  fresh.offered = one.offered;
  fresh.alive = true;
  fresh.flags = one.planned;
  fresh.order = one.children;
  std::vector<supervisor::child> all;
  for (const auto& id : one.children) {
    fresh.specs[id] = planned_.at(id);
    fresh.places[id] = {};
    all.push_back(made_of(planned_.at(id), name));
  }
  one = std::move(fresh);
  auto made = supervisor::spawn_supervisor(stage_->system(), one.flags, std::move(all),
                                           around(name, number));
  must(bool{made}, name + " is refused: " + (made ? "" : made.error().what));
  if (!made)
    return {};
  (*made)->attach_functor(
      [this, name, number](const caf::error& reason) { branch_gone(name, number, reason); });
  return caf::actor_cast<caf::actor>(*made);
}

supervisor::child forest::made_of(const child_spec& spec, const std::string& of) {
  supervisor::child made{spec, {}, {}};
  made.hand_over = [this](const addressing::left_message& left) {
    if (!left.content.match_elements<errand>())
      return;
    const auto& told = left.content.get_as<errand>(0);
    ++doors_.at(told.door).handed;
    ++seen[left.in_flight ? "handed over in flight" : "handed over"];
  };
  made.start = [this, id = spec.id, of](caf::actor_system&) -> caf::actor {
    auto& above = branches_.at(of);
    auto one = begins(above, id);
    const bool by_chance = fails_by_chance(above);
    if (by_chance && one_in(25)) {
      one->alive = false;
      ++seen["factory throws"];
      throw std::runtime_error{"by chance"};
    }
    if (by_chance && one_in(60)) {
      one->alive = false;
      return {};
    }
    if (branches_.count(id) == 0)
      return make_worker(one);
    auto actor = plant(id);
    one->actor = caf::actor_cast<caf::weak_actor_ptr>(actor);
    actor->attach_functor([this, one](const caf::error& reason) { gone(one, reason); });
    return actor;
  };
  return made;
}

/// Not at the very first: the forest has to come up.
bool forest::fails_by_chance(const branch& under) const {
  return !obedient_ && (under.all_started || under.number > 1);
}

caf::actor forest::make_worker(const life_ptr& one) {
  auto made = stage_->system().spawn(
      [this](caf::event_based_actor* self, const life_ptr& whose) { return conduct(self, whose); },
      one);
  one->actor = caf::actor_cast<caf::weak_actor_ptr>(made);
  made->attach_functor([this, one](const caf::error& reason) { gone(one, reason); });
  return made;
}

caf::behavior forest::conduct(caf::event_based_actor* self, const life_ptr& one) {
  furnish(self);
  const bool deaf = !obedient_ && one_in(12);
  const milliseconds tidies{one_in(3) ? roll(200) : 0};
  self->set_exit_handler([=, this](caf::exit_msg& asked) {
    if (asked.reason != caf::exit_reason::user_shutdown)
      return self->quit(asked.reason);
    ordered_to_leave(*one);
    if (deaf && !obedient_)
      return void(++seen["ignores the request to end"]);
    if (tidies.count() == 0)
      return self->quit(caf::exit_reason::user_shutdown);
    after(self, tidies, [self] { self->quit(caf::exit_reason::user_shutdown); });
  });
  const bool by_chance = fails_by_chance(branches_.at(one->of));
  if (by_chance && one_in(40)) {
    ++seen["hangs in its start"];
    one->hangs = true;
    stage_->hang(one->serial, {});
    one->hangs = false;
  }
  if (by_chance && one_in(40))
    throw std::runtime_error{"crashed in its first step"};
  return {[=, this](errand told) { return perform(self, one, told); }};
}

errand forest::perform(caf::event_based_actor* self, const life_ptr& one, errand told) {
  auto& from = doors_.at(told.door);
  must(from.id == one->id, "an errand of " + from.id + " came to " + one->id);
  must(finished_.count(told.number) == 0, "an errand is done twice");
  const auto& above = branches_.at(one->of);
  const auto spec = above.specs.find(one->id);
  // A change may have lowered the number since; none is ever above two.
  must(spec == above.specs.end() || ++begun_[told.number] <= 3, "an errand is begun too often");
  if (!told.asked) {
    must(told.number >= from.last_begun, "an errand overtook another of the same sender");
    from.last_begun = told.number;
  }
  const auto hang = [&](std::optional<milliseconds> time) {
    one->hangs = true;
    stage_->hang(one->serial, time);
    one->hangs = false;
  };
  switch (obedient_ ? std::uint32_t{errand::work} : told.what) {
  case errand::crash:
    throw std::runtime_error{"told to crash"};
  case errand::end:
    one->clean = true;
    self->quit();
    break;
  case errand::leave:
    one->clean = true;
    self->quit(caf::exit_reason::user_shutdown);
    break;
  case errand::block:
    hang(milliseconds{1 + roll(900)});
    break;
  case errand::hang:
    hang({});
    break;
  default:
    break;
  }
  finished_.insert(told.number);
  ++doors_.at(told.door).finished;
  return told;
}

} // namespace holdfast::forests
