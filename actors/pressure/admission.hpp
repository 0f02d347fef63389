// SPDX-License-Identifier: Apache-2.0
// Whether producers may go on, readable from any thread without asking anybody.
#pragma once

#include "messages/pressure.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>

namespace holdfast::pressure {

/// The latest word of the pressure actor. It writes, anyone reads; a reader may see it a moment
/// late, so what is admitted then still counts as unprocessed. While the actor is being restarted
/// the cell keeps its last word.
class admission {
public:
  bool paused() const { return paused_.load(std::memory_order_acquire); }

  /// When to try again; 0 when not paused.
  std::chrono::milliseconds retry_after() const {
    return std::chrono::milliseconds{retry_after_ms_.load(std::memory_order_relaxed)};
  }
  pressure_cause cause() const { return cause_.load(std::memory_order_relaxed); }

  void publish(const pressure_changed& now) {
    cause_.store(now.cause, std::memory_order_relaxed);
    retry_after_ms_.store(now.retry_after.count(), std::memory_order_relaxed);
    paused_.store(now.paused, std::memory_order_release);
  }

private:
  std::atomic<bool> paused_{false};
  std::atomic<pressure_cause> cause_{pressure_cause::none};
  std::atomic<std::int64_t> retry_after_ms_{0};
};

} // namespace holdfast::pressure
