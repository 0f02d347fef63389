// SPDX-License-Identifier: Apache-2.0
// How long one actor handles its messages: written by its own thread, read by anyone.
#pragma once

#include "messages/actor_reading.hpp"
#include "messages/ids.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace holdfast::addressing {

/// One message in so many is timed exactly. All that take longer than a tick of the coarse clock
/// are seen by that, so what is rare and long is never missed.
inline constexpr std::uint32_t sampled_every = 32;

/// A histogram of durations in steps of a quarter of an octave, from 256 ns to 18 minutes. One
/// writer; readers may see a message more in one step than in another.
class handling_times {
public:
  /// A duration that stands for `weight` messages.
  void add(std::chrono::nanoseconds took, std::uint32_t weight);

  /// All together.
  std::chrono::nanoseconds total() const {
    return std::chrono::nanoseconds{total_.load(std::memory_order_relaxed)};
  }

  /// Fills in the percentiles; leaves them out while nothing was measured.
  void read(actor_reading& into) const;

private:
  static constexpr std::size_t steps = 4 * 32;
  using histogram = std::array<std::atomic<std::uint64_t>, steps>;

  std::atomic<std::int64_t> total_{0};
  /// Made with the first measurement: most actors of a large tree are never busy.
  std::atomic<const histogram*> read_{nullptr};
  std::unique_ptr<histogram> held_;
};

} // namespace holdfast::addressing
