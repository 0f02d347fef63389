// SPDX-License-Identifier: Apache-2.0
// Rules about a file as text: line length, blanks, marks of unfinished business, first lines.
#include "tests/house/rules.hpp"

#include <algorithm>
#include <regex>

namespace house {

namespace {

constexpr std::size_t columns_max = 100;

std::size_t columns(const std::string& line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char one) {
    return (static_cast<unsigned char>(one) & 0xC0U) != 0x80U; // not the rest of a UTF-8 character
  }));
}

bool is_code(const source& file) {
  return file.is_cpp() || file.is_cmake() || file.is_script() || file.ends_with(".proto");
}

} // namespace

violations layout(const tree& all) {
  violations found;
  for (const auto& file : all.files) {
    if (!is_code(file))
      continue;
    for (std::size_t at = 0; at < file.lines.size(); ++at) {
      const auto& line = file.lines[at];
      if (const auto wide = columns(line); wide > columns_max)
        found.push_back(
            {file.path, at + 1, "line length",
             std::to_string(wide) + " columns; at most " + std::to_string(columns_max)});
      if (line.find('\t') != std::string::npos)
        found.push_back({file.path, at + 1, "blanks", "a tab"});
      if (!line.empty() && (line.back() == ' ' || line.back() == '\r'))
        found.push_back({file.path, at + 1, "blanks", "a blank at the end of the line"});
    }
  }
  return found;
}

violations markers(const tree& all) {
  static const std::regex pattern{"\\b(TO"
                                  "DO|FIX"
                                  "ME|XX"
                                  "X|HA"
                                  "CK)\\b"};
  violations found;
  for (const auto& file : all.files) {
    if (!is_code(file) && !file.ends_with(".md"))
      continue;
    for (std::size_t at = 0; at < file.lines.size(); ++at)
      if (std::smatch match; std::regex_search(file.lines[at], match, pattern))
        found.push_back({file.path, at + 1, "marker", match.str() + ": finish it or leave it out"});
  }
  return found;
}

violations first_lines(const tree& all) {
  static const std::string licence = "SPDX-License-Identifier: Apache-2.0";
  violations found;
  for (const auto& file : all.files) {
    if (!is_code(file))
      continue;
    const std::size_t first = !file.lines.empty() && file.lines[0].starts_with("#!") ? 1 : 0;
    if (file.lines.size() <= first || file.lines[first].find(licence) == std::string::npos) {
      found.push_back({file.path, first + 1, "first lines", "must say " + licence});
      continue;
    }
    if (!file.is_cpp())
      continue;
    if (file.lines.size() < 2 || !file.lines[1].starts_with("// "))
      found.push_back({file.path, 2, "first lines", "must say in one sentence what the file is"});
    if (file.is_header()
        && std::find(file.code.begin(), file.code.end(), "#pragma once") == file.code.end())
      found.push_back({file.path, 3, "first lines", "a header needs #pragma once"});
  }
  return found;
}

} // namespace house
