// SPDX-License-Identifier: Apache-2.0
// What is known at one moment about the actors of a runtime. What could not be asked is left out,
// never shown as if there were nothing.
#pragma once

#include "messages/actor_reading.hpp"
#include "messages/child_spec.hpp"
#include "messages/supervision_calls.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace holdfast {

struct supervisor_view {
  std::string name;
  std::string parent; ///< The supervisor above it; empty: it stands alone.
  restart_strategy strategy = restart_strategy::one_for_one;
  std::uint32_t intensity = 0;
  std::chrono::milliseconds period{0}; ///< 0: not known.
  std::uint32_t restarts_used = 0;
  bool answered = false; ///< False: what stands in `restarts_used` is not known.

  friend bool operator==(const supervisor_view&, const supervisor_view&) = default;
};

struct actor_view {
  std::string name;
  std::string supervisor;
  std::optional<child_status> status;   ///< Left out: its supervisor did not answer in time.
  std::optional<actor_reading> reading; ///< Left out: nobody counts for it.
};

/// Supervisors from the top, actors in the order in which they are started.
struct actor_tree {
  std::vector<supervisor_view> supervisors;
  std::vector<actor_view> actors;
};

} // namespace holdfast
