// SPDX-License-Identifier: Apache-2.0
// The conversation about children: how they are kept, what became of them, who gave up and why.
#pragma once

#include "messages/fields.hpp"
#include "messages/ids.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

/// When a child that ended is started again.
enum class restart_type : std::uint8_t {
  permanent = 1, ///< Always.
  transient = 2, ///< Unless it ended normally or was shut down.
  temporary = 3  ///< Never; its spec goes with it.
};

/// Who is restarted with a child. Only `one_for_one` is offered so far.
enum class restart_strategy : std::uint8_t {
  one_for_one = 1,
  one_for_all = 2,
  rest_for_one = 3,
  simple_one_for_one = 4
};

enum class child_type : std::uint8_t { worker = 1, supervisor = 2 };

/// Waits for a child to end for as long as it takes; for children that are supervisors.
inline constexpr auto shutdown_without_limit = std::chrono::milliseconds::max();

/// What a supervisor needs to know about a child, besides how it is started.
struct child_spec {
  std::string id; ///< 1 to 100 bytes, unique under its supervisor.
  restart_type restart = restart_type::permanent;
  /// Time it gets to end by itself when it is stopped; then it is killed. 0: killed at once.
  std::chrono::milliseconds shutdown{5000};
  bool significant = false; ///< Needs automatic shutdown, so it must stay false so far.
  child_type type = child_type::worker;
  /// Time it gets to answer after its start; then the start has failed. Above 0.
  std::chrono::milliseconds start{30000};

  friend bool operator==(const child_spec&, const child_spec&) = default;
};

/// How an actor ended.
enum class ending : std::uint8_t {
  normal = 1,
  shutdown = 2, ///< It was asked to.
  killed = 3,
  crashed = 4 ///< Anything else; the cause says what.
};

constexpr std::string_view to_string(ending how) {
  switch (how) {
  case ending::normal:
    return "normal";
  case ending::shutdown:
    return "shutdown";
  case ending::killed:
    return "killed";
  case ending::crashed:
    return "crashed";
  }
  return "unknown";
}

/// One link of a chain of causes. The first of a chain is the newest.
struct cause {
  std::string supervisor;
  std::string child;
  std::uint64_t incarnation = 0;
  std::string text;

  static constexpr auto name = "cause";
  static constexpr auto fields =
      std::make_tuple(&cause::supervisor, &cause::child, &cause::incarnation, &cause::text);
};

/// What happened under a supervisor. On disk: never renumber.
enum class supervision_fact : std::uint8_t {
  started = 1,       ///< The child answered.
  start_failed = 2,  ///< It did not come up; `text` says why.
  died = 3,          ///< It ended unasked; `how` and `text` say how.
  restart_due = 4,   ///< It is started again after `pause`.
  stopped = 5,       ///< It ended because it was asked to.
  killed = 6,        ///< It overran its shutdown or start time and is killed.
  abandoned = 7,     ///< It does not end even when killed: its thread may be lost.
  all_started = 8,   ///< Every child answered; `child` is empty.
  all_stopped = 9,   ///< The supervisor ended as it was told to; `child` is empty.
  gave_up = 10,      ///< Too many restarts; `child` is the last one.
  start_undone = 11, ///< A child did not come up at first, so all were stopped again.
  ignored = 12       ///< The child decided not to run.
};

constexpr std::string_view to_string(supervision_fact what) {
  constexpr std::string_view names[] = {
      "started",   "start_failed", "died",        "restart_due", "stopped",      "killed",
      "abandoned", "all_started",  "all_stopped", "gave_up",     "start_undone", "ignored"};
  const auto index = static_cast<std::size_t>(what) - 1;
  return index < std::size(names) ? names[index] : "unknown";
}

/// One line of a supervisor's history.
struct supervision_event {
  supervision_fact what = supervision_fact::started;
  std::string supervisor;
  std::string child;
  std::uint64_t incarnation = 0; ///< Counts the child's starts from 1.
  ending how = ending::normal;
  std::string text;
  std::chrono::milliseconds pause{0};
  instant at;

  static constexpr auto name = "supervision_event";
  static constexpr auto fields = std::make_tuple(
      &supervision_event::what, &supervision_event::supervisor, &supervision_event::child,
      &supervision_event::incarnation, &supervision_event::how, &supervision_event::text,
      &supervision_event::pause, &supervision_event::at);
};

