// SPDX-License-Identifier: Apache-2.0
// The doubling pause.
#include "actors/backoff.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace holdfast {

std::chrono::milliseconds backoff::pause_after(unsigned failures, double jitter) const {
  assert(min.count() >= 0 && min <= max);
  assert(jitter_share >= 0 && jitter_share <= 1);
  if (failures == 0)
    return std::chrono::milliseconds{0};
  // Doubling stops at the cap, so the number of failures cannot overflow anything.
  auto pause = min;
  for (unsigned step = 1; step < failures && pause < max && pause.count() > 0; ++step)
    pause = pause > max / 2 ? max : pause * 2;
  const auto whole = static_cast<double>(pause.count());
  const auto off = std::isnan(jitter) ? 0.0 : std::clamp(jitter, 0.0, 1.0) * jitter_share * whole;
  return pause - std::chrono::milliseconds{std::llround(off)};
}

} // namespace holdfast
