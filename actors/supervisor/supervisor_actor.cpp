// SPDX-License-Identifier: Apache-2.0
// The supervisor's shell.
#include "actors/supervisor/supervisor_actor.hpp"

#include "actors/shell.hpp"

#include <caf/atom.hpp>
#include <caf/exit_reason.hpp>
#include <caf/make_message.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/system_messages.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <exception>
#include <map>

namespace holdfast::supervisor {

namespace {

/// More callers than this that wait for the first start are answered with `busy`.
constexpr std::size_t awaiting_max = 1000;

/// A child's present incarnation.
struct living {
  child_ref ref;
  caf::actor actor;
  bool answered = false;
};

struct supervisor_state {
  supervisor_state() = default;
  supervisor_state(const supervisor_state&) = delete;
  supervisor_state& operator=(const supervisor_state&) = delete;
  ~supervisor_state() {
    // A killed supervisor leaves nobody behind who could be found.
    for (const auto& [id, one] : alive)
      if (around.book)
        around.book->erase(id, one.actor.id());
  }

  std::optional<supervisor> core;
  std::map<std::string, child_factory, std::less<>> factories;
  surroundings around;
  std::map<std::string, living, std::less<>> alive; ///< Strong handles: dropping one ends it.
  std::map<caf::actor_id, child_ref> watched;       ///< Also those that were abandoned.
  std::vector<caf::typed_response_promise<children_started>> awaiting;
  bool all_started = false;
  std::deque<decision> waiting; ///< Decisions made while one is being performed.
  bool acting = false;
};

using self_pointer = handle::stateful_pointer<supervisor_state>;

double jitter_of(self_pointer self) {
  return self->state.around.jitter ? self->state.around.jitter() : 0.0;
}

void act(self_pointer self, decision made);

template <class Heard>
void hear(self_pointer self, const Heard& heard) {
  act(self, self->state.core->on(heard, self->clock().now()));
}

living* incarnation_of(self_pointer self, const child_ref& wanted) {
  const auto found = self->state.alive.find(wanted.id);
  if (found == self->state.alive.end() || found->second.ref != wanted)
    return nullptr;
  return &found->second;
}

void unlist(self_pointer self, const living& one) {
  if (self->state.around.book)
    self->state.around.book->erase(one.ref.id, one.actor.id());
}

void answered(self_pointer self, const child_ref& ref) {
  if (auto* one = incarnation_of(self, ref)) {
    one->answered = true;
    if (self->state.around.book)
      self->state.around.book->put(ref.id, one->actor);
    hear(self, child_started{ref});
  }
}

/// A start that fails shows itself by the down message, one that hangs by the machine's alarm, so
/// errors of the handshake say nothing new.
void shake_hands(self_pointer self, const child_ref& ref, const caf::actor& actor,
                 child_type type) {
  constexpr auto urgent = caf::message_priority::high;
  const auto not_now = [](caf::error&) {};
  if (type == child_type::supervisor) {
    self->request<urgent>(caf::actor_cast<handle>(actor), caf::infinite, await_children{})
        .then([self, ref](const children_started&) { answered(self, ref); }, not_now);
    return;
  }
  // Every event-based actor answers this once its behaviour is set, before its own messages.
  self->request<urgent>(actor, caf::infinite, caf::sys_atom::value, caf::get_atom::value,
                        std::string{"info"})
      .then([self, ref](caf::ok_atom, const std::string&, const caf::strong_actor_ptr&,
                        const std::string&) { answered(self, ref); },
            not_now);
}

void start(self_pointer self, const child_ref& ref) {
  auto& state = self->state;
  caf::actor made;
  try {
    made = state.factories.find(ref.id)->second(self->system());
  } catch (const std::exception& problem) {
    return hear(self, child_start_failed{ref, problem.what(), jitter_of(self)});
  }
  if (!made)
    return hear(self, child_started{ref, true});
  state.watched[made.id()] = ref;
  state.alive[ref.id] = {ref, made, false};
  self->monitor<caf::message_priority::high>(made);
  shake_hands(self, ref, made, state.core->type_of(ref.id));
}

/// Urgent, so that a long mailbox is not taken for a hung child.
void probe(self_pointer self, const probe_order& order) {
  const auto* one = incarnation_of(self, order.child);
  if (one == nullptr)
    return;
  self->request<caf::message_priority::high>(one->actor, caf::infinite, caf::sys_atom::value,
                                             caf::get_atom::value, std::string{"info"})
      .then(
          [self, order](caf::ok_atom, const std::string&, const caf::strong_actor_ptr&,
                        const std::string&) {
            hear(self, child_answered{order.child, order.number});
          },
          [](caf::error&) {});
}

void ask_to_end(self_pointer self, const child_ref& ref) {
  if (const auto* one = incarnation_of(self, ref))
    self->send_exit(one->actor, caf::exit_reason::user_shutdown);
}

/// An urgent exit may be lost while the actor waits for something, a normal one waits behind its
/// mailbox: both are sent.
void kill(self_pointer self, const child_ref& ref) {
  const auto* one = incarnation_of(self, ref);
  if (one == nullptr)
    return;
  unlist(self, *one);
  caf::anon_send<caf::message_priority::high>(
      one->actor, caf::exit_msg{self->address(), caf::exit_reason::kill});
  self->send_exit(one->actor, caf::exit_reason::kill);
}

void died(self_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  const auto found = state.watched.find(down.source.id());
  if (found == state.watched.end())
    return; // no child of ours, or no longer
  const auto ref = found->second;
  state.watched.erase(found);
  if (auto* one = incarnation_of(self, ref)) {
    unlist(self, *one);
    state.alive.erase(ref.id);
  }
  child_died told{
      .child = ref,
      .how = ending_of(down.reason),
      .text = text_of(down.reason),
      .jitter = jitter_of(self),
  };
  if (auto below = ended_of(down.reason)) {
    told.causes = std::move(below->causes);
    told.stayed = std::move(below->stayed);
  }
  hear(self, told);
}

caf::error reason_of(const supervision_ended& ended) {
  if (ended.outcome == supervision_outcome::stopped
      || ended.outcome == supervision_outcome::ended_itself) {
    caf::error clean = caf::exit_reason::user_shutdown;
    if (!ended.stayed.empty())
      clean.context() = caf::make_message(ended.text, std::string{}, carried{ended});
    return clean;
  }
  auto reason = to_error({fault_code::failed, ended.text, {}});
  reason.context() = caf::make_message(ended.text, std::string{}, carried{ended});
  return reason;
}

void end(self_pointer self, const supervision_ended& ended) {
  const auto reason = reason_of(ended);
  for (auto& promise : self->state.awaiting)
    promise.deliver(reason);
  self->state.awaiting.clear();
  self->quit(reason);
}

void perform(self_pointer self, const decision& made) {
  auto& state = self->state;
  if (state.around.history)
    for (const auto& event : made.events)
      state.around.history(event);
  for (const auto& order : made.shutdowns)
    ask_to_end(self, order.child);
  for (const auto& ref : made.kills)
    kill(self, ref);
  for (const auto& ref : made.starts)
    start(self, ref);
  for (const auto& order : made.probes)
    probe(self, order);
  for (const auto& alarm : made.alarms)
    self->scheduled_send(self, alarm.at, child_alarm{alarm.id, alarm.epoch});
  if (made.all_started) {
    state.all_started = true;
    for (auto& promise : state.awaiting)
      promise.deliver(children_started{});
    state.awaiting.clear();
  }
  if (!made.exit_process.empty() && state.around.exit_process)
    state.around.exit_process(made.exit_process);
  if (made.ended)
    end(self, *made.ended);
}

/// Performing a decision may lead to the next one (a factory that throws): they are performed one
/// after the other, never one inside the other.
void act(self_pointer self, decision made) {
  auto& state = self->state;
  state.waiting.push_back(std::move(made));
  if (std::exchange(state.acting, true))
    return;
  while (!state.waiting.empty()) {
    const auto next = std::move(state.waiting.front());
    state.waiting.pop_front();
    perform(self, next);
  }
  state.acting = false;
}

caf::result<caf::actor> handle_of(self_pointer self, const std::string& id) {
  if (!self->state.core->knows(id))
    return to_error({fault_code::not_found, "no child '" + id + "'", {}});
  const auto found = self->state.alive.find(id);
  if (found == self->state.alive.end() || !found->second.answered)
    return to_error({fault_code::busy, "child '" + id + "' does not run", "ask again later"});
  return found->second.actor;
}

handle::behavior_type supervisor_actor(self_pointer self, const supervisor_flags& chosen,
                                       const std::vector<child>& children,
                                       const surroundings& around) {
  furnish(self);
  auto& state = self->state;
  state.around = around;
  std::vector<child_spec> specs;
  for (const auto& one : children) {
    specs.push_back(one.spec);
    state.factories[one.spec.id] = one.start;
  }
  state.core.emplace(chosen, std::move(specs));
  if (around.past)
    state.core->restore(*around.past, self->clock().now());
  self->set_down_handler([self](caf::down_msg& down) { died(self, down); });
  self->set_exit_handler([self](caf::exit_msg&) { hear(self, stop_children{}); });
  // Not here: what quits before it has a behaviour goes on living.
  self->send(self, start_children{});
  return {
      [self](const start_children& asked) { hear(self, asked); },
      [self](const which_children&) { return self->state.core->list(self->clock().now()); },
      [self](const count_children&) { return self->state.core->count(); },
      [self](const find_child& wanted) { return handle_of(self, wanted.id); },
      [self](const await_children&) -> caf::result<children_started> {
        if (self->state.all_started)
          return children_started{};
        if (self->state.awaiting.size() >= awaiting_max)
          return to_error({fault_code::busy, "too many wait for the start", "ask again later"});
        auto promise = self->make_response_promise<children_started>();
        self->state.awaiting.push_back(promise);
        return promise;
      },
      [self](child_alarm due) {
        due.jitter = jitter_of(self);
        hear(self, due);
      },
  };
}

/// What the machine decides and this shell cannot carry out is refused, not forgotten.
result<void> check_abilities(const supervisor_flags& chosen, const std::vector<child_spec>& specs) {
  const auto refused = [](const std::string& what) {
    return fault{fault_code::unsupported, what, "leave it out"};
  };
  if (chosen.strategy == restart_strategy::simple_one_for_one)
    return refused("supervisor '" + chosen.name + "': simple_one_for_one has no calls yet");
  for (const auto& spec : specs) {
    const auto whose = "child '" + spec.id + "': ";
    if (spec.hang.handler_max.count() > 0)
      return refused(whose + "the time of a message is not measured");
    if (!(spec.messages == leftovers{}))
      return refused(whose + "there is no address that would keep messages");
    if (!(spec.mailbox == mailbox_bounds{}))
      return refused(whose + "mailboxes have no bounds");
  }
  return {};
}

} // namespace

result<handle> spawn_supervisor(caf::actor_system& system, supervisor_flags chosen,
                                std::vector<child> children, surroundings around) {
  std::vector<child_spec> specs;
  for (const auto& one : children) {
    if (!one.start)
      return fault{
          fault_code::invalid, "child '" + one.spec.id + "': has no start (missing_start)", {}};
    specs.push_back(one.spec);
  }
  if (auto fine = check(chosen, specs); !fine)
    return fine.error();
  if (auto able = check_abilities(chosen, specs); !able)
    return able.error();
  return system.spawn(supervisor_actor, std::move(chosen), std::move(children), std::move(around));
}

std::optional<supervision_ended> ended_of(const caf::error& reason) {
  if (!reason)
    return std::nullopt;
  const auto& context = reason.context();
  if (context.size() != 3 || !context.match_element<carried<supervision_ended>>(2))
    return std::nullopt;
  return *context.get_as<carried<supervision_ended>>(2);
}

ending ending_of(const caf::error& reason) {
  if (!reason || reason == caf::exit_reason::normal)
    return ending::normal;
  if (reason.category() != caf::atom("exit"))
    return ending::crashed;
  switch (static_cast<caf::exit_reason>(reason.code())) {
  case caf::exit_reason::user_shutdown:
    return ending::shutdown;
  case caf::exit_reason::kill:
    return ending::killed;
  default:
    return ending::crashed;
  }
}

} // namespace holdfast::supervisor
