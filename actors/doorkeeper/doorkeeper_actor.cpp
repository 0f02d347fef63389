// SPDX-License-Identifier: Apache-2.0
// The doorkeeper's shell.
#include "actors/doorkeeper/doorkeeper_actor.hpp"

#include "actors/shell.hpp"

#include <caf/stateful_actor.hpp>

#include <stdexcept>
#include <utility>

namespace holdfast::doorkeeping {

handle::behavior_type doorkeeper_actor(handle::stateful_pointer<doorkeeper_state> self,
                                       const open_door& open) {
  furnish(self);
  auto opened = open();
  if (!opened)
    throw std::runtime_error{opened.error().what};
  self->state.door = *std::move(opened);
  return {[self](const close_door& asked) {
    const auto cut = std::exchange(self->state.door, nullptr)->close(asked.within);
    self->quit();
    return door_closed{cut};
  }};
}

} // namespace holdfast::doorkeeping
