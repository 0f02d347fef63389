// SPDX-License-Identifier: Apache-2.0
// How often something happened lately: a sliding window over times, bounded in what it keeps.
#pragma once

#include "messages/ids.hpp"

#include <chrono>
#include <cstddef>
#include <deque>

namespace holdfast {

/// Times within the last `period`, at most the newest `times_max` of them. A time exactly `period`
/// old still counts, as in OTP. Needs: `period` above 0, `times_max` above 0.
///
/// Whoever asks whether a limit was exceeded keeps one time more than the limit.
class window {
public:
  window(std::chrono::milliseconds period, std::size_t times_max);

  /// Counts one at `now`; returns how many are within the period then, this one included, up to
  /// `times_max`. A `now` before the newest time counts as the newest time.
  std::size_t add(instant now);

  /// How many are within the period that ends at `now`.
  std::size_t count(instant now) const;

  /// Oldest first.
  const std::deque<instant>& times() const { return times_; }

  void clear() { times_.clear(); }

  friend bool operator==(const window&, const window&) = default;

private:
  std::chrono::milliseconds period_;
  std::size_t times_max_;
  std::deque<instant> times_;
};

} // namespace holdfast
