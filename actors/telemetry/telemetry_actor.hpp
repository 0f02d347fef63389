// SPDX-License-Identifier: Apache-2.0
// The shell of telemetry: performs the duties of its files when they are due.
#pragma once

#include "actors/inspect.hpp"
#include "actors/telemetry/telemetry.hpp"
#include "persistence/telemetry_writer.hpp"

#include <caf/replies_to.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>

namespace holdfast::telemetry {

/// Telemetry is written without this actor; it looks after the files. Duties read and write files,
/// so `runtime/` detaches it.
using handle = caf::typed_actor<caf::reacts_to<rotate_telemetry>,
                                caf::replies_to<prune_telemetry>::with<telemetry_pruned>,
                                caf::replies_to<count_telemetry>::with<telemetry_counters>>;

struct duties {
  telemetry_retention retention;
  std::chrono::seconds first{60};    ///< After the start, the first prune.
  std::chrono::seconds period{3600}; ///< Between two prunes; 0: only when asked.
  std::function<wall_time()> wall;   ///< Required.
};

struct telemetry_state {
  telemetry_state() = default;
  std::optional<telemetry> core;
};

/// Prunes by itself after `first` and then each `period`, and whenever asked.
handle::behavior_type telemetry_actor(handle::stateful_pointer<telemetry_state> self,
                                      std::shared_ptr<persistence::telemetry_writer> writer,
                                      duties chosen);

} // namespace holdfast::telemetry
