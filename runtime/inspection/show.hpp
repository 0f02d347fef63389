// SPDX-License-Identifier: Apache-2.0
// Findings as values: the members of `/v1/actors` and of `--json`.
#pragma once

#include "messages/value.hpp"
#include "runtime/inspection/findings.hpp"

#include <optional>
#include <string>
#include <vector>

namespace holdfast::inspection {

/// Chooses actors. Every given condition must hold.
struct actor_choice {
  std::vector<std::string> states; ///< Any of these; empty: all.
  std::string name;                ///< Part of the name; empty: all.
};

/// The states that a choice may name.
std::vector<std::string> known_states();

/// `as_of`, `source`, `process`, `picture`, `supervisors`, `actors`.
value show_actors(const findings& in, const actor_choice& chosen);

/// `as_of`, `source`, `process`, `actor`, `supervisor`, `waits` (left out: nobody counts),
/// `history` (newest first, at most that many; null: not known), `checkpoint` with `state` where
/// there is one, `lints`.
value show_actor(const findings& in, const actor_view& one, const std::optional<checkpoint>& kept,
                 std::size_t history_max);

/// `as_of`, `source`, `name`, `state`, `answers`: name and lines of each.
value show_why(const findings& in, const actor_view& one);

} // namespace holdfast::inspection
