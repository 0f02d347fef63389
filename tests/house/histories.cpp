// SPDX-License-Identifier: Apache-2.0
// Every numbered behaviour of a supervisor has a history, or a reason why it has none.
#include "tests/house/rules.hpp"

#include <cctype>
#include <cstdlib>
#include <set>

namespace house {

namespace {

constexpr std::string_view folder = "tests/histories/supervision";
constexpr int points = 43;
constexpr int gaps = 9;

/// The numbers a name begins with: `15-...`, `36-37-...`, `gap-2-...`.
void note_numbers(std::string_view name, std::set<std::string>& into) {
  const bool is_gap = name.starts_with("gap-");
  if (is_gap)
    name.remove_prefix(4);
  while (!name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) != 0) {
    const auto end = name.find_first_not_of("0123456789");
    const auto number = std::to_string(std::atoi(std::string{name.substr(0, end)}.c_str()));
    into.insert((is_gap ? "gap-" : "") + number);
    if (end == name.npos || name[end] != '-')
      return;
    name.remove_prefix(end + 1);
  }
}

} // namespace

violations histories(const tree& all) {
  std::set<std::string> told;
  for (const auto& file : all.files) {
    if (!file.is_under(folder))
      continue;
    if (file.ends_with(".history"))
      note_numbers(file.file_name(), told);
    if (file.file_name() == "README.md")
      for (const auto& line : file.lines) // `- gap-8: why there is none`
        if (const auto colon = line.find(": ");
            line.starts_with("- ") && colon != line.npos && colon + 2 < line.size())
          told.insert(line.substr(2, colon - 2));
  }
  violations found;
  const auto need = [&](const std::string& number) {
    if (told.count(number) == 0)
      found.push_back(
          {std::string{folder}, 0, "histories",
           "nothing tells of " + number + ": write a history, or a reason in README.md"});
  };
  for (int number = 1; number <= points; ++number)
    need(std::to_string(number));
  for (int number = 1; number <= gaps; ++number)
    need("gap-" + std::to_string(number));
  return found;
}

} // namespace house
