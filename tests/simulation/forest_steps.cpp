// SPDX-License-Identifier: Apache-2.0
// What happens in the forest: messages, calls, changes, deaths, time, and the end.
#include "tests/simulation/forest.hpp"

#include <caf/actor_cast.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <caf/system_messages.hpp>

#include <algorithm>
#include <utility>

namespace holdfast::forests {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// ---- who -------------------------------------------------------------------------------------

std::string forest::some_branch() {
  auto found = branches_.begin();
  std::advance(found, long(roll(branches_.size())));
  return found->first;
}

std::string forest::some_child(bool worker) {
  for (int i = 0; i < 20; ++i) {
    const auto& of = branches_.at(some_branch());
    if (of.order.empty())
      continue;
    const auto& id = of.order[roll(of.order.size())];
    if ((branches_.count(id) == 0) == worker)
      return id;
  }
  return {};
}

supervisor::handle forest::supervisor_of(const std::string& name) const {
  if (name == "root")
    return root_;
  auto found = book_->find(name);
  return found ? caf::actor_cast<supervisor::handle>(std::move(found)) : supervisor::handle{};
}

// ---- messages --------------------------------------------------------------------------------

/// The address a child has now, or one that somebody kept.
forest::door* forest::door_of(const std::string& id) {
  if (!doors_.empty() && one_in(30)) {
    ++seen["sent to an old address"];
    return &doors_[roll(doors_.size())];
  }
  const auto handle = book_->find(id);
  if (!handle)
    return nullptr;
  for (auto one = doors_.rbegin(); one != doors_.rend(); ++one)
    if (one->handle == handle)
      return &*one;
  door made;
  made.number = doors_.size();
  made.id = id;
  made.handle = handle;
  made.counters = book_->counters_of(id);
  doors_.push_back(std::move(made));
  return &doors_.back();
}

void forest::send(door& to, std::uint32_t what) {
  const errand told{++errands_, to.number, what, one_in(4)};
  ++to.sent;
  if (!told.asked)
    return caf::anon_send(to.handle, told);
  open_requests_.insert(told.number);
  stage_->system().spawn(
      [this, told](caf::event_based_actor* self, const caf::actor& whom) {
        furnish(self);
        const auto answered = [this, number = told.number](const char* how) {
          ++seen[how];
          must(open_requests_.erase(number) == 1, "a request is answered twice");
        };
        self->request(whom, caf::infinite, told)
            .then([=](const errand&) { answered("answered"); },
                  [=](const caf::error&) { answered("answered with an error"); });
      },
      to.handle);
}

void forest::send_something() {
  const auto id = some_child(true);
  auto* to = id.empty() ? nullptr : door_of(id);
  if (to == nullptr)
    return;
  const auto count = one_in(8) ? 3 + roll(12) : 1 + roll(3);
  for (std::size_t i = 0; i < count; ++i) {
    const auto dice = roll(100);
    send(*to, dice < 70   ? errand::work
              : dice < 84 ? errand::crash
              : dice < 88 ? errand::end
              : dice < 91 ? errand::leave
              : dice < 98 ? errand::block
                          : errand::hang);
  }
}

// ---- calls -----------------------------------------------------------------------------------

template <class Answer, class Message>
void forest::ask(const supervisor::handle& whom, Message what,
                 std::function<void(const Answer*)> then) {
  const auto number = ++calls_;
  open_calls_.insert(number);
  const auto answered = [this, number, then = std::move(then)](const Answer* told) {
    must(open_calls_.erase(number) == 1, "a call is answered twice");
    then(told);
  };
  stage_->system().spawn(
      [=](caf::event_based_actor* self, const supervisor::handle& to) {
        furnish(self);
        self->request(to, caf::infinite, what)
            .then([=](const Answer& told) { answered(&told); },
                  [=](const caf::error&) { answered(nullptr); });
      },
      whom);
}

void forest::call(const std::string& of, const std::string& id, int which) {
  using answer = carried<child_answer>;
  const auto whom = supervisor_of(of);
  if (!whom)
    return;
  const auto note = [this](const char* what) {
    return [this, what](const answer* told) {
      ++seen[std::string{what} + ' ' + (told ? std::string{to_string((*told)->what)} : "error")];
    };
  };
  const auto answered = [=, this](const char* what, std::uint32_t place::*count) {
    return [=, this](const answer* told) {
      note(what)(told);
      auto& now = branches_.at(of).places;
      if (const auto at = now.find(id); at != now.end() && at->second.*count > 0)
        --(at->second.*count);
    };
  };
  switch (which) {
  case 0: {
    if (lives_.size() > plan_.children + 100 || branches_.at(of).order.size() > 60)
      return;
    const auto fresh = of + "+" + std::to_string(++names_);
    auto spec = spec_by_chance(one_in(8) && id != "nobody" ? id : fresh);
    if (branches_.count(spec.id) != 0)
      return;
    branches_.at(of).offered[spec.id] = spec;
    return ask<answer>(whom, carried{supervisor::child_to_start{made_of(spec, of), {}}},
                       note("start_child"));
  }
  case 1: {
    auto& places = branches_.at(of).places;
    if (const auto at = places.find(id); at != places.end()) {
      at->second.exempt = true;
      ++at->second.stops; // a start may come between the question and its answer
    }
    return ask<answer>(whom, terminate_child{id}, answered("terminate_child", &place::stops));
  }
  case 2: {
    auto& places = branches_.at(of).places;
    if (const auto at = places.find(id); at != places.end())
      ++at->second.by_hand;
    return ask<answer>(whom, restart_child{id}, answered("restart_child", &place::by_hand));
  }
  default:
    return ask<answer>(whom, delete_child{id}, note("delete_child"));
  }
}

void forest::call_something() {
  const auto& of = branches_.at(some_branch());
  const auto id = of.order.empty() ? std::string{"nobody"} : of.order[roll(of.order.size())];
  call(of.name, one_in(40) ? "nobody" : id, int(roll(4)));
}

/// Other budgets and times for everybody who is there; the order stays.
void forest::change_something() {
  settle(); // so that what it lists is what is there
  auto& of = branches_.at(some_branch());
  const auto whom = supervisor_of(of.name);
  if (!whom || of.wanted)
    return;
  auto flags = of.flags;
  if (of.name != "root" || !plan_.lasting)
    flags.intensity = std::uint32_t(2 + roll(30));
  std::vector<supervisor::child> all;
  of.wanted_specs.clear();
  for (const auto& id : of.order) {
    auto spec = of.specs.at(id);
    if (branches_.count(id) == 0) {
      spec.shutdown = milliseconds{50 + roll(500)};
      spec.mailbox.messages_max = std::uint32_t(1 + roll(50));
    }
    of.wanted_specs[id] = spec;
    all.push_back(made_of(spec, of.name));
  }
  of.wanted = flags;
  ask<supervision_changed>(whom, carried{supervisor::supervision_change{flags, std::move(all)}},
                           [this, name = of.name](const supervision_changed* told) {
                             branches_.at(name).wanted.reset();
                             ++seen[told ? "change" : "change refused"];
                           });
  settle();
}

/// From outside: at the incarnation itself, past its supervisor.
void forest::kill_somebody() {
  const auto id = some_child(!one_in(4));
  caf::actor whom;
  for (const auto& one : lives_)
    if (one->alive && one->id == id)
      whom = caf::actor_cast<caf::actor>(one->actor);
  if (!whom)
    return;
  ++seen[branches_.count(id) != 0 ? "a branch is killed" : "a worker is killed"];
  for (auto& [name, of] : branches_)
    if (const auto at = of.places.find(id); at != of.places.end())
      at->second.exempt = true;
  if (one_in(3))
    return caf::anon_send_exit(whom, caf::exit_reason::user_shutdown);
  caf::anon_send<caf::message_priority::high>(
      whom, caf::exit_msg{whom->address(), caf::exit_reason::kill});
}

// ---- time ------------------------------------------------------------------------------------

void forest::settle() {
  const auto done = stage_->settle();
  must(bool{done}, "it does not come to rest at one moment");
  check();
}

void forest::pass(milliseconds time) {
  const auto done = stage_->pass(time, [this] { return !problem_.empty(); });
  must(bool{done}, "it does not come to rest at one moment");
  check();
}

void forest::step() {
  switch (roll(16)) {
  case 0:
  case 1:
  case 2:
  case 3:
  case 4:
  case 5:
    send_something();
    break;
  case 6:
  case 7:
    call_something();
    break;
  case 8:
    if (one_in(6))
      change_something();
    break;
  case 9:
    if (one_in(8))
      kill_somebody();
    break;
  case 10:
    if (one_in(10))
      stage_->release({});
    break;
  case 11:
    return pass(milliseconds{one_in(10) ? roll(1500) : roll(200)});
  default:
    return pass(milliseconds{1 + roll(20)});
  }
  if (one_in(2))
    settle(); // else it happens together with what comes next
}

void forest::come_to_rest() {
  obedient_ = true;
  for (int i = 0; i < 600 && !over_; ++i) {
    stage_->release({});
    pass(100ms);
  }
  check_rest();
}

void forest::stop() {
  if (over_)
    return;
  const bool hurried = one_in(2);
  ++seen[hurried ? "a stop within a time" : "a stop"];
  if (hurried)
    for (int i = 0; i < 3; ++i)
      if (auto* to = obedient_ ? nullptr : door_of(some_child(true)))
        send(*to, errand::hang);
  settle();
  if (over_)
    return;
  const bool asked_before = one_in(4);
  if (asked_before)
    caf::anon_send(root_, supervisor::stop_children{});
  caf::anon_send(root_, hurried ? supervisor::stop_children{3s} : supervisor::stop_children{});
  settle();
  stopping_ = true;
  pass(hurried ? 3s : milliseconds{1h});
  must(over_, hurried ? "a stop overran its deadline" : "a stop does not end");
  check();
}

} // namespace holdfast::forests
