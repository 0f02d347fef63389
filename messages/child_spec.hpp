// SPDX-License-Identifier: Apache-2.0
// What a supervisor is told before it starts: how it keeps its children, and each child by itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace holdfast {

/// When a child that ended is started again.
enum class restart_type : std::uint8_t {
  permanent = 1, ///< Always.
  transient = 2, ///< Unless it ended normally or was shut down.
  temporary = 3  ///< Never; its spec goes with it.
};

/// Who is restarted with a child.
enum class restart_strategy : std::uint8_t {
  one_for_one = 1,       ///< Nobody.
  one_for_all = 2,       ///< Everybody.
  rest_for_one = 3,      ///< Those that stand after it.
  simple_one_for_one = 4 ///< Nobody; all children are made from one spec, when asked for.
};

/// Whether a supervisor ends by itself when significant children have.
enum class auto_shutdown : std::uint8_t {
  never = 1,
  any_significant = 2, ///< With the first of them.
  all_significant = 3  ///< With the last of them.
};

enum class child_type : std::uint8_t { worker = 1, supervisor = 2 };

/// Waits for a child to end for as long as it takes; for children that are supervisors.
inline constexpr auto shutdown_without_limit = std::chrono::milliseconds::max();

/// Restarts allowed within a period; one more is not performed.
struct restart_budget {
  std::uint32_t intensity = 1; ///< 0 to 10,000.
  std::chrono::milliseconds period{5000};

  friend bool operator==(const restart_budget&, const restart_budget&) = default;
};

/// Pauses before restarts: `min`, twice that, and so on up to `max`, which none exceeds.
struct restart_pauses {
  std::chrono::milliseconds min{100};
  std::chrono::milliseconds max{30000};
  double jitter_share = 0.2; ///< The largest part of a pause that chance takes off.
  /// A child that ran this long has no failures in a row any more.
  std::chrono::milliseconds steady_after{30000};

  friend bool operator==(const restart_pauses&, const restart_pauses&) = default;
};

/// What becomes of a child whose own budget is used up.
enum class spent_action : std::uint8_t {
  escalate = 1, ///< Its supervisor gives up with it.
  rest = 2      ///< It alone is given up, until it is started by hand.
};

/// How a child that hangs is found. 0: that way is not used.
struct hang_watch {
  std::chrono::milliseconds probe_every{0};  ///< A message goes through its mailbox so often.
  std::chrono::milliseconds probe_within{0}; ///< It must be answered by then.
  std::chrono::milliseconds handler_max{0};  ///< One message may take this long.
  /// From the request to end until it is killed; its own shutdown time, where that is shorter.
  std::chrono::milliseconds patience{1000};

  friend bool operator==(const hang_watch&, const hang_watch&) = default;
};

/// What is done about a child that does not end even when it is killed. Its thread is lost, and it
/// may still write: where two of a child must never live at once, nothing may take its place.
enum class lost_action : std::uint8_t {
  replace = 1,     ///< Another incarnation takes its place.
  give_up = 2,     ///< Nothing does: its supervisor gives up.
  exit_process = 3 ///< The process ends, and with it the lost thread.
};

/// What becomes of a message that an ended incarnation has left behind.
enum class message_fate : std::uint8_t {
  refuse = 1,    ///< Its sender is told why.
  redeliver = 2, ///< The next incarnation gets it; refused where there will be none.
  hand_over = 3  ///< The child's hook gets it.
};

struct leftovers {
  message_fate queued = message_fate::refuse; ///< Also of what comes while it does not run.
  /// Of the message it was handling, which may be what ended it.
  message_fate in_flight = message_fate::refuse;
  std::uint32_t redeliveries_max = 1; ///< Of one message; then it is refused.

  friend bool operator==(const leftovers&, const leftovers&) = default;
};

/// What happens to a message for which a mailbox has no room.
enum class overflow : std::uint8_t {
  refuse_sender = 1,
  drop_oldest = 2,
  drop_newest = 3,
  block_producer = 4 ///< Only producers outside actors wait; actors are refused.
};

struct mailbox_bounds {
  std::uint32_t messages_max = 1000000; ///< Above 0. Also of what is held for the next incarnation.
  overflow when_full = overflow::refuse_sender;

  friend bool operator==(const mailbox_bounds&, const mailbox_bounds&) = default;
};

/// What a supervisor needs to know about a child, besides how it is started.
struct child_spec {
  std::string id; ///< 1 to 100 bytes, unique under its supervisor.
  restart_type restart = restart_type::permanent;
  /// Time it gets to end by itself when it is stopped; then it is killed. 0: killed at once.
  /// Left out: 5 s for a worker, no limit for a supervisor.
  std::optional<std::chrono::milliseconds> shutdown{};
  bool significant = false; ///< Its own end may end the supervisor; see `auto_shutdown`.
  child_type type = child_type::worker;
  /// Time it gets to answer after its start; then the start has failed. Above 0.
  std::chrono::milliseconds start{30000};
  std::optional<restart_budget> budget{}; ///< Its own, beside the supervisor's; left out: none.
  spent_action when_spent = spent_action::escalate;
  std::optional<restart_pauses> pauses{}; ///< Its own; left out: the supervisor's.
  hang_watch hang{};
  lost_action when_lost = lost_action::replace;
  leftovers messages{};
  mailbox_bounds mailbox{};

  friend bool operator==(const child_spec&, const child_spec&) = default;
};

/// How a supervisor keeps its children.
struct supervisor_flags {
  std::string name = "supervisor"; ///< Under which its history and status speak of it.
  restart_strategy strategy = restart_strategy::one_for_one;
  /// Restarts allowed within `period`, of all children together; one more, and it gives up.
  /// 0 to 10,000. A pause longer than period / intensity keeps a child from ever using it up.
  std::uint32_t intensity = 1;
  std::chrono::milliseconds period{5000}; ///< Above 0.
  auto_shutdown shuts_down = auto_shutdown::never;
  restart_pauses pauses{}; ///< Before restarts, growing with failures in a row.
  /// A killed child that has not ended by then is abandoned.
  std::chrono::milliseconds kill_budget{5000};
  /// More children lost at once than this, and the process ends. Left out: never.
  std::optional<std::uint32_t> lost_max{};

  friend bool operator==(const supervisor_flags&, const supervisor_flags&) = default;
};

} // namespace holdfast
