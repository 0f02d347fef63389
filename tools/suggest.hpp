// SPDX-License-Identifier: Apache-2.0
// Finds what a mistyped word probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::tools {

/// How many insertions, removals, replacements and swaps of neighbours part the two words.
std::size_t edit_distance(std::string_view left, std::string_view right);

/// The candidate nearest to `typed`, or nothing when none is near enough to be meant. A candidate
/// that begins with `typed` counts as near.
std::string suggestion(std::string_view typed, const std::vector<std::string>& candidates);

/// `Did you mean "x"?`, or nothing.
std::string did_you_mean(std::string_view typed, const std::vector<std::string>& candidates);

} // namespace holdfast::tools
