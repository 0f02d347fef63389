// SPDX-License-Identifier: Apache-2.0
// Folds its own copy of a persistent actor's events and checkpoints it, so the owner never pauses.
// Reads the store, so `runtime/plan` may detach it.
#pragma once

#include "actors/address/address.hpp"
#include "actors/checkpoint/checkpoint.hpp"
#include "actors/checkpoint/replay.hpp"
#include "actors/inspect.hpp"
#include "actors/journal/door.hpp"
#include "messages/folding.hpp"

#include <caf/replies_to.hpp>
#include <caf/response_promise.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace holdfast::checkpointing {

/// What a checkpoint actor is given. The functions may be called from its thread at any time, and
/// must neither throw nor block.
struct parts {
  std::shared_ptr<journal::door> front;
  fold how;
  limits bounds;
  std::function<wall_time()> wall;

  /// May be empty: the fold is not deterministic (the alarm); a checkpoint could not be used;
  /// reading or saving fails.
  std::function<void(const divergence&)> on_divergence;
  std::function<void(const checkpoint_info&)> on_damaged;
  std::function<void(const fault&)> on_trouble;

  /// Where it says what it does on messages of its own; may be empty, and answer with null.
  std::function<std::shared_ptr<const addressing::counters>()> counters;
};

/// A part of the actor's own reading; it sends this to itself.
struct read_page {
  sequence from;
  sequence to;
  std::uint64_t events_max = 0;

  static constexpr auto name = "read_page";
  static constexpr auto fields =
      std::make_tuple(&read_page::from, &read_page::to, &read_page::events_max);
};

/// How waiting for records ended without any.
struct watch_ended {
  static constexpr auto name = "watch_ended";
  static constexpr auto fields = std::make_tuple();
};

/// How saving a checkpoint ended.
struct save_ended {
  bool ok = false;
  sequence covered;
  fault_code code = fault_code::failed; ///< If not ok.
  std::string what;                     ///< If not ok.

  static constexpr auto name = "save_ended";
  static constexpr auto fields =
      std::make_tuple(&save_ended::ok, &save_ended::covered, &save_ended::code, &save_ended::what);
};

using handle = caf::typed_actor<caf::replies_to<take_checkpoint>::with<checkpoint_taken>,
                                caf::replies_to<ask_state>::with<carried<folded_state>>,
                                caf::replies_to<stop_folding>::with<folding_stopped>,
                                caf::reacts_to<records_committed>, caf::reacts_to<watch_ended>,
                                caf::reacts_to<read_page>, caf::reacts_to<save_ended>,
                                caf::reacts_to<folding_due>>;

using state_promise = caf::typed_response_promise<carried<folded_state>>;
using taken_promise = caf::typed_response_promise<checkpoint_taken>;

struct checkpoint_state {
  checkpoint_state() = default;

  std::shared_ptr<const parts> given;
  std::optional<checkpointer> core;
  std::any folded; ///< The fold of every record up to `core->folded()`.
  bool restored = false;
  std::uint64_t demands = 0;
  std::map<std::uint64_t, state_promise> states_asked;
  std::map<std::uint64_t, taken_promise> checkpoints_asked;
  std::vector<caf::typed_response_promise<folding_stopped>> stops_asked;
};

/// Restores the newest checkpoint that verifies, folds the rest page by page, then follows. Ends
/// with a fault when the fold throws, when no state can be restored, and when it was stopped. An
/// exit message for shutdown is a `stop_folding`.
handle::behavior_type checkpoint_actor(handle::stateful_pointer<checkpoint_state> self,
                                       std::shared_ptr<const parts> given);

} // namespace holdfast::checkpointing
