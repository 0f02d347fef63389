// SPDX-License-Identifier: Apache-2.0
// The measurements of supervision: Holdfast's tree, and the same by hand with CAF alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

/// From the message that makes a child fail to the answer of the next incarnation, each once for
/// each crash, in order, in microseconds.
std::vector<double> crash_to_serving_holdfast(std::size_t crashes);
std::vector<double> crash_to_serving_caf(std::size_t crashes);

struct many_children {
  double start_seconds = 0; ///< Until the last has answered.
  double stop_seconds = 0;  ///< Until the last has ended.
};

many_children many_children_holdfast(std::size_t children);
many_children many_children_caf(std::size_t children);

/// What stands between the sender and the actor.
enum class way : std::uint8_t { direct, address };

/// Messages a second from one actor to another, at most 1,000 under way; each is handled for
/// `handler_ns`.
double throughput(way which, std::size_t messages, std::size_t handler_ns);

struct inspection {
  double all_ms = 0;  ///< Reading the counters of all actors.
  double deep_ms = 0; ///< Reading those of one with a million messages in its mailbox.
};

inspection inspect_holdfast(std::size_t actors);

/// The same three with OTP's supervisor, where `erl` is installed.
struct otp_figures {
  bool there = false;
  double crash_first_us = 0; ///< Median of the first thousand crashes.
  double crash_last_us = 0;  ///< Median of the last thousand.
  double start_seconds = 0;
  double stop_seconds = 0;
};

otp_figures measure_otp(const std::string& script, std::size_t crashes, std::size_t children);

} // namespace bench
