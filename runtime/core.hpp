// SPDX-License-Identifier: Apache-2.0
// What stands behind `runtime`: the store's parts, the actors and the counters. Not installed.
#pragma once

#include "actors/journal/parts.hpp"
#include "messages/commit.hpp"
#include "persistence/store.hpp"
#include "runtime/chronicle.hpp"
#include "runtime/metrics.hpp"
#include "runtime/os/guarded.hpp"
#include "runtime/plan.hpp"
#include "runtime/recorder.hpp"
#include "runtime/runtime.hpp"
#include "runtime/store_options.hpp"
#include "runtime/subscriptions.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holdfast {

/// One event and the level it asks for.
struct levelled_event {
  event what;
  durability level = durability::power;
};

/// Everything of one runtime, in the order it must be taken apart. Any thread.
struct runtime::core {
  core(options given, start_report found, std::unique_ptr<persistence::disk> disk);
  ~core();

  /// Opens the store and spawns the actors.
  static result<std::unique_ptr<core>> begin(options chosen);

  void append(std::vector<levelled_event> events, std::function<void(append_result)> then);
  result<consumer_info> commit(commit_consumer place);
  result<consumer_info> reset(reset_consumer place);
  result<checkpoint_info> keep(keep_state taken);
  result<checkpoint_info> checkpoint(const std::string& owner, const std::string& reason);
  result<sequence> retire(const raise_floor& asked);
  /// A person's order to an actor; the order and its reason go before it into the history.
  result<child_answer> order(const actor_ordered& asked);
  result<state_at<std::any>> state_now(const std::string& actor) const;
  result<state_at<std::any>> state_then(const std::string& actor, sequence at) const;
  result<sequence> last_before(wall_time time) const;
  std::optional<fold> fold_named(const std::string& actor) const;
  result<void> add(fold actor);
  runtime_stats stats() const;
  stop_report stop(std::chrono::milliseconds deadline);

  /// Stops and takes apart; leaves everything where it is when somebody would not leave, since
  /// whoever stayed still uses it.
  static void end(std::unique_ptr<core> one);

  /// The reader for one page, or the fault that there is none now.
  result<std::shared_ptr<const persistence::reader>> read() const;

  /// Reads with `use(reader)`, which answers a result.
  template <class Use>
  auto reading(Use use) const -> decltype(use(std::declval<const persistence::reader&>())) {
    auto reader = read();
    if (!reader)
      return reader.error();
    return use(**reader);
  }

  const options chosen;
  start_report report;
  std::unique_ptr<persistence::disk> files;
  chronicle log;
  metrics counted;
  std::shared_ptr<journal::door> front;
  std::shared_ptr<journal::parts> given;
  os::guarded<std::map<std::string, fold>> folds;
  os::guarded<std::vector<std::function<void(bool)>>> pressed;
  /// Called when the journal has given up for good; set by the daemon.
  os::guarded<std::function<void(const fault&)>> on_gave_up;
  std::atomic<bool> stopped{false};
  std::atomic<bool> abandoned{false}; ///< Somebody would not leave.
  instant since;
  supervisor::history remembered; ///< Of the processes before this one.
  std::unique_ptr<recorder> history;
  subscriptions listening;
  std::unique_ptr<household> house;

private:
  /// Appends one record of our own and waits until it is on disk.
  result<void> save(persistence::draft record);
  void note_pressure(const append_result& told, const std::vector<std::size_t>& sizes);
  void tell_pressure(bool paused);
  result<void> open_store();
  void open_history();
  household_parts household_parts_of();
};

/// What the options mean for the store.
persistence::event_limits event_limits_of(const options& chosen);
std::vector<persistence::identity_rule> identity_rules_of(const options& chosen);
journal::limits journal_limits_of(const options& chosen);

} // namespace holdfast
