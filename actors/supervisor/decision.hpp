// SPDX-License-Identifier: Apache-2.0
// What a supervisor is told, and what it decides: the protocol between the machine and its shell.
#pragma once

#include "messages/fields.hpp"
#include "messages/ids.hpp"
#include "messages/supervision.hpp"
#include "messages/supervision_calls.hpp"

#include <optional>
#include <string>
#include <vector>

namespace holdfast::supervisor {

/// One incarnation of a child. Every fact and every order names one, and what is told of another
/// than the present one changes nothing.
struct child_ref {
  std::string id;
  std::uint64_t incarnation = 0;

  friend bool operator==(const child_ref&, const child_ref&) = default;
};

/// Whoever waits for the answer to a call; the shell gives out the numbers.
struct caller {
  std::uint64_t number = 0;

  friend bool operator==(const caller&, const caller&) = default;
};

// ---- what is told -----------------------------------------------------------------------------

struct start_children {
  static constexpr auto name = "start_children";
  static constexpr auto fields = std::make_tuple();
};

/// Everybody is to end.
struct stop_children {
  /// When it must be over, whoever is still there. Asked again, only an earlier end counts.
  std::optional<std::chrono::milliseconds> within{};

  static constexpr auto name = "stop_children";
  static constexpr auto fields = std::make_tuple(&stop_children::within);
};

/// The child of that incarnation answered, or decided not to run.
struct child_started {
  child_ref child;
  bool ignored = false;
  std::string info{}; ///< What it says of itself, for whoever asked for the start.
};

/// The child of that incarnation could not even be made.
struct child_start_failed {
  child_ref child;
  std::string text;
  double jitter = 0; ///< A random number from 0 to 1.
};

/// The child of that incarnation ended.
struct child_died {
  child_ref child;
  ending how = ending::crashed;
  std::string text{};
  std::vector<cause> causes{};        ///< Its own chain, where it was a supervisor that gave up.
  double jitter = 0;                  ///< A random number from 0 to 1.
  std::string last_message{};         ///< The kind it was handling; empty: unknown.
  std::vector<stayed_child> stayed{}; ///< Who is left of those below it.
};

/// A time the machine asked for has come.
struct child_alarm {
  std::string id; ///< Empty: the supervisor's own.
  std::uint64_t epoch = 0;
  double jitter = 0; ///< A random number from 0 to 1.

  static constexpr auto name = "child_alarm";
  static constexpr auto fields =
      std::make_tuple(&child_alarm::id, &child_alarm::epoch, &child_alarm::jitter);
};

/// A probe came back through the child's mailbox.
struct child_answered {
  child_ref child;
  std::uint64_t probe = 0;
};

/// What the child's counters say: it handles a message of that kind, for so long already.
struct child_busy {
  child_ref child;
  std::string message;
  std::chrono::milliseconds handling{0};
};

/// What became of messages since this was told last.
struct messages_settled {
  std::string id;
  message_counts counts;
};

// ---- what is decided --------------------------------------------------------------------------

/// Where a child's stable address leads from now on. It holds for what arrives, and for what an
/// ended incarnation leaves behind; the message in flight follows `leftovers::in_flight`.
enum class route : std::uint8_t {
  closed = 1,   ///< Nowhere, until it is started by hand: refuse, also what was held.
  refusing = 2, ///< It will be back: refuse with that reason.
  holding = 3,  ///< It will be back: keep it for the next incarnation.
  handing = 4,  ///< It will be back: give it to the hook.
  open = 5      ///< To this incarnation, first what was held.
};

struct route_change {
  child_ref child;
  route to = route::closed;

  friend bool operator==(const route_change&, const route_change&) = default;
};

/// Ask it to end. After `by` it is killed; a child that is a supervisor must be done by then.
struct shutdown_order {
  child_ref child;
  std::optional<instant> by;

  friend bool operator==(const shutdown_order&, const shutdown_order&) = default;
};

struct probe_order {
  child_ref child;
  std::uint64_t number = 0;

  friend bool operator==(const probe_order&, const probe_order&) = default;
};

struct alarm_at {
  instant at;
  std::string id;
  std::uint64_t epoch = 0;

  friend bool operator==(const alarm_at&, const alarm_at&) = default;
};

struct reply {
  caller to;
  child_answer answer;

  friend bool operator==(const reply&, const reply&) = default;
};

/// What should happen next, in the order it must happen. Nothing of it waits for the disk: a
/// supervisor must be able to mend the journal itself.
struct decision {
  std::vector<supervision_event> events;   ///< The records of its history.
  std::vector<supervision_report> reports; ///< For the log.
  std::vector<route_change> routes;
  std::vector<shutdown_order> shutdowns;
  std::vector<child_ref> kills;
  std::vector<child_ref> starts;   ///< Answer with `child_started` or `child_start_failed`.
  std::vector<probe_order> probes; ///< Answer with `child_answered`.
  std::vector<child_ref> looks;    ///< Read its counters; answer with `child_busy` if it is busy.
  std::vector<alarm_at> alarms;
  std::vector<reply> replies;
  bool all_started = false;               ///< Every child has answered for the first time.
  std::string exit_process;               ///< Not empty: why the process must end, as configured.
  std::optional<supervision_ended> ended; ///< Nothing follows any more.

  friend bool operator==(const decision&, const decision&) = default;
};

} // namespace holdfast::supervisor
