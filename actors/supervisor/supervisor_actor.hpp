// SPDX-License-Identifier: Apache-2.0
// Carries the supervisor machine: spawns, watches, asks to end and kills actors.
#pragma once

#include "actors/address/address.hpp"
#include "actors/address_book.hpp"
#include "actors/inspect.hpp"
#include "actors/supervisor/child_factory_actor.hpp"
#include "actors/supervisor/supervisor.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/error.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::supervisor {

struct child {
  child_spec spec;
  child_factory start;
  /// Gets the messages whose fate is `hand_over`; a spec that says so needs it.
  addressing::left_hook hand_over{};
};

/// Adds a child and starts it; under simple_one_for_one starts one more from the only spec, and
/// what `whom` says is not looked at.
struct child_to_start {
  child whom{};
  value arguments{}; ///< Given to each of its starts.
};

/// Replaces flags and specs of a running supervisor; `change` of the machine says what becomes of
/// children. Those that are there keep their start where none is given, and always their hook.
struct supervision_change {
  supervisor_flags flags;
  std::vector<child> children;
};

/// A running supervisor.
///
/// **Stopping.** Send it `stop_children`, with a time for the whole tree or without, or ask it to
/// end with `exit_reason::user_shutdown`; it ends when its children have. Killed, it kills its
/// children.
///
/// **Calls** are answered once: now, or when what they asked for has happened, also where the
/// supervisor ends or is killed before. Refusals are answers (`child_answer::what`).
using handle =
    caf::typed_actor<caf::replies_to<which_children>::with<child_list>,
                     caf::replies_to<count_children>::with<child_counts>,
                     caf::replies_to<which_child>::with<child_status>,
                     caf::replies_to<get_childspec>::with<carried<child_spec>>,
                     caf::replies_to<find_child>::with<caf::actor>,
                     caf::replies_to<await_children>::with<children_started>,
                     caf::replies_to<carried<child_to_start>>::with<carried<child_answer>>,
                     caf::replies_to<terminate_child>::with<carried<child_answer>>,
                     caf::replies_to<restart_child>::with<carried<child_answer>>,
                     caf::replies_to<delete_child>::with<carried<child_answer>>,
                     caf::replies_to<carried<supervision_change>>::with<supervision_changed>,
                     caf::reacts_to<start_children>, caf::reacts_to<stop_children>,
                     caf::reacts_to<child_alarm>>;

/// What a supervisor is given of the world. All of it may be left out.
struct surroundings {
  /// Hears every event of the history, in order, in the supervisor. Must neither block nor throw:
  /// supervision acts first and records behind.
  std::function<void(const supervision_event&)> history;
  std::function<double()> jitter; ///< Random numbers from 0 to 1; without it pauses are whole.
  /// Where running children are listed, except those of simple_one_for_one, and where the counters
  /// of all can be read.
  std::shared_ptr<address_book> book;
  /// Called when the process must end, as a spec or the flags say, with the reason. Without it the
  /// supervisor goes on as well as it can.
  std::function<void(const std::string&)> exit_process;
  /// What its history remembers of it, taken back before its children start.
  std::optional<remembered> past{};
  /// Hears what OTP's supervisors log, as `history` does.
  std::function<void(const supervision_report&)> reports{};
  /// For the counters of its children. Left out: the clock of the actor system, which must then
  /// outlive whoever reads them.
  std::optional<addressing::clocks> time{};
};

/// Spawns a supervisor, which starts its children at once; `await_children` tells when they are
/// up. Checks flags and specs first and spawns nothing if they have a problem.
///
/// The supervisor ends with `user_shutdown` when it was stopped or ended with its significant
/// children, and with an error that holds a `supervision_ended` when it gave up or a child did not
/// come up at first.
result<handle> spawn_supervisor(caf::actor_system& system, supervisor_flags chosen,
                                std::vector<child> children, surroundings around = {});

/// What a supervisor's exit reason says, when it gave up, its start was undone or somebody would
/// not leave; also of one further down, whose causes travel up the tree.
std::optional<supervision_ended> ended_of(const caf::error& reason);

/// How an actor ended that gave this exit reason.
ending ending_of(const caf::error& reason);

} // namespace holdfast::supervisor
