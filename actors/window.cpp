// SPDX-License-Identifier: Apache-2.0
// The sliding window of times.
#include "actors/window.hpp"

#include <algorithm>
#include <cassert>

namespace holdfast {

window::window(std::chrono::milliseconds period, std::size_t times_max)
    : period_{period}, times_max_{times_max} {
  assert(period.count() > 0);
  assert(times_max > 0);
}

std::size_t window::add(instant now) {
  if (!times_.empty())
    now = std::max(now, times_.back());
  times_.push_back(now);
  while (times_.size() > times_max_ || times_.front() < now - period_)
    times_.pop_front();
  return times_.size();
}

std::size_t window::count(instant now) const {
  const auto first = std::lower_bound(times_.begin(), times_.end(), now - period_);
  return static_cast<std::size_t>(times_.end() - first);
}

} // namespace holdfast
