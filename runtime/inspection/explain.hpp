// SPDX-License-Identifier: Apache-2.0
// Why an actor is as it is, in words: the same for the terminal, the door and a store that stopped.
#pragma once

#include "runtime/inspection/findings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::inspection {

/// One answer: a stable name and sentences.
struct section {
  std::string name; ///< state, deaths, rule, budget, next, lints, can: in this order.
  std::vector<std::string> lines;
};

/// Deaths that are told one by one.
inline constexpr std::size_t deaths_told_max = 5;

/// Answers in the order in which a person asks. Every section is there; what is not known says so.
std::vector<section> explain(const findings& in, const actor_view& one);

/// One line of a life in words, without its time: `died (crashed): boom`.
std::string worded(const supervision_fate& what);

/// The name as a person types it: quoted where it has a space.
std::string typed(std::string_view name);

} // namespace holdfast::inspection
