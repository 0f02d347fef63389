// SPDX-License-Identifier: Apache-2.0
// Counts code points, never bytes, so that no character is torn.
#include "tools/top/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace holdfast::tools::top {
namespace {

bool begins_character(char one) {
  return (static_cast<unsigned char>(one) & 0xC0U) != 0x80U;
}

/// The bytes of the first `width` columns.
std::size_t bytes_of(std::string_view text, std::size_t width) {
  std::size_t at = 0;
  for (std::size_t seen = 0; at < text.size(); ++at)
    if (begins_character(text[at]) && seen++ == width)
      break;
  return at;
}

constexpr std::array<std::string_view, 8> fine_levels{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<std::string_view, 8> plain_levels{"_", ".", "-", "-", "=", "=", "#", "#"};

} // namespace

std::string drawn_line::text() const {
  std::string all;
  for (const auto& one : spans)
    all += one.text;
  return all;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string cut(std::string_view text, std::size_t width) {
  if (width_of(text) <= width)
    return std::string{text};
  if (width < 8)
    return std::string{text.substr(0, bytes_of(text, width))};
  return std::string{text.substr(0, bytes_of(text, width - 3))} + "...";
}

std::string last_columns(std::string_view text, std::size_t width) {
  const auto all = width_of(text);
  return std::string{text.substr(all > width ? bytes_of(text, all - width) : 0)};
}

std::string filled(std::string_view text, std::size_t width, side aligned) {
  auto made = cut(text, width);
  const std::string pad(width - width_of(made), ' ');
  return aligned == side::right ? pad + made : made + pad;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  width = std::max<std::size_t>(width, 1);
  while (width_of(text) > width) {
    auto end = bytes_of(text, width);
    if (const auto blank = text.substr(0, end + 1).find_last_of(' ');
        blank != text.npos && blank > 0)
      end = blank;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
  if (!text.empty() || lines.empty())
    lines.emplace_back(text);
  return lines;
}

drawn_line cut(drawn_line line, std::size_t width) {
  std::size_t left = width;
  for (auto& one : line.spans) {
    one.text.resize(bytes_of(one.text, left));
    left -= width_of(one.text);
  }
  return line;
}

std::string sparkline(const std::vector<double>& percentages, std::size_t width, bool fine) {
  if (percentages.empty() || width == 0)
    return {};
  const auto count = percentages.size();
  const auto together = (count + width - 1) / width;
  std::string made;
  // From the newest backwards, so that its sign stays where it is.
  for (auto signs = (count + together - 1) / together; signs-- > 0;) {
    const auto end = count - signs * together;
    const auto begin = end > together ? end - together : 0;
    double highest = 0;
    for (auto at = begin; at < end; ++at)
      highest = std::max(highest, percentages[at]);
    const auto level = static_cast<std::size_t>(std::clamp(highest, 0.0, 99.9) * 8 / 100);
    made += (fine ? fine_levels : plain_levels)[level];
  }
  return made;
}

} // namespace holdfast::tools::top
