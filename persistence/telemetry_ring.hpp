// SPDX-License-Identifier: Apache-2.0
// The bounded memory between callers and the telemetry writer, one per class of severity.
#pragma once

#include "persistence/telemetry_line.hpp"

#include <array>
#include <condition_variable>
#include <mutex>
#include <string>

namespace holdfast::persistence {

/// What the writer takes out of a ring at once.
struct telemetry_waiting {
  std::string calls; ///< Encoded; read with `telemetry_unpacker`.
  std::array<telemetry_shed, 7> shed{};
};

/// Two buffers that change places: callers copy into one while the writer reads the other.
/// A call costs one uncontended lock and one copy; nothing is allocated. Safe for concurrent calls.
class telemetry_ring {
public:
  /// Takes `capacity` bytes twice, of which only what is used becomes resident.
  explicit telemetry_ring(std::size_t capacity);

  enum class outcome { taken, taken_over_half, full };

  /// Copies the call under the number `seq`, or answers `full` after waiting for room at most
  /// `wait`. Limits cut the message and the fields first.
  outcome push(const telemetry_call& call, std::uint64_t seq, wall_time time,
               const telemetry_limits& limits, std::chrono::milliseconds wait);

  /// Notes that the call of that number is lost.
  void shed(severity level, std::uint64_t seq);

  /// Gives everything that waits, and takes the emptied `spare` for what comes next.
  void swap(telemetry_waiting& spare);

  bool empty() const;

private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  telemetry_waiting waiting_;
  std::size_t waiters_ = 0;
};

/// Reads encoded calls one after the other. Views stay valid as long as the buffer.
class telemetry_unpacker {
public:
  explicit telemetry_unpacker(std::string_view calls) : rest_{calls} {}

  bool done() const { return rest_.empty(); }

  /// The number of the next call. Needs: not `done()`.
  std::uint64_t next_seq() const;

  /// Takes the next call out. Needs: not `done()`.
  void next(telemetry_record& into);

private:
  std::string_view rest_;
};

} // namespace holdfast::persistence
