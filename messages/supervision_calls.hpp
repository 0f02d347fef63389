// SPDX-License-Identifier: Apache-2.0
// What a supervisor can be asked while it runs, and what it answers: OTP's calls, one for one.
#pragma once

#include "messages/child_spec.hpp"
#include "messages/fields.hpp"
#include "messages/value.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

enum class child_state : std::uint8_t {
  waiting = 1,  ///< Its turn to start has not come.
  starting = 2, ///< Started, and has not answered yet.
  running = 3,
  backoff = 4,  ///< Waits for its restart.
  stopping = 5, ///< Asked to end.
  killing = 6,
  stopped = 7,
  abandoned = 8, ///< Does not end even when killed, and nothing takes its place.
  gave_up = 9    ///< Its own budget is used up; it is started only by hand.
};

constexpr std::string_view to_string(child_state state) {
  constexpr std::string_view names[] = {"waiting", "starting", "running",   "backoff", "stopping",
                                        "killing", "stopped",  "abandoned", "gave_up"};
  const auto index = static_cast<std::size_t>(state) - 1;
  return index < std::size(names) ? names[index] : "unknown";
}

/// What became of the messages that ended incarnations of a child left behind.
struct message_counts {
  std::uint64_t redelivered = 0;
  std::uint64_t refused = 0;
  std::uint64_t handed_over = 0;
  std::uint64_t dropped = 0; ///< By a full mailbox, as its policy says.

  static constexpr auto name = "message_counts";
  static constexpr auto fields =
      std::make_tuple(&message_counts::redelivered, &message_counts::refused,
                      &message_counts::handed_over, &message_counts::dropped);
};

/// A child as `holdfast status` shows it.
struct child_status {
  std::string id;
  child_state state = child_state::waiting;
  restart_type restart = restart_type::permanent;
  child_type type = child_type::worker;
  std::uint64_t incarnation = 0;
  std::uint64_t restarts = 0;            ///< For failures of its own, as far as history goes back.
  std::chrono::milliseconds in_state{0}; ///< How long it has been in `state`.
  std::chrono::milliseconds retry_in{0}; ///< Until its restart, in `backoff`.
  std::string last_cause;                ///< Of its last death or failed start.
  std::uint32_t failures = 0;            ///< In a row.
  std::uint32_t budget_used = 0;         ///< Of its own budget, within the period.
  std::optional<std::uint32_t> budget;   ///< Left out: it has none of its own.
  std::uint64_t lost = 0;                ///< Incarnations that would not end, and still live.
  message_counts messages;

  static constexpr auto name = "child_status";
  static constexpr auto fields =
      std::make_tuple(&child_status::id, &child_status::state, &child_status::restart,
                      &child_status::type, &child_status::incarnation, &child_status::restarts,
                      &child_status::in_state, &child_status::retry_in, &child_status::last_cause,
                      &child_status::failures, &child_status::budget_used, &child_status::budget,
                      &child_status::lost, &child_status::messages);
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

/// Asks a supervisor for a child's stable address. Answered with the handle, with `not_found` for
/// an id it does not know, or with `busy` while the child does not run.
struct find_child {
  std::string id;

  static constexpr auto name = "find_child";
  static constexpr auto fields = std::make_tuple(&find_child::id);
};

/// Asks a supervisor for one child. Answered with `child_status`, or with `not_found`.
struct which_child {
  std::string id;

  static constexpr auto name = "which_child";
  static constexpr auto fields = std::make_tuple(&which_child::id);
};

/// Asks a supervisor for a child's spec, with its defaults filled in; answered with `not_found` for
/// an id it does not know.
struct get_childspec {
  std::string id;

  static constexpr auto name = "get_childspec";
  static constexpr auto fields = std::make_tuple(&get_childspec::id);
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

/// Adds a child and starts it; under simple_one_for_one starts one more from the only spec, whose
/// start is given `arguments`. Answered when it is up, with `child_answer`, as the next three.
struct start_child {
  child_spec spec{};
  value arguments{}; ///< Kept for its restarts.
};

/// Stops a child and cancels its restarts. Its spec stays, unless it is temporary.
struct terminate_child {
  std::string id;
  /// Only that incarnation; if it has ended, nothing is done. 0: whichever lives, which
  /// simple_one_for_one does not allow.
  std::uint64_t incarnation = 0;

  static constexpr auto name = "terminate_child";
  static constexpr auto fields =
      std::make_tuple(&terminate_child::id, &terminate_child::incarnation);
};

/// Starts a child that was stopped, ended by itself or was given up.
struct restart_child {
  std::string id;

  static constexpr auto name = "restart_child";
  static constexpr auto fields = std::make_tuple(&restart_child::id);
};

/// Takes a stopped child's spec away.
struct delete_child {
  std::string id;

  static constexpr auto name = "delete_child";
  static constexpr auto fields = std::make_tuple(&delete_child::id);
};

/// Replaces flags and specs of a running supervisor. Children keep running; see `change` of the
/// machine for what is merged how.
struct change_supervision {
  supervisor_flags flags;
  std::vector<child_spec> specs;
};

/// Answers a change: it holds from now on.
struct supervision_changed {
  static constexpr auto name = "supervision_changed";
  static constexpr auto fields = std::make_tuple();
};

enum class child_verdict : std::uint8_t {
  done = 1,            ///< `child` and `incarnation` say who.
  ignored = 2,         ///< Done, but the child decided not to run.
  already_started = 3, ///< A child of that id lives: `incarnation`.
  already_present = 4, ///< A spec of that id exists; its child does not live.
  running = 5,
  restarting = 6,
  not_found = 7,
  not_valid = 8, ///< Not under this strategy.
  invalid = 9,   ///< The spec breaks a rule: `text`.
  failed = 10,   ///< It did not come up: `text`.
  stopping = 11, ///< The supervisor is ending, or the child was stopped before it was up.
  full = 12      ///< As many children, or callers, as it takes.
};

constexpr std::string_view to_string(child_verdict what) {
  constexpr std::string_view names[] = {
      "done",      "ignored",   "already_started", "already_present", "running",  "restarting",
      "not_found", "not_valid", "invalid",         "failed",          "stopping", "full"};
  const auto index = static_cast<std::size_t>(what) - 1;
  return index < std::size(names) ? names[index] : "unknown";
}

struct child_answer {
  child_verdict what = child_verdict::done;
  std::string child;
  std::uint64_t incarnation = 0;
  std::string text;               ///< What went wrong, or what the child said of itself.
  std::optional<child_spec> spec; ///< The one that did not come up, with its defaults.

  friend bool operator==(const child_answer&, const child_answer&) = default;
};

} // namespace holdfast
