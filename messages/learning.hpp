// SPDX-License-Identifier: Apache-2.0
// What the usage of language models adds up to: totals by model and hour, patterns, repeats.
#pragma once

#include "messages/fields.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace holdfast {

/// Upper ends of the latency buckets in milliseconds, each included; the last bucket has none.
/// In stored states: never change.
inline constexpr std::array<std::uint64_t, 11> latency_bounds_ms{
    10, 30, 100, 300, 1000, 3000, 10000, 30000, 100000, 300000, 1000000};

/// Sums over requests. Each stops at the largest number instead of starting over.
struct usage_totals {
  std::uint64_t requests = 0;
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::uint64_t timed = 0;      ///< Requests that told their latency.
  std::uint64_t latency_us = 0; ///< Of those, all together.

  static constexpr auto name = "usage_totals";
  static constexpr auto fields = std::make_tuple(
      &usage_totals::requests, &usage_totals::input_tokens, &usage_totals::output_tokens,
      &usage_totals::timed, &usage_totals::latency_us);
};

/// One model, over all time.
struct model_usage {
  usage_totals all;
  usage_totals older; ///< The part of `all` in hours that are no longer kept one by one.
  std::map<std::string, std::uint64_t> outcomes;
  std::array<std::uint64_t, latency_bounds_ms.size() + 1> latencies{};

  static constexpr auto name = "model_usage";
  static constexpr auto fields = std::make_tuple(&model_usage::all, &model_usage::older,
                                                 &model_usage::outcomes, &model_usage::latencies);
};

/// Everything learned so far. Names beyond a bound are counted under `other`.
struct learned_usage {
  std::uint64_t events = 0;    ///< Counted below.
  std::uint64_t malformed = 0; ///< Left out: no model, or a field of the wrong kind.
  std::map<std::string, model_usage> models;
  /// By hours since 1970, then model.
  std::map<std::int64_t, std::map<std::string, usage_totals>> hours;
  std::map<std::string, std::uint64_t> patterns; ///< How often each was seen.
  std::uint64_t repeats = 0;                     ///< Events whose pattern had been seen before.
  std::uint64_t unlisted = 0; ///< Events with a pattern for which there was no room.

  static constexpr auto name = "learned_usage";
  static constexpr auto fields =
      std::make_tuple(&learned_usage::events, &learned_usage::malformed, &learned_usage::models,
                      &learned_usage::hours, &learned_usage::patterns, &learned_usage::repeats,
                      &learned_usage::unlisted);

  /// Of the events with a listed pattern, how many had one that had been seen before, in
  /// millionths. These are events of their own, stored and counted: the journal's duplicates never
  /// come here.
  std::uint64_t repeated_pattern_rate_ppm() const {
    const auto listed = events - unlisted;
    return listed == 0 ? 0
                       : static_cast<std::uint64_t>(static_cast<long double>(repeats) * 1000000
                                                    / static_cast<long double>(listed));
  }
};

} // namespace holdfast
