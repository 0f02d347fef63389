// SPDX-License-Identifier: Apache-2.0
// States of persistent actors and consumers at a place: folded where the fold is known, else the
// newest checkpoint before it.
#pragma once

#include "messages/checkpoint.hpp"
#include "persistence/reader.hpp"
#include "tools/checkpoint_name.hpp"

#include <optional>
#include <string>
#include <vector>

namespace holdfast::tools {

/// A state, and what it is the fold of.
struct found_state {
  std::string owner;
  sequence covered;    ///< Every record up to here is in it.
  sequence checkpoint; ///< The checkpoint it started from; 0: none.
  bool folded = false; ///< False: the checkpoint as it is; events after it are not in it.
  value state;
};

/// Owners that have checkpoints or whose fold ships with Holdfast, sorted.
result<std::vector<std::string>> known_owners(const persistence::reader& from);

/// The fold of that name, where it ships with Holdfast; else null. Lives as long as the process.
const fold* shipped_fold(const std::string& owner);

/// The owner of that name; without a name, the only one there is. The fault suggests.
result<std::string> pick_owner(const persistence::reader& from, const std::string& typed);

/// The state at that record; without one, at the head.
result<found_state> state_of(const persistence::reader& from, const checkpoint_name& wanted);

} // namespace holdfast::tools
