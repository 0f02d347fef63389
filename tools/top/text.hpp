// SPDX-License-Identifier: Apache-2.0
// Text in columns: cut, filled, wrapped, and drawn as a sparkline. Pure.
#pragma once

#include "tools/session.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::tools::top {

/// A piece of a line in one tone.
struct span {
  tone how = tone::plain;
  std::string text;
};

struct drawn_line {
  std::vector<span> spans;
  bool inverted = false; ///< The titles of the table, and the actor that is chosen.

  /// All of it, without tones.
  std::string text() const;
};

/// Columns on a terminal, near enough: code points.
std::size_t width_of(std::string_view text);

/// At most `width` columns; what was longer ends with `...` where that leaves a word to read.
std::string cut(std::string_view text, std::size_t width);

/// The last `width` columns.
std::string last_columns(std::string_view text, std::size_t width);

/// Exactly `width` columns.
std::string filled(std::string_view text, std::size_t width, side aligned);

/// Lines of at most `width` columns, parted at blanks where there are any.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// Cuts the spans of a line to `width` columns.
drawn_line cut(drawn_line line, std::size_t width);

/// One sign for each of the newest `width` percentages, or for the highest of several where there
/// are more. `fine`: the terminal shows Unicode.
std::string sparkline(const std::vector<double>& percentages, std::size_t width, bool fine);

} // namespace holdfast::tools::top
