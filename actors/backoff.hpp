// SPDX-License-Identifier: Apache-2.0
// How long to wait before trying again: doubling pauses with a cap, jitter taken off.
#pragma once

#include <chrono>

namespace holdfast {

/// Pauses of min, 2 min, 4 min ... up to `max`. Jitter only shortens a pause, so none is ever
/// longer than `max`. Needs: 0 <= min <= max, jitter_share between 0 and 1.
struct backoff {
  std::chrono::milliseconds min{100};
  std::chrono::milliseconds max{30000};
  double jitter_share = 0.2; ///< The largest part of a pause that jitter takes off.

  /// The pause before the next try after `failures` failed ones in a row; none after 0.
  /// `jitter` is a random number from 0 (nothing off) to 1; anything outside counts as the
  /// nearest end.
  std::chrono::milliseconds pause_after(unsigned failures, double jitter) const;

  friend bool operator==(const backoff&, const backoff&) = default;
};

} // namespace holdfast
