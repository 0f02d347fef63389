// SPDX-License-Identifier: Apache-2.0
// The machine's real clocks: the one place that reads them.
#pragma once

#include "messages/ids.hpp"

#include <time.h>

#include <chrono>
#include <thread>

namespace holdfast::os {

inline wall_time wall_now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::microseconds>(since).count()};
}

inline instant steady_now() {
  return std::chrono::steady_clock::now();
}

/// The same time as `steady_now`, up to a few milliseconds late, for a fraction of the price.
inline instant coarse_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return instant{std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec}};
}

/// Blocks the calling thread; for a person's command between two attempts, never for an actor.
inline void wait_for(std::chrono::milliseconds long_as) {
  std::this_thread::sleep_for(long_as);
}

} // namespace holdfast::os