/// How a supervisor ended.
enum class supervision_outcome : std::uint8_t {
  stopped = 1, ///< As it was told to.
  gave_up = 2, ///< More restarts within the period than its intensity.
  undone = 3   ///< A child did not come up at first.
};

struct supervision_ended {
  supervision_outcome outcome = supervision_outcome::stopped;
  std::string text;                   ///< One line for people; empty when stopped.
  std::vector<cause> causes;          ///< Newest first; empty when stopped.
  std::vector<std::string> abandoned; ///< Children that are still there.

  static constexpr auto name = "supervision_ended";
  static constexpr auto fields =
      std::make_tuple(&supervision_ended::outcome, &supervision_ended::text,
                      &supervision_ended::causes, &supervision_ended::abandoned);
};

enum class child_state : std::uint8_t {
  waiting = 1,  ///< Its turn to start has not come.
  starting = 2, ///< Started, and has not answered yet.
  running = 3,
  backoff = 4,  ///< Waits for its restart.
  stopping = 5, ///< Asked to end.
  killing = 6,
  stopped = 7,
  abandoned = 8
};

constexpr std::string_view to_string(child_state state) {
  constexpr std::string_view names[] = {"waiting",  "starting", "running", "backoff",
                                        "stopping", "killing",  "stopped", "abandoned"};
  const auto index = static_cast<std::size_t>(state) - 1;
  return index < std::size(names) ? names[index] : "unknown";
}

/// A child as `holdfast status` shows it.
struct child_status {
  std::string id;
  child_state state = child_state::waiting;
  restart_type restart = restart_type::permanent;
  child_type type = child_type::worker;
  std::uint64_t incarnation = 0;
  std::uint64_t restarts = 0;            ///< Since its supervisor started.
  std::chrono::milliseconds in_state{0}; ///< How long it has been in `state`.
  std::chrono::milliseconds retry_in{0}; ///< Until its restart, in `backoff`.
  std::string last_cause;                ///< Of its last death or failed start.

  static constexpr auto name = "child_status";
  static constexpr auto fields =
      std::make_tuple(&child_status::id, &child_status::state, &child_status::restart,
                      &child_status::type, &child_status::incarnation, &child_status::restarts,
                      &child_status::in_state, &child_status::retry_in, &child_status::last_cause);
};

/// Asks a supervisor for its children. Answered with `child_list`.
struct which_children {
  static constexpr auto name = "which_children";
  static constexpr auto fields = std::make_tuple();
};

struct child_list {
  std::string supervisor;
  std::vector<child_status> children; ///< The one started last comes first, as in OTP.
  std::uint32_t restarts_used = 0;    ///< Within the period.
  std::uint32_t intensity = 0;        ///< As many restarts are allowed.

  static constexpr auto name = "child_list";
  static constexpr auto fields =
      std::make_tuple(&child_list::supervisor, &child_list::children, &child_list::restarts_used,
                      &child_list::intensity);
};

/// Asks a supervisor how many children it has. Answered with `child_counts`.
struct count_children {
  static constexpr auto name = "count_children";
  static constexpr auto fields = std::make_tuple();
};

struct child_counts {
  std::uint64_t specs = 0;
  std::uint64_t active = 0; ///< Running, stopping or being killed; a child in backoff is not.
  std::uint64_t supervisors = 0;
  std::uint64_t workers = 0;

  static constexpr auto name = "child_counts";
  static constexpr auto fields =
      std::make_tuple(&child_counts::specs, &child_counts::active, &child_counts::supervisors,
                      &child_counts::workers);
};

/// Asks a supervisor for the handle of a child's present incarnation. Answered with the handle,
/// with `not_found` for an id it does not know, or with `busy` while the child does not run.
struct find_child {
  std::string id;

  static constexpr auto name = "find_child";
  static constexpr auto fields = std::make_tuple(&find_child::id);
};

/// Answered with `children_started` once every child has answered, or with a fault when one did
/// not and the others were stopped again.
struct await_children {
  static constexpr auto name = "await_children";
  static constexpr auto fields = std::make_tuple();
};

struct children_started {
  static constexpr auto name = "children_started";
  static constexpr auto fields = std::make_tuple();
};

} // namespace holdfast
