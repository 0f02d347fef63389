// SPDX-License-Identifier: Apache-2.0
// Somebody looks on while an actor handles its messages: never for long, and never too closely.
#pragma once

#include "actors/window.hpp"
#include "messages/ids.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

namespace holdfast::addressing {

/// The largest limits that a trace may have.
inline constexpr std::uint32_t trace_messages_max = 1000;
inline constexpr std::uint32_t trace_rate_max = 1000;

/// Bytes of a body that a trace is told; the rest is left out.
inline constexpr std::size_t trace_body_max = 65536;

/// Both limits are above 0: a trace without them may take a system down, as Erlang's users know.
struct trace_limits {
  std::uint32_t messages = 0;   ///< Then it is over.
  std::uint32_t per_second = 0; ///< One more within a second, and it is over.
  bool bodies = false;          ///< What the messages say, too: printing them takes the actor time.
};

/// A message that was handled.
struct traced_message {
  std::uint64_t incarnation = 0; ///< Who handled it.
  std::uint64_t sender = 0;      ///< As CAF numbers actors; 0: not known.
  std::string kind;
  bool is_request = false;
  bool failed = false; ///< The actor failed while it handled this.
  std::chrono::microseconds waited{0};
  std::chrono::microseconds took{0};
  std::optional<std::string> body; ///< As CAF prints it, with whatever secrets it has.
};

/// Why a trace is over.
enum class trace_end : std::uint8_t {
  all_told = 1, ///< As many messages as were wanted.
  too_fast = 2, ///< More came in a second than were allowed.
  gone = 3,     ///< The address is no more.
  let_go = 4    ///< Nobody looks on any more.
};

constexpr std::string_view to_string(trace_end why) {
  constexpr std::string_view names[] = {"", "all_told", "too_fast", "gone", "let_go"};
  return names[static_cast<std::size_t>(why)];
}

/// Counts what a trace tells. Pure.
class trace_gate {
public:
  explicit trace_gate(const trace_limits& chosen);

  /// Whether a message that was handled at `now` is told.
  bool admit(instant now);

  /// Over, and why. What `admit` has let pass is told first.
  std::optional<trace_end> over() const { return over_; }

private:
  trace_limits limits_;
  window last_second_;
  std::uint32_t told_ = 0;
  std::optional<trace_end> over_;
};

/// Passes messages on until it is over. Any thread.
class trace {
public:
  /// Called one after the other, in the thread of the actor that handles the message (`ended` also
  /// in whichever ends the trace): brief, and neither blocking nor throwing. `ended` comes once,
  /// and last.
  struct listener {
    std::function<void(traced_message)> told;
    std::function<void(trace_end)> ended;
  };

  trace(const trace_limits& chosen, listener to);

  bool wants_bodies() const { return bodies_; }
  bool is_over() const { return over_.load(std::memory_order_relaxed); }

  void tell(traced_message what, instant now);
  void end(trace_end why);

  /// Tells nothing more, not even that it is over. A listener may call it, unlike the others.
  void drop() { over_ = true; }

private:
  const bool bodies_;
  const listener to_;
  std::atomic<bool> over_{false};
  std::mutex telling_;
  trace_gate gate_; ///< Under the lock.
};

} // namespace holdfast::addressing
