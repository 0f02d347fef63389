// SPDX-License-Identifier: Apache-2.0
// What the counters beside an actor say: read without asking the actor, so also when it is stuck.
#pragma once

#include "messages/supervision_calls.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace holdfast {

/// How many messages of one kind wait in a mailbox.
struct queued_kind {
  std::string kind;
  std::uint64_t count = 0;

  friend bool operator==(const queued_kind&, const queued_kind&) = default;
};

/// What an actor is doing now: a message that came through its address, or long work on one of its
/// own.
struct current_message {
  std::string kind;
  std::chrono::milliseconds handling{0}; ///< How long already, to a few milliseconds.

  friend bool operator==(const current_message&, const current_message&) = default;
};

/// Messages of a mailbox that a reading looks into for who sent them.
inline constexpr std::size_t askers_max = 64;

/// The counters of one address. Totals go on over restarts; what is said of times and of the
/// current message is the present incarnation's. Messages that did not come through the address
/// (answers, probes, timers an actor sends itself) are not counted.
struct actor_reading {
  std::uint64_t incarnation = 0; ///< 0: it does not run.
  std::uint64_t received = 0;
  std::uint64_t handled = 0;
  std::uint64_t queued = 0;     ///< In the mailbox, without the one being handled.
  std::uint64_t held = 0;       ///< Kept for the next incarnation.
  std::uint64_t with_lost = 0;  ///< In the hands of incarnations that would not end.
  message_counts left;          ///< What became of the others.
  std::uint64_t queued_max = 0; ///< As many fit.
  std::vector<queued_kind> kinds;
  /// Its incarnation as CAF numbers actors, and those whose requests it has not answered yet, of
  /// the first that wait: of the one it handles and of at most `askers_max` behind it.
  std::uint64_t actor = 0;
  std::vector<std::uint64_t> askers;
  std::optional<std::chrono::milliseconds> oldest; ///< Waits this long; left out: nobody waits.
  std::optional<current_message> current;          ///< Left out: it is idle.
  /// Of its time since it came up, by samples.
  std::chrono::microseconds busy{0};
  std::chrono::microseconds idle{0};
  std::chrono::microseconds waited{0}; ///< All messages together, before they were handled.
  /// Of one message, by samples: to a quarter of its size. Left out: none was measured yet.
  std::optional<std::chrono::microseconds> p50{};
  std::optional<std::chrono::microseconds> p95{};
  std::optional<std::chrono::microseconds> p99{};
};

} // namespace holdfast
