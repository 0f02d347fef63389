// SPDX-License-Identifier: Apache-2.0
// Whether flags and specs make sense, asked before anything starts; and the defaults they imply.
#pragma once

#include "messages/child_spec.hpp"
#include "messages/fault.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace holdfast::supervisor {

/// Children a supervisor takes at most; one more is refused.
inline constexpr std::size_t children_max = 10000;

/// The same under simple_one_for_one, whose children cost less: they have no order.
inline constexpr std::size_t instances_max = 250000;

/// The largest intensity of a budget.
inline constexpr std::uint32_t intensity_max = 10000;

/// The first problem, named after OTP's reasons: of the flags, then of each spec in order.
result<void> check(const supervisor_flags& chosen, const std::vector<child_spec>& specs);

/// The same for one spec that joins a supervisor of these flags.
result<void> check_child(const supervisor_flags& chosen, const child_spec& spec);

/// OTP's check_childspecs: specs by themselves, before there is a supervisor for them. Whether they
/// suit an automatic shutdown is checked where that is given.
result<void> check_childspecs(const std::vector<child_spec>& specs,
                              std::optional<auto_shutdown> shuts_down = {});

/// The spec with what was left out filled in.
child_spec completed(child_spec spec);

/// How long a child of a completed spec gets to end by itself.
inline std::chrono::milliseconds shutdown_of(const child_spec& spec) {
  return spec.shutdown.value_or(std::chrono::milliseconds{0});
}

} // namespace holdfast::supervisor
