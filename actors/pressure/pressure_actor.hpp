// SPDX-License-Identifier: Apache-2.0
// Carries the pressure machine: hears journal and consumers, tells producers.
#pragma once

#include "actors/inspect.hpp"
#include "actors/pressure/admission.hpp"
#include "actors/pressure/pressure.hpp"

#include <caf/actor.hpp>
#include <caf/replies_to.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace holdfast::pressure {

/// Subscribers are told every change, in order, until they end.
using handle = caf::typed_actor<caf::reacts_to<records_appended>, caf::reacts_to<consumer_joined>,
                                caf::reacts_to<records_processed>, caf::reacts_to<consumer_left>,
                                caf::replies_to<read_pressure>::with<pressure_reading>,
                                caf::replies_to<watch_pressure>::with<pressure_reading>,
                                caf::reacts_to<check_due>>;

/// Subscribers taken at most; one more is answered with `busy`.
inline constexpr std::size_t subscribers_max = 1000;

/// What the actor is given of the world.
struct surroundings {
  std::shared_ptr<admission> cell;                     ///< Needs: not null.
  std::function<void(const pressure_alarm&)> on_alarm; ///< May be empty; must not block or throw.
  std::function<void(const pressure_changed&)> on_change; ///< The same, for producers in-process.
};

struct pressure_state {
  pressure_state() = default;
  std::optional<pressure> core;
  surroundings around;
  std::map<caf::actor_id, caf::actor> subscribers;
};

/// Needs: `check(chosen)`. `head` is the journal's last record now. Whoever starts it again tells
/// it of the consumers anew.
handle::behavior_type pressure_actor(handle::stateful_pointer<pressure_state> self,
                                     const limits& chosen, sequence head,
                                     const surroundings& around);

} // namespace holdfast::pressure
