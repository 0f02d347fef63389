// SPDX-License-Identifier: Apache-2.0
// Finds what a mistyped word probably meant, by edit distance.
#include "tools/suggest.hpp"

#include <algorithm>

namespace holdfast::tools {

std::size_t edit_distance(std::string_view left, std::string_view right) {
  const auto width = right.size() + 1;
  std::vector<std::size_t> earlier(width);
  std::vector<std::size_t> previous(width);
  std::vector<std::size_t> current(width);
  for (std::size_t column = 0; column < width; ++column)
    previous[column] = column;
  for (std::size_t row = 1; row <= left.size(); ++row) {
    current[0] = row;
    for (std::size_t column = 1; column < width; ++column) {
      const std::size_t cost = left[row - 1] == right[column - 1] ? 0 : 1;
      current[column] =
          std::min({previous[column] + 1, current[column - 1] + 1, previous[column - 1] + cost});
      if (row > 1 && column > 1 && left[row - 1] == right[column - 2]
          && left[row - 2] == right[column - 1])
        current[column] = std::min(current[column], earlier[column - 2] + 1);
    }
    std::swap(earlier, previous);
    std::swap(previous, current);
  }
  return previous[width - 1];
}

std::string suggestion(std::string_view typed, const std::vector<std::string>& candidates) {
  if (typed.empty() || typed.size() > 64)
    return {};
  const auto limit = std::max<std::size_t>(1, typed.size() / 3);
  std::string nearest;
  auto least = limit + 1;
  for (const auto& candidate : candidates) {
    auto distance = edit_distance(typed, candidate);
    if (typed.size() >= 3 && candidate.starts_with(typed))
      distance = std::min<std::size_t>(distance, 1);
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string did_you_mean(std::string_view typed, const std::vector<std::string>& candidates) {
  const auto meant = suggestion(typed, candidates);
  return meant.empty() ? std::string{} : "Did you mean \"" + meant + "\"?";
}

} // namespace holdfast::tools
