// SPDX-License-Identifier: Apache-2.0
// The supervisor's shell.
#include "actors/supervisor/supervisor_actor.hpp"

#include "actors/shell.hpp"
#include "actors/supervisor/callers_actor.hpp"
#include "actors/supervisor/wards_actor.hpp"

#include <caf/atom.hpp>
#include <caf/exit_reason.hpp>
#include <caf/make_message.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/system_messages.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <deque>
#include <exception>
#include <map>

namespace holdfast::supervisor {

namespace {

using std::chrono::milliseconds;

/// More callers than this that wait for the first start are answered with `busy`.
constexpr std::size_t awaiting_max = 1000;

struct supervisor_state {
  supervisor_state() = default;
  supervisor_state(const supervisor_state&) = delete;
  supervisor_state& operator=(const supervisor_state&) = delete;
  ~supervisor_state() {
    const auto gone = to_error({fault_code::failed, "the supervisor has ended", {}});
    awaiting.answer_all(gone);
    calling.answer_all(gone);
  }

  std::optional<supervisor> core;
  surroundings around;
  std::optional<wards> children;
  std::map<caf::actor_id, child_ref> watched; ///< Also those that were abandoned.
  callers awaiting;                           ///< The first start.
  callers calling;
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

// ---- what the counters say --------------------------------------------------------------------

/// Tells what became of messages since it was told last.
void settle(self_pointer self, const std::string& id, ward& one) {
  const auto now = one.counters->read().left;
  const auto before = std::exchange(one.told, now);
  if (!(now == before))
    hear(self,
         messages_settled{id,
                          {now.redelivered - before.redelivered, now.refused - before.refused,
                           now.handed_over - before.handed_over, now.dropped - before.dropped}});
}

void settle_all(self_pointer self) {
  self->state.children->each([self](const std::string& id, ward& one) { settle(self, id, one); });
}

void look(self_pointer self, const child_ref& ref) {
  const auto* one = self->state.children->find(ref);
  if (one == nullptr)
    return;
  const auto seen = one->counters->read();
  if (seen.incarnation == ref.incarnation && seen.current)
    hear(self, child_busy{ref, seen.current->kind, seen.current->handling});
}

/// Before those who do not end are given up: what they are doing, for the report.
void look_at_leaving(self_pointer self, const std::string& id) {
  auto& children = *self->state.children;
  std::vector<child_ref> leaving;
  const auto note = [&](const std::string&, const ward& one) {
    if (one.actor && one.leaving)
      leaving.push_back(one.ref);
  };
  if (id.empty())
    children.each(note);
  else if (const auto* one = children.find(std::string_view{id}))
    note(id, *one);
  for (const auto& ref : leaving)
    look(self, ref);
}

// ---- what is done to children -----------------------------------------------------------------

/// A start that fails shows itself by the down message, one that hangs by the machine's alarm, so
/// errors of the handshake say nothing new.
void shake_hands(self_pointer self, const child_ref& ref, const newborn& made) {
  constexpr auto urgent = caf::message_priority::high;
  const auto not_now = [](caf::error&) {};
  const auto answered = [self, told = child_started{ref, false, made.info}] { hear(self, told); };
  if (self->state.core->knows(ref.id)
      && self->state.core->type_of(ref.id) == child_type::supervisor) {
    self->request<urgent>(caf::actor_cast<handle>(made.actor), caf::infinite, await_children{})
        .then([answered](const children_started&) { answered(); }, not_now);
    return;
  }
  // Every event-based actor answers this once its behaviour is set, before its own messages.
  self->request<urgent>(made.actor, caf::infinite, caf::sys_atom::value, caf::get_atom::value,
                        std::string{"info"})
      .then([answered](caf::ok_atom, const std::string&, const caf::strong_actor_ptr&,
                       const std::string&) { answered(); },
            not_now);
}

void start(self_pointer self, const child_ref& ref) {
  auto& state = self->state;
  newborn made;
  try {
    made = state.children->make(ref.id, state.core->arguments_of(ref.id));
  } catch (const std::exception& problem) {
    return hear(self, child_start_failed{ref, problem.what(), jitter_of(self)});
  }
  if (!made.actor)
    return hear(self, child_started{ref, true});
  auto& one = state.children->need(ref.id);
  one.ref = ref;
  one.actor = made.actor;
  one.leaving = false;
  state.watched[made.actor.id()] = ref;
  self->monitor<caf::message_priority::high>(made.actor);
  shake_hands(self, ref, made);
}

/// Urgent, so that a long mailbox is not taken for a hung child.
void probe(self_pointer self, const probe_order& order) {
  const auto* one = self->state.children->find(order.child);
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

/// What a supervisor gets of the time until it is killed: the rest is for telling how it ended.
milliseconds share_below(milliseconds left) {
  return std::max(left - std::min(left / 8, milliseconds{500}), milliseconds{1});
}

void ask_to_end(self_pointer self, const shutdown_order& order) {
  auto* one = self->state.children->find(order.child);
  if (one == nullptr)
    return;
  one->leaving = true;
  const auto& core = *self->state.core;
  if (order.by && core.knows(order.child.id)
      && core.type_of(order.child.id) == child_type::supervisor) {
    const auto left = std::chrono::duration_cast<milliseconds>(*order.by - self->clock().now());
    self->send<caf::message_priority::high>(caf::actor_cast<handle>(one->actor),
                                            stop_children{share_below(left)});
    return;
  }
  self->send_exit(one->actor, caf::exit_reason::user_shutdown);
}

void kill(self_pointer self, const child_ref& ref) {
  if (auto* one = self->state.children->find(ref)) {
    one->leaving = true;
    send_kill(one->actor);
  }
}

void died(self_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  const auto found = state.watched.find(down.source.id());
  if (found == state.watched.end())
    return; // no child of ours, or no longer
  const auto ref = found->second;
  state.watched.erase(found);
  child_died told{
      .child = ref,
      .how = ending_of(down.reason),
      .text = text_of(down.reason),
      .jitter = jitter_of(self),
  };
  if (auto* one = state.children->find(std::string_view{ref.id})) {
    told.last_message = one->address->ended(ref.incarnation);
    if (one->ref == ref)
      one->actor = nullptr;
    settle(self, ref.id, *one);
  }
  if (auto below = ended_of(down.reason)) {
    told.causes = std::move(below->causes);
    told.stayed = std::move(below->stayed);
  }
  hear(self, told);
}

// ---- decisions --------------------------------------------------------------------------------

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
  self->state.awaiting.answer_all(reason);
  self->quit(reason);
}

/// What is told of it, and where its children are reached from now on.
void announce(self_pointer self, const decision& made) {
  auto& state = self->state;
  if (state.around.history)
    for (const auto& event : made.events)
      state.around.history(event);
  if (state.around.reports)
    for (const auto& report : made.reports)
      state.around.reports(report);
  for (const auto& change : made.routes)
    state.children->lead(change);
  for (const auto& event : made.events) {
    auto* one = state.children->find(std::string_view{event.child});
    if (one == nullptr)
      continue;
    if (event.what == supervision_fact::abandoned)
      one->address->abandon(event.incarnation);
    else if (event.what == supervision_fact::removed)
      state.children->remove(event.child);
  }
}

void perform(self_pointer self, const decision& made) {
  auto& state = self->state;
  announce(self, made);
  for (const auto& order : made.shutdowns)
    ask_to_end(self, order);
  for (const auto& ref : made.kills)
    kill(self, ref);
  for (const auto& ref : made.starts)
    start(self, ref);
  for (const auto& order : made.probes)
    probe(self, order);
  for (const auto& ref : made.looks)
    look(self, ref);
  for (const auto& alarm : made.alarms)
    self->scheduled_send(self, alarm.at, child_alarm{alarm.id, alarm.epoch});
  for (const auto& reply : made.replies)
    state.calling.answer(reply.to.number, carried{reply.answer});
  if (made.all_started) {
    state.all_started = true;
    state.awaiting.answer_all(children_started{});
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

// ---- calls ------------------------------------------------------------------------------------

using answer_promise = caf::typed_response_promise<carried<child_answer>>;

template <class Call>
answer_promise call(self_pointer self, const Call& asked) {
  hear(self, start_children{}); // the call may have come before it
  auto promise = self->make_response_promise<answer_promise>();
  const caller by{self->state.calling.add(promise)};
  act(self, self->state.core->on(asked, by, self->clock().now()));
  return promise;
}

answer_promise start_one(self_pointer self, const child_to_start& asked) {
  auto& state = self->state;
  const bool is_new = state.core->flags().strategy != restart_strategy::simple_one_for_one
                      && !state.core->knows(asked.whom.spec.id);
  if (is_new) {
    if (auto fine = state.children->check(asked.whom); !fine) {
      auto promise = self->make_response_promise<answer_promise>();
      promise.deliver(carried{
          child_answer{child_verdict::invalid, asked.whom.spec.id, 0, fine.error().what, {}}});
      return promise;
    }
    state.children->put(asked.whom); // its start may be ordered at once
  }
  auto promise = call(self, start_child{asked.whom.spec, asked.arguments});
  if (is_new && !state.core->knows(asked.whom.spec.id))
    state.children->remove(asked.whom.spec.id);
  return promise;
}

caf::result<supervision_changed> change(self_pointer self, const supervision_change& asked) {
  auto& state = self->state;
  hear(self, start_children{});
  change_supervision wanted{asked.flags, {}};
  for (const auto& one : asked.children) {
    if (auto fine = state.children->check(one); !fine)
      return to_error(fine.error());
    wanted.specs.push_back(one.spec);
  }
  auto made = state.core->change(wanted, self->clock().now());
  if (!made)
    return to_error(made.error());
  for (const auto& one : asked.children)
    state.children->put(one);
  act(self, *std::move(made));
  return supervision_changed{};
}

caf::result<caf::actor> handle_of(self_pointer self, const std::string& id) {
  auto& state = self->state;
  const auto known = state.core->status_of(id, self->clock().now());
  if (!known)
    return to_error(known.error());
  if (known->state != child_state::running)
    return to_error({fault_code::busy, "child '" + id + "' does not run", "ask again later"});
  return state.children->need(id).address->handle();
}

caf::result<child_status> status_of(self_pointer self, const std::string& id) {
  if (auto* one = self->state.children->find(std::string_view{id}))
    settle(self, id, *one);
  auto known = self->state.core->status_of(id, self->clock().now());
  if (!known)
    return to_error(known.error());
  return *std::move(known);
}

caf::result<carried<child_spec>> spec_of(self_pointer self, const std::string& id) {
  auto known = self->state.core->spec_of(id);
  if (!known)
    return to_error(known.error());
  return carried{*std::move(known)};
}

caf::result<children_started> await_start(self_pointer self) {
  if (self->state.all_started)
    return children_started{};
  if (self->state.awaiting.size() >= awaiting_max)
    return to_error({fault_code::busy, "too many wait for the start", "ask again later"});
  auto promise = self->make_response_promise<children_started>();
  self->state.awaiting.add(promise);
  return promise;
}

handle::behavior_type supervisor_actor(self_pointer self, const supervisor_flags& chosen,
                                       const std::vector<child>& children,
                                       const surroundings& around) {
  furnish(self);
  auto& state = self->state;
  state.around = around;
  std::vector<child_spec> specs;
  state.children.emplace(self->system(), around, chosen.name,
                         chosen.strategy == restart_strategy::simple_one_for_one);
  for (const auto& one : children) {
    specs.push_back(one.spec);
    state.children->put(one);
  }
  state.core.emplace(chosen, std::move(specs));
  if (around.past)
    state.core->restore(*around.past, self->clock().now());
  self->set_down_handler([self](caf::down_msg& down) { died(self, down); });
  self->set_exit_handler([self](caf::exit_msg&) { hear(self, stop_children{}); });
  // Not here: what quits before it has a behaviour goes on living.
  self->send(self, start_children{});
  return {
      [self](const which_children&) {
        settle_all(self);
        return self->state.core->list(self->clock().now());
      },
      [self](const count_children&) { return self->state.core->count(); },
      [self](const which_child& wanted) { return status_of(self, wanted.id); },
      [self](const get_childspec& wanted) { return spec_of(self, wanted.id); },
      [self](const find_child& wanted) { return handle_of(self, wanted.id); },
      [self](const await_children&) { return await_start(self); },
      [self](const carried<child_to_start>& asked) { return start_one(self, *asked); },
      [self](const terminate_child& asked) { return call(self, asked); },
      [self](const restart_child& asked) { return call(self, asked); },
      [self](const delete_child& asked) { return call(self, asked); },
      [self](const carried<supervision_change>& asked) { return change(self, *asked); },
      [self](const start_children& asked) { hear(self, asked); },
      [self](const stop_children& asked) { hear(self, asked); },
      [self](child_alarm due) {
        look_at_leaving(self, due.id);
        due.jitter = jitter_of(self);
        hear(self, due);
      },
  };
}

result<void> check_all(const supervisor_flags& chosen, const std::vector<child>& children) {
  std::vector<child_spec> specs;
  for (const auto& one : children) {
    if (auto fine = check_made(one); !fine)
      return fine;
    specs.push_back(one.spec);
  }
  return check(chosen, specs);
}

} // namespace

result<handle> spawn_supervisor(caf::actor_system& system, supervisor_flags chosen,
                                std::vector<child> children, surroundings around) {
  if (auto fine = check_all(chosen, children); !fine)
    return fine.error();
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
