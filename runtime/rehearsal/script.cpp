// SPDX-License-Identifier: Apache-2.0
// Reads histories, writes them, and compares two of them.
#include "runtime/rehearsal/script.hpp"

#include <optional>
#include <utility>

namespace holdfast::rehearsal {

namespace {

constexpr std::string_view indentation = "    ";

/// Nothing where a quote is left open.
std::optional<std::vector<std::string>> words_of(std::string_view text) {
  std::vector<std::string> words;
  bool quoted = false;
  bool within = false;
  for (const auto letter : text) {
    if (letter == '"') {
      quoted = !quoted;
      if (quoted && !within)
        words.emplace_back();
      within = true;
    } else if (letter == ' ' && !quoted) {
      within = false;
    } else {
      if (!within)
        words.emplace_back();
      within = true;
      words.back() += letter;
    }
  }
  if (quoted)
    return std::nullopt;
  return words;
}

bool is_remark(std::string_view text) {
  return text.empty() || text.front() == '#';
}

} // namespace

fault mistake(const std::string& name, std::size_t line, const std::string& what,
              std::string help) {
  return {fault_code::invalid, name + ':' + std::to_string(line) + ": " + what, std::move(help)};
}

std::string script::text() const {
  std::string all;
  for (const auto& one : lines) {
    all += one.text + '\n';
    for (const auto& said : one.output)
      all.append(indentation).append(said) += '\n';
  }
  return all;
}

result<script> read_script(std::string name, std::string_view text) {
  script made{std::move(name), {}};
  line* command = nullptr;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = text.find('\n');
    const auto one = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (one.starts_with(indentation)) {
      if (command == nullptr)
        return mistake(made.name, number, "output without a command before it",
                       "commands begin at the first column");
      command->output.emplace_back(one.substr(indentation.size()));
      continue;
    }
    if (one.starts_with(' ') || one.find('\t') != one.npos)
      return mistake(made.name, number, "neither a command nor output",
                     "commands begin at the first column, output after four spaces; no tabs");
    line next{number, std::string{one}};
    if (!is_remark(one)) {
      auto words = words_of(one);
      if (!words)
        return mistake(made.name, number, "a quote is not closed", "end it with \"");
      next.words = *std::move(words);
    }
    made.lines.push_back(std::move(next));
    command = made.lines.back().words.empty() ? nullptr : &made.lines.back();
  }
  return made;
}

std::string differences(const script& expected, const script& came) {
  std::string told;
  for (std::size_t at = 0; at < expected.lines.size() && at < came.lines.size(); ++at) {
    const auto& before = expected.lines[at];
    const auto& now = came.lines[at];
    if (before.output == now.output)
      continue;
    told += expected.name + ':' + std::to_string(before.number) + ": " + before.text + '\n';
    // What both begin and end with says nothing new.
    std::size_t first = 0, same_end = 0;
    const auto& was = before.output;
    const auto& is = now.output;
    while (first < was.size() && first < is.size() && was[first] == is[first])
      ++first;
    while (same_end < was.size() - first && same_end < is.size() - first
           && was[was.size() - 1 - same_end] == is[is.size() - 1 - same_end])
      ++same_end;
    for (auto i = first; i < was.size() - same_end; ++i)
      told += "  - " + was[i] + '\n';
    for (auto i = first; i < is.size() - same_end; ++i)
      told += "  + " + is[i] + '\n';
  }
  return told;
}

} // namespace holdfast::rehearsal
