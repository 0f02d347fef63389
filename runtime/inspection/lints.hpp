// SPDX-License-Identifier: Apache-2.0
// What looks wrong about an actor, before it breaks: rules with stable names (docs/lints.md).
#pragma once

#include "messages/checkpoint.hpp"
#include "messages/inspection.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::inspection {

/// When a rule speaks. The defaults are those of docs/lints.md.
struct lint_limits {
  std::chrono::milliseconds never_yields{30000};    ///< One message, still being handled.
  std::chrono::milliseconds handler_deadline{1000}; ///< One message in a hundred takes longer.
  std::chrono::milliseconds oldest{10000};          ///< A message waits so long,
  std::uint64_t queued = 100;                       ///< with so many others,
  std::uint64_t queued_share = 80;                  ///< or the mailbox is full to so many percent.
  std::uint32_t failures = 3;                       ///< In a row.
  std::uint64_t budget_share = 50;                  ///< Percent of a restart budget.
  std::uint64_t checkpoint_overdue = 10;            ///< Times what the checkpoint rule allows.
  std::uint64_t state_bytes = 8ULL << 20U;          ///< Half of the largest that is taken.
};

/// All that the rules look at.
struct lint_subject {
  const actor_view* actor = nullptr;       ///< Never null.
  const supervisor_view* keeper = nullptr; ///< Null: not known.
  std::optional<checkpoint_info> newest;   ///< Its last checkpoint, if it has any.
  sequence head;                           ///< The journal's newest record.
  wall_time now;
  checkpoint_rule rule;
};

struct lint {
  std::string id;   ///< For ever the same; its section in docs/lints.md.
  std::string says; ///< One sentence, with the numbers.
  std::string help; ///< What to do.

  friend bool operator==(const lint&, const lint&) = default;
};

/// The ids, in the order in which they are reported.
const std::vector<std::string_view>& lint_ids();

/// What the rules say of one actor. Pure. What is not known is not held against it.
std::vector<lint> lints_of(const lint_subject& of, const lint_limits& limits = {});

} // namespace holdfast::inspection
