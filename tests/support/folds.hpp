// SPDX-License-Identifier: Apache-2.0
// Folds to test with: an honest one, and ones that break the rules.
#pragma once

#include "messages/checkpoint.hpp"

#include <functional>
#include <memory>
#include <stdexcept>

namespace holdfast::test {

struct sums {
  std::int64_t sum = 0;
  std::int64_t count = 0;
};

/// Adds the numbers that are the bodies of `numbers`. `spice` may spoil a state.
inline fold summing(std::function<void(sums&, const recorded_event&)> spice = {}) {
  fold how;
  how.name = "sums";
  how.stream = "numbers";
  how.initial = [] { return std::any{sums{}}; };
  how.apply = [spice = std::move(spice)](std::any& state, const recorded_event& one) {
    auto& all = std::any_cast<sums&>(state);
    const auto* number = one.body.as<std::int64_t>();
    if (number == nullptr)
      throw std::runtime_error{"not a number"};
    all.sum += *number;
    ++all.count;
    if (spice)
      spice(all, one);
  };
  how.encode = [](const std::any& state) {
    const auto& all = std::any_cast<const sums&>(state);
    return value{object{{"sum", all.sum}, {"count", all.count}}};
  };
  how.decode = [](const value& stored, std::uint16_t schema) -> result<std::any> {
    if (schema > 1)
      return fault{fault_code::unsupported, "written by a newer version", {}};
    if (stored.find("sum") == nullptr)
      return fault{fault_code::corrupt, "no sum in it", {}};
    return std::any{sums{stored.integer_at("sum"), stored.integer_at("count")}};
  };
  return how;
}

/// From event `at` on every run of the fold gives something else.
inline fold unsteady_from(sequence at) {
  auto runs = std::make_shared<std::int64_t>(0);
  return summing([runs, at](sums& all, const recorded_event& one) {
    if (one.at >= at)
      all.sum += ++*runs;
  });
}

} // namespace holdfast::test
