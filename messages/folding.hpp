// SPDX-License-Identifier: Apache-2.0
// The conversation with the actor that folds events into a state and checkpoints it.
#pragma once

#include "messages/checkpoint.hpp"

#include <chrono>
#include <string>

namespace holdfast {

/// Takes a checkpoint that covers at least every record committed before. Answered with
/// `checkpoint_taken` once it is on disk.
struct take_checkpoint {
  std::string reason = "demand";

  static constexpr auto name = "take_checkpoint";
  static constexpr auto fields = std::make_tuple(&take_checkpoint::reason);
};

/// The checkpoint is on disk; or one that covers as much was there already.
struct checkpoint_taken {
  std::string owner;
  sequence covered;

  static constexpr auto name = "checkpoint_taken";
  static constexpr auto fields =
      std::make_tuple(&checkpoint_taken::owner, &checkpoint_taken::covered);
};

/// Asks for the state that includes every record committed before. Answered with `folded_state`.
struct ask_state {
  static constexpr auto name = "ask_state";
  static constexpr auto fields = std::make_tuple();
};

/// A fold's state after every record up to `covered`.
struct folded_state {
  std::any state; ///< A copy of the fold's own type.
  sequence covered;
};

/// Folds what is committed, takes a last checkpoint and ends. Answered with `folding_stopped` at
/// the deadline at the latest.
struct stop_folding {
  std::chrono::milliseconds within{10000};

  static constexpr auto name = "stop_folding";
  static constexpr auto fields = std::make_tuple(&stop_folding::within);
};

/// The actor has ended. What is not covered is folded again by the next start.
struct folding_stopped {
  sequence covered;
  bool in_time = false;

  static constexpr auto name = "folding_stopped";
  static constexpr auto fields =
      std::make_tuple(&folding_stopped::covered, &folding_stopped::in_time);
};

/// There may be records beyond what was folded, or a time it asked to be woken at has come.
struct folding_due {
  static constexpr auto name = "folding_due";
  static constexpr auto fields = std::make_tuple();
};

} // namespace holdfast
