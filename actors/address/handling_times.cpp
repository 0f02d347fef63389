// SPDX-License-Identifier: Apache-2.0
// A histogram that one thread writes and any other may read.
#include "actors/address/handling_times.hpp"

#include <algorithm>
#include <bit>

namespace holdfast::addressing {

namespace {

constexpr unsigned lowest = 8; ///< 2^8 ns is the end of the first step.

std::size_t step_of(std::chrono::nanoseconds took) {
  const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0));
  if (ns < 1U << lowest)
    return 0;
  const auto octave = static_cast<unsigned>(std::bit_width(ns)) - 1;
  return 4 * (octave - lowest) + ((ns >> (octave - 2)) & 3U);
}

/// The end of a step: no less than what was measured, and at most a quarter more.
std::chrono::microseconds end_of(std::size_t step) {
  const auto octave = lowest + step / 4;
  const auto ns = (std::uint64_t{5} + step % 4) << (octave - 2);
  return std::chrono::microseconds{(ns + 999) / 1000};
}

/// One writer: no other thread's change can be lost.
template <class Number>
void plus(std::atomic<Number>& sum, Number more) {
  sum.store(sum.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

} // namespace

void handling_times::add(std::chrono::nanoseconds took, std::uint32_t weight) {
  if (!held_) {
    held_ = std::make_unique<histogram>();
    read_.store(held_.get(), std::memory_order_release);
  }
  plus(total_, static_cast<std::int64_t>(took.count() * weight));
  plus((*held_)[std::min(step_of(took), steps - 1)], std::uint64_t{weight});
}

void handling_times::read(actor_reading& into) const {
  const auto* const found = read_.load(std::memory_order_acquire);
  if (found == nullptr)
    return;
  std::array<std::uint64_t, steps> counts{};
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < steps; ++i)
    all += counts[i] = (*found)[i].load(std::memory_order_relaxed);
  const auto percentile = [&](std::uint64_t share) {
    const auto wanted = (all * share + 99) / 100;
    std::uint64_t seen = 0;
    std::size_t step = 0;
    while (step + 1 < steps && (seen += counts[step]) < wanted)
      ++step;
    return end_of(step);
  };
  into.p50 = percentile(50);
  into.p95 = percentile(95);
  into.p99 = percentile(99);
}

} // namespace holdfast::addressing
