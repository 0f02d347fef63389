// SPDX-License-Identifier: Apache-2.0
// The pressure machine's shell.
#include "actors/pressure/pressure_actor.hpp"

#include "actors/shell.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>
#include <caf/system_messages.hpp>

namespace holdfast::pressure {

namespace {

using self_pointer = handle::stateful_pointer<pressure_state>;

void tell(self_pointer self, const pressure_changed& change) {
  const auto& [cell, on_alarm, on_change] = self->state.around;
  cell->publish(change);
  if (on_change)
    on_change(change);
  for (const auto& [id, subscriber] : self->state.subscribers)
    caf::anon_send(subscriber, change);
}

void act(self_pointer self, const decision& made) {
  for (const auto& change : made.changes)
    tell(self, change);
  if (self->state.around.on_alarm)
    for (const auto& alarm : made.alarms)
      self->state.around.on_alarm(alarm);
  if (made.wake_at)
    self->scheduled_send(self, *made.wake_at, check_due{});
}

caf::result<pressure_reading> subscribe(self_pointer self) {
  auto& subscribers = self->state.subscribers;
  auto sender = caf::actor_cast<caf::actor>(self->current_sender());
  if (sender && subscribers.count(sender.id()) == 0) {
    if (subscribers.size() >= subscribers_max)
      return to_error({fault_code::busy, "too many subscribers", "try again later"});
    self->monitor(sender);
    subscribers.emplace(sender.id(), std::move(sender));
  }
  return self->state.core->read(self->clock().now());
}

} // namespace

handle::behavior_type pressure_actor(self_pointer self, const limits& chosen, sequence head,
                                     const surroundings& around) {
  furnish(self);
  self->state.core.emplace(chosen, head, self->clock().now());
  self->state.around = around;
  // A new machine has no reason to pause yet.
  around.cell->publish({});
  self->set_down_handler(
      [self](caf::down_msg& down) { self->state.subscribers.erase(down.source.id()); });
  const auto hear = [self](const auto& heard) {
    act(self, self->state.core->on(heard, self->clock().now()));
  };
  return {
      [=](const records_appended& told) { hear(told); },
      [=](const consumer_joined& told) { hear(told); },
      [=](const records_processed& told) { hear(told); },
      [=](const consumer_left& told) { hear(told); },
      [=](const read_pressure&) { return self->state.core->read(self->clock().now()); },
      [=](const watch_pressure&) { return subscribe(self); },
      [=](const check_due& due) { hear(due); },
  };
}

} // namespace holdfast::pressure
