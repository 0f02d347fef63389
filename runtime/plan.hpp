// SPDX-License-Identifier: Apache-2.0
// Who exists: the one place that spawns the actors of a runtime and says what each is given.
#pragma once

#include "actors/address/trace.hpp"
#include "actors/doorkeeper/doorkeeper_actor.hpp"
#include "actors/journal/parts.hpp"
#include "actors/pressure/admission.hpp"
#include "actors/supervisor/history.hpp"
#include "messages/folding.hpp"
#include "messages/inspection.hpp"
#include "messages/pressure.hpp"
#include "messages/supervision.hpp"
#include "messages/supervision_calls.hpp"
#include "messages/supervision_history.hpp"
#include "persistence/telemetry_writer.hpp"
#include "runtime/options.hpp"
#include "runtime/runtime.hpp"

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

/// What the actors are given of the world. The functions may be called from any of their threads
/// and must neither block nor throw.
struct household_parts {
  const options* chosen = nullptr; ///< Must outlive the household.
  std::shared_ptr<journal::parts> journal;
  std::shared_ptr<persistence::telemetry_writer> telemetry; ///< Null: telemetry is off.
  std::function<void(const supervision_event&)> on_supervision;
  std::function<void(const supervisor_ended&)> on_supervisor_ended;
  /// What a supervisor takes back of the processes before this one.
  std::function<supervisor::remembered(const std::string&)> recall;
  /// The journal takes records for the last time: it is stopped next. May wait that long.
  std::function<void(std::chrono::milliseconds)> before_store_closes;
  std::function<void(const fault&)> on_gave_up; ///< The root supervisor gave up.
  std::function<void(const pressure_changed&)> on_pressure;
  std::function<void(const pressure_alarm&)> on_pressure_alarm;
  std::function<void(const divergence&)> on_divergence;
  std::function<void(const checkpoint_info&)> on_damaged_checkpoint;
  std::function<void(const fault&)> on_checkpoint_trouble;
};

/// The tree in two lines, for people.
inline constexpr std::array<std::string_view, 2> household_picture{
    "root (one_for_one) - committer, keeper, journal, pressure, telemetry, folds, door",
    "folds (one_for_one) - `fold NAME` for each persistent actor, each with a budget of its own"};

/// The actors of one runtime:
///
///   root (one_for_one)
///     committer, keeper   detached: they wait for the disk
///     journal             detached: it looks up the dedup index
///     pressure
///     telemetry           detached: it compresses and removes files
///     folds (one_for_one)
///       fold NAME         detached: it reads the store; one for each persistent actor. One that
///                         fails too often rests by itself, and the others go on
///     door                detached: it waits for what is being answered; only in the daemon
///
/// Any thread, except that `begin`, `stop` and the destructor come from one.
class household {
public:
  static result<std::unique_ptr<household>> begin(household_parts given);
  ~household();

  /// Spawns a persistent actor; answers when it is restored.
  result<void> add(const fold& actor);

  /// Opens the door, and opens it again whenever its actor fails. Answers the fault for which it
  /// did not open at first.
  result<void> open_door(doorkeeping::open_door how);

  /// Answers how many requests were cut off at the deadline; 0 also where there is no door.
  std::uint64_t close_door(std::chrono::milliseconds within);

  /// Ends an actor as if it had crashed; its supervisor decides what follows. For drills: it takes
  /// nothing into account.
  result<void> crash(const std::string& actor) const;

  result<folded_state> state_of(const std::string& actor, std::chrono::milliseconds within) const;
  result<floor_raised> raise_floor(const holdfast::raise_floor& asked,
                                   std::chrono::milliseconds within) const;
  result<checkpoint_taken> checkpoint(const std::string& actor, const std::string& reason,
                                      std::chrono::milliseconds within) const;

  void tell(const records_appended& told) const;
  void tell(const records_processed& told) const;
  /// The consumer has been put elsewhere: what it has to do is counted anew.
  void rejoin(const std::string& consumer, sequence position) const;
  pressure_reading read_pressure(std::chrono::milliseconds within) const;
  const pressure::admission& admitted() const;

  /// The children of every supervisor, the root's first.
  std::vector<child_list> children(std::chrono::milliseconds within) const;

  /// Everybody, as far as it can be told within that time: supervisors are asked, counters are read
  /// beside the actors, so those that are stuck are seen, too.
  actor_tree look(std::chrono::milliseconds within) const;

  /// Tells `to` of what an actor handles from now on, through its address; `not_found`, or `busy`
  /// while another trace of it is not over.
  result<void> trace(const std::string& actor, std::shared_ptr<addressing::trace> to) const;

  /// The actor of that number, as CAF numbers them; empty: none of these.
  std::string actor_of(std::uint64_t number) const;

  /// Answers `conflict` where an order would stop the store.
  result<void> may_order(const actor_ordered& asked) const;

  /// Carries out a person's order and answers with the child's new incarnation, or the one that
  /// ended; `conflict` where it cannot be done now. Needs: `may_order`.
  result<child_answer> order(const actor_ordered& asked, std::chrono::milliseconds within) const;

  /// Stops persistent actors (each with a last checkpoint), then the journal (which closes the
  /// store), then everything else. Where somebody would not leave, nothing is taken apart, and the
  /// household must be left to itself (`abandon`).
  stop_report stop(std::chrono::milliseconds within);

private:
  struct core;
  explicit household(std::unique_ptr<core> made);
  std::unique_ptr<core> core_;
};

} // namespace holdfast
