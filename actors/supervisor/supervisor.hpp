// SPDX-License-Identifier: Apache-2.0
// Decides which children start, start again, stop and are given up, with OTP's rules and backoff.
#pragma once

#include "actors/backoff.hpp"
#include "actors/window.hpp"
#include "messages/fault.hpp"
#include "messages/supervision.hpp"

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::supervisor {

/// How a supervisor keeps its children.
struct flags {
  std::string name = "supervisor"; ///< Under which its history and status speak of it.
  restart_strategy strategy = restart_strategy::one_for_one;
  /// Restarts allowed within `period`, of all children together; one more, and it gives up.
  /// 0 to 10,000. A pause longer than period / intensity keeps a child from ever using it up.
  std::uint32_t intensity = 1;
  std::chrono::milliseconds period{5000}; ///< Above 0.
  backoff pauses;                         ///< Before restarts, growing with failures in a row.
  /// A child that ran this long has no failures in a row any more.
  std::chrono::milliseconds steady_after{30000};
  /// A killed child that has not ended by then is abandoned.
  std::chrono::milliseconds kill_budget{5000};
};

/// Children a supervisor takes at most.
inline constexpr std::size_t children_max = 1000;

/// Causes a supervisor keeps for the day it gives up.
inline constexpr std::size_t causes_max = 16;

/// The first problem, named after OTP's reasons; nothing has been started then.
result<void> check(const flags& chosen, const std::vector<child_spec>& specs);

/// One incarnation of a child.
struct child_ref {
  std::string id;
  std::uint64_t incarnation = 0;

  friend bool operator==(const child_ref&, const child_ref&) = default;
};

/// The child of that incarnation answered, or decided not to run.
struct child_started {
  child_ref child;
  bool ignored = false;
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
  std::string text;
  std::vector<cause> causes; ///< Its own chain, where it was a supervisor that gave up.
  double jitter = 0;         ///< A random number from 0 to 1.
};

/// A time the machine asked for has come.
struct child_alarm {
  std::string id;
  std::uint64_t epoch = 0;
  double jitter = 0; ///< A random number from 0 to 1.

  static constexpr auto name = "child_alarm";
  static constexpr auto fields =
      std::make_tuple(&child_alarm::id, &child_alarm::epoch, &child_alarm::jitter);
};

struct start_children {
  static constexpr auto name = "start_children";
  static constexpr auto fields = std::make_tuple();
};

struct stop_children {};

struct alarm_at {
  instant at;
  std::string id;
  std::uint64_t epoch = 0;

  friend bool operator==(const alarm_at&, const alarm_at&) = default;
};

/// What should happen next, in the order it must happen. Nothing of it waits for the disk: a
/// supervisor must be able to mend the journal itself.
struct decision {
  std::vector<supervision_event> events; ///< For the history.
  std::vector<child_ref> shutdowns;      ///< Ask to end.
  std::vector<child_ref> kills;
  std::vector<child_ref> starts; ///< Answer with one of the three facts above.
  std::vector<alarm_at> alarms;
  bool all_started = false;               ///< Every child has answered for the first time.
  std::optional<supervision_ended> ended; ///< Nothing follows any more.

  friend bool operator==(const decision&, const decision&) = default;
};

/// Keeps children running. Pure: no actor, no clock, no randomness.
///
///   waiting -> starting --answered--> running --died--> backoff --pause--> starting ...
///      any of them, on stop: -> stopping --budget--> killing --budget--> abandoned
///                                   \----- died ------> stopped
///
/// Children start in the order of their specs, each after the one before has answered, and stop
/// in reverse order, each after the one behind it has ended. What is told of an incarnation or
/// epoch that has passed changes nothing.
class supervisor {
public:
  /// Needs: `check(chosen, specs)`.
  supervisor(flags chosen, std::vector<child_spec> specs);

  decision on(const start_children& asked, instant now);
  decision on(const child_started& told, instant now);
  decision on(const child_start_failed& told, instant now);
  decision on(const child_died& told, instant now);
  decision on(const child_alarm& due, instant now);

  /// Stops every child, also those that wait for a restart. Asked again it changes nothing.
  decision on(const stop_children& asked, instant now);

  child_list list(instant now) const;
  child_counts count() const;
  bool knows(std::string_view id) const { return find(id) != nullptr; }

  /// Needs: it knows the child.
  child_type type_of(std::string_view id) const { return find(id)->spec.type; }

private:
  enum class phase : std::uint8_t { idle, starting, running, stopping, ended };

  struct child {
    child_spec spec;
    child_state state = child_state::waiting;
    std::uint64_t incarnation = 0;
    std::uint64_t epoch = 0; ///< Moves with every change of state, so old alarms are known.
    std::uint32_t failures = 0;
    std::uint64_t restarts = 0;
    instant since{};
    instant retry_at{};
    std::string last_cause;
  };

  const child* find(std::string_view id) const;
  child* find(const child_ref& wanted);
  void enter(child& one, child_state state, instant now);
  void record(decision& made, supervision_fact what, const child& one, instant now,
              std::string text = {}) const;
  void start(decision& made, child& one, instant now);
  void start_next(decision& made, instant now);
  void stop(decision& made, child& one, instant now);
  void kill(decision& made, child& one, instant now, std::string text);
  void stop_next(decision& made, instant now);
  void begin_stop(decision& made, supervision_outcome outcome, std::string text, instant now);
  void finish(decision& made, instant now);
  void failed_start(decision& made, child& one, std::string text, double jitter, instant now);
  void restart(decision& made, child& one, double jitter, instant now);
  void remember(const child& one, const std::string& text, std::vector<cause> below = {});
  void settle(child& one, instant now);

  flags flags_;
  std::vector<child> children_;
  window restarts_;
  std::deque<cause> causes_; // newest first
  std::vector<child_ref> abandoned_;
  phase phase_ = phase::idle;
  supervision_ended ended_;
};

} // namespace holdfast::supervisor
