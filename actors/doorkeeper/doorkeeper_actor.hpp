// SPDX-License-Identifier: Apache-2.0
// Keeps a door open: what is no actor itself lives and dies with one that a supervisor watches.
#pragma once

#include "actors/inspect.hpp"
#include "messages/fault.hpp"
#include "messages/fields.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace holdfast::doorkeeping {

/// A door that is open. Destroyed, it is closed at once.
class kept_door {
public:
  kept_door() = default;
  kept_door(const kept_door&) = delete;
  kept_door& operator=(const kept_door&) = delete;
  virtual ~kept_door() = default;

  /// Answers what is being answered, and closes; waits at most so long. Answers how many were cut
  /// off then.
  virtual std::size_t close(std::chrono::milliseconds within) = 0;
};

/// Opens it, in the doorkeeper's own thread; may block for as long as its start may take.
using open_door = std::function<result<std::unique_ptr<kept_door>>()>;

/// Closes the door; the doorkeeper ends with it. Answered with `door_closed`.
struct close_door {
  std::chrono::milliseconds within{0};

  static constexpr auto name = "close_door";
  static constexpr auto fields = std::make_tuple(&close_door::within);
};

struct door_closed {
  std::uint64_t cut = 0; ///< Requests that got no answer.

  static constexpr auto name = "door_closed";
  static constexpr auto fields = std::make_tuple(&door_closed::cut);
};

using handle = caf::typed_actor<caf::replies_to<close_door>::with<door_closed>>;

struct doorkeeper_state {
  doorkeeper_state() = default;

  std::unique_ptr<kept_door> door;
};

/// Spawn it detached: opening and closing wait. A door that does not open ends it with the reason.
handle::behavior_type doorkeeper_actor(handle::stateful_pointer<doorkeeper_state> self,
                                       const open_door& open);

} // namespace holdfast::doorkeeping
