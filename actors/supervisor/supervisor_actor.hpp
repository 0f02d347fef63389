// SPDX-License-Identifier: Apache-2.0
// Carries the supervisor machine: spawns, watches, asks to end and kills actors.
#pragma once

#include "actors/address_book.hpp"
#include "actors/inspect.hpp"
#include "actors/supervisor/supervisor.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/error.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace holdfast::supervisor {

/// Stop it with `exit_reason::user_shutdown`; it ends when its children have. Killing it ends
/// its children with `unreachable`, unasked.
using handle = caf::typed_actor<caf::replies_to<which_children>::with<child_list>,
                                caf::replies_to<count_children>::with<child_counts>,
                                caf::replies_to<find_child>::with<caf::actor>,
                                caf::replies_to<await_children>::with<children_started>,
                                caf::reacts_to<start_children>, caf::reacts_to<child_alarm>>;

/// Makes one incarnation of a child and returns a strong handle to it, which the supervisor
/// keeps. An invalid handle means that the child decided not to run (OTP's `ignore`); an
/// exception means that the start failed. The factory decides whether the actor is detached.
/// It runs in the supervisor and must not block.
using child_factory = std::function<caf::actor(caf::actor_system&)>;

struct child {
  child_spec spec;
  child_factory start;
};

/// What a supervisor is given of the world. All of it may be left out.
struct surroundings {
  /// Hears every event of the history, in order, in the supervisor. Must neither block nor throw:
  /// supervision acts first and records behind.
  std::function<void(const supervision_event&)> history;
  std::function<double()> jitter;     ///< Random numbers from 0 to 1; without it pauses are whole.
  std::shared_ptr<address_book> book; ///< Where running children are listed.
  /// Called when the process must end, as a spec or the flags say, with the reason. Without it the
  /// supervisor goes on as well as it can.
  std::function<void(const std::string&)> exit_process;
  /// What its history remembers of it, taken back before its children start.
  std::optional<remembered> past{};
};

/// Spawns a supervisor, which starts its children at once; `await_children` tells when they are
/// up. Checks flags and specs first and spawns nothing if they have a problem.
///
/// The supervisor ends with `user_shutdown` when it was stopped or ended with its significant
/// children, and with an error that holds a `supervision_ended` when it gave up or a child did not
/// come up at first.
///
/// What the machine can decide but this shell cannot do yet is refused: simple_one_for_one, limits
/// on the time of one message, leftovers that are not refused, bounded mailboxes.
result<handle> spawn_supervisor(caf::actor_system& system, supervisor_flags chosen,
                                std::vector<child> children, surroundings around = {});

/// What a supervisor's exit reason says, when it gave up, its start was undone or somebody would
/// not leave; also of one further down, whose causes travel up the tree.
std::optional<supervision_ended> ended_of(const caf::error& reason);

/// How an actor ended that gave this exit reason.
ending ending_of(const caf::error& reason);

} // namespace holdfast::supervisor
