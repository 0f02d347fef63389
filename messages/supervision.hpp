// SPDX-License-Identifier: Apache-2.0
// What became of children: the history of a supervisor, who gave up and why, who would not leave.
#pragma once

#include "messages/child_spec.hpp"
#include "messages/fields.hpp"
#include "messages/ids.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

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

/// One link of a chain of causes: the first names a supervisor's own child, the next a child of
/// that child, and the last is the root.
struct cause {
  std::string supervisor;
  std::string child;
  std::uint64_t incarnation = 0;
  std::string text;
  ending how = ending::crashed;
  std::string last_message{};         ///< The kind of message it was handling; empty: unknown.
  std::vector<std::string> earlier{}; ///< Failures under that supervisor before, newest first.

  static constexpr auto name = "cause";
  static constexpr auto fields =
      std::make_tuple(&cause::supervisor, &cause::child, &cause::incarnation, &cause::text,
                      &cause::how, &cause::last_message, &cause::earlier);
};

/// Somebody who has not ended although it was killed, or for whom there was no time left.
struct stayed_child {
  std::string supervisor;
  std::string child;
  std::uint64_t incarnation = 0;
  child_type type = child_type::worker;
  std::string message;                   ///< The kind it is handling; empty: unknown.
  std::chrono::milliseconds handling{0}; ///< Since when, as it was last seen.
  std::chrono::milliseconds leaving{0};  ///< Since it was asked to end.

  static constexpr auto name = "stayed_child";
  static constexpr auto fields = std::make_tuple(
      &stayed_child::supervisor, &stayed_child::child, &stayed_child::incarnation,
      &stayed_child::type, &stayed_child::message, &stayed_child::handling, &stayed_child::leaving);
};

/// What happened under a supervisor. On disk: never renumber.
enum class supervision_fact : std::uint8_t {
  started = 1,        ///< The child answered.
  start_failed = 2,   ///< It did not come up; `text` says why.
  died = 3,           ///< It ended unasked; `how` and `text` say how.
  restart_due = 4,    ///< It is started again after `pause`.
  stopped = 5,        ///< It ended because it was asked to.
  killed = 6,         ///< It overran its shutdown or start time and is killed.
  abandoned = 7,      ///< It does not end even when killed: its thread may be lost.
  all_started = 8,    ///< Every child answered; `child` is empty.
  all_stopped = 9,    ///< The supervisor ended as it was told to; `child` is empty.
  gave_up = 10,       ///< Too many restarts; `child` is the last one.
  start_undone = 11,  ///< A child did not come up at first, so all were stopped again.
  ignored = 12,       ///< The child decided not to run.
  hung = 13,          ///< It is taken down because it does not answer, or not get on.
  child_gave_up = 14, ///< Its own budget is used up: it alone rests.
  ended_itself = 15,  ///< The supervisor ended with its significant children; `child` is the last.
  added = 16,         ///< A spec was added; it may be started.
  removed = 17,       ///< A spec is gone; `text` says why.
  changed = 18,       ///< Flags and specs were replaced in a running supervisor; `child` is empty.
  cancelled = 19      ///< A restart is not carried out any more: it was stopped or deleted.
};

constexpr std::string_view to_string(supervision_fact what) {
  constexpr std::string_view names[] = {
      "started",      "start_failed", "died",        "restart_due",   "stopped",
      "killed",       "abandoned",    "all_started", "all_stopped",   "gave_up",
      "start_undone", "ignored",      "hung",        "child_gave_up", "ended_itself",
      "added",        "removed",      "changed",     "cancelled"};
  const auto index = static_cast<std::size_t>(what) - 1;
  return index < std::size(names) ? names[index] : "unknown";
}

/// One line of a supervisor's history.
struct supervision_event {
  supervision_fact what = supervision_fact::started;
  std::string supervisor{};
  std::string child{};
  std::uint64_t incarnation = 0; ///< Counts the child's starts from 1.
  ending how = ending::normal;
  std::string text{};
  std::chrono::milliseconds pause{0};
  instant at{};
  std::uint32_t failures = 0; ///< In a row, this one included; with `restart_due`.
  std::string last_message{}; ///< The kind it was handling when it died; empty: unknown.

  static constexpr auto name = "supervision_event";
  static constexpr auto fields = std::make_tuple(
      &supervision_event::what, &supervision_event::supervisor, &supervision_event::child,
      &supervision_event::incarnation, &supervision_event::how, &supervision_event::text,
      &supervision_event::pause, &supervision_event::at, &supervision_event::failures,
      &supervision_event::last_message);
};

/// How a supervisor ended.
enum class supervision_outcome : std::uint8_t {
  stopped = 1,     ///< As it was told to.
  gave_up = 2,     ///< A budget was used up, or a child that must not be replaced is lost.
  undone = 3,      ///< A child did not come up at first.
  ended_itself = 4 ///< With its significant children, as its flags say. A clean end.
};

struct supervision_ended {
  supervision_outcome outcome = supervision_outcome::stopped;
  std::string text;                 ///< One line for people; empty when stopped.
  std::vector<cause> causes;        ///< From its own child to the root; empty after a clean end.
  std::vector<stayed_child> stayed; ///< Who would not leave, here and below.

  static constexpr auto name = "supervision_ended";
  static constexpr auto fields =
      std::make_tuple(&supervision_ended::outcome, &supervision_ended::text,
                      &supervision_ended::causes, &supervision_ended::stayed);
};

/// What a report is about, in OTP's words.
enum class report_context : std::uint8_t {
  start_error = 1,
  child_terminated = 2,
  shutdown_error = 3,
  shutdown = 4,
  progress = 5
};

constexpr std::string_view to_string(report_context what) {
  constexpr std::string_view names[] = {"start_error", "child_terminated", "shutdown_error",
                                        "shutdown", "progress"};
  const auto index = static_cast<std::size_t>(what) - 1;
  return index < std::size(names) ? names[index] : "unknown";
}

enum class report_level : std::uint8_t { debug = 1, info = 2, error = 3 };

/// A line for the log of a supervisor. The history is complete; reports are what OTP logs.
struct supervision_report {
  report_context context = report_context::progress;
  report_level level = report_level::info;
  std::string supervisor;
  std::string reason;
  std::string child;             ///< The offender.
  std::uint64_t incarnation = 0; ///< Of the offender; 0 where `children` counts several.
  std::uint64_t children = 1;    ///< How many it stands for.
  restart_type restart = restart_type::permanent;
  child_type type = child_type::worker;
  bool significant = false;
  std::chrono::milliseconds shutdown{0};

  static constexpr auto name = "supervision_report";
  static constexpr auto fields = std::make_tuple(
      &supervision_report::context, &supervision_report::level, &supervision_report::supervisor,
      &supervision_report::reason, &supervision_report::child, &supervision_report::incarnation,
      &supervision_report::children, &supervision_report::restart, &supervision_report::type,
      &supervision_report::significant, &supervision_report::shutdown);
};

} // namespace holdfast
