// SPDX-License-Identifier: Apache-2.0
// Finds the command among the typed words, and says what a mistyped one may have meant.
#include "tools/command_line.hpp"
#include "tools/suggest.hpp"

#include <algorithm>

namespace holdfast::tools {
namespace {

const option_spec* option_named(std::string_view name, const std::vector<option_spec>& options) {
  for (const auto& one : options) {
    const auto names = names_of(one);
    if (!one.positional() && std::find(names.begin(), names.end(), name) != names.end())
      return &one;
  }
  return nullptr;
}

std::string joined_help(std::string suggestion, std::string_view otherwise) {
  if (suggestion.empty())
    return std::string{otherwise};
  return suggestion + " " + std::string{otherwise};
}

/// `events` of `events tail`; the whole name of a command of one word.
std::string first_word(const command_spec& one) {
  return one.name.substr(0, one.name.find(' '));
}

fault unknown_command(const std::string& typed, const std::string& group,
                      const std::vector<command_spec>& commands) {
  std::vector<std::string> candidates;
  for (const auto& one : commands) {
    if (group.empty())
      candidates.push_back(first_word(one));
    else if (one.name.starts_with(group + " "))
      candidates.push_back(one.name.substr(group.size() + 1));
  }
  const auto whole = group.empty() ? typed : group + " " + typed;
  auto meant = suggestion(typed, candidates);
  if (!meant.empty())
    meant = "Did you mean \"" + (group.empty() ? meant : group + " " + meant) + "\"?";
  return {fault_code::invalid, "there is no command \"" + whole + "\"",
          joined_help(meant, group.empty() ? "See `holdfast help`."
                                           : "See `holdfast help " + group + "`.")};
}

fault unknown_option(const std::string& typed, const command_spec* command,
                     const std::vector<option_spec>& common) {
  std::vector<std::string> candidates{"--help", "--version"};
  const auto add = [&](const std::vector<option_spec>& options) {
    for (const auto& one : options)
      if (!one.positional())
        for (auto& name : names_of(one))
          if (name.starts_with("--"))
            candidates.push_back(name);
  };
  add(common);
  if (command != nullptr)
    add(command->options);
  const auto of = command == nullptr ? std::string{"holdfast"} : "`" + command->name + "`";
  const auto see = command == nullptr ? std::string{"See `holdfast help`."}
                                      : "See `holdfast help " + command->name + "`.";
  return {fault_code::invalid, of + " has no option \"" + typed + "\"",
          joined_help(did_you_mean(typed, candidates), see)};
}

} // namespace

std::vector<std::string> names_of(const option_spec& option) {
  std::vector<std::string> names;
  for (std::size_t from = 0; from < option.name.size();) {
    const auto comma = std::min(option.name.find(',', from), option.name.size());
    names.push_back(option.name.substr(from, comma - from));
    from = comma + 1;
  }
  return names;
}

result<word_check> check_words(const std::vector<std::string>& words,
                               const std::vector<command_spec>& commands,
                               const std::vector<option_spec>& common) {
  word_check found;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const auto& word = words[at];
    if (word == "--")
      break;
    if (word.size() > 1 && word.front() == '-') {
      const auto name = word.substr(0, word.find('='));
      if (name == "-h" || name == "--help") {
        found.help = true;
        continue;
      }
      if (name == "--version") {
        found.version = true;
        continue;
      }
      const auto* known = option_named(name, common);
      if (known == nullptr && found.command != nullptr)
        known = option_named(name, found.command->options);
      if (known == nullptr)
        return unknown_option(name, found.command, common);
      if (!known->flag() && word.find('=') == std::string::npos)
        ++at; // its value
      continue;
    }
    if (found.command != nullptr)
      continue;
    const auto whole = found.group.empty() ? word : found.group + " " + word;
    const auto exact = std::find_if(commands.begin(), commands.end(),
                                    [&](const auto& one) { return one.name == whole; });
    if (exact != commands.end()) {
      found.command = &*exact;
      continue;
    }
    const bool group =
        found.group.empty() && std::any_of(commands.begin(), commands.end(), [&](const auto& one) {
          return one.name.starts_with(word + " ");
        });
    if (!group)
      return unknown_command(word, found.group, commands);
    found.group = word;
  }
  return found;
}

} // namespace holdfast::tools
