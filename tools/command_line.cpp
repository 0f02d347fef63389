// SPDX-License-Identifier: Apache-2.0
// Parses with CLI11, and answers in our own words and exit codes. The only user of CLI11.
#include "tools/command_line.hpp"

#include "tools/help.hpp"
#include "tools/interrupt.hpp"
#include "tools/session.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <map>

namespace holdfast::tools {
namespace {

void add_option(CLI::App& app, const option_spec& one) {
  auto* made = std::visit(
      [&](auto* into) -> CLI::Option* {
        if constexpr (std::is_same_v<decltype(into), bool*>)
          return app.add_flag(one.name, *into, one.help);
        else
          return app.add_option(one.name, *into, one.help);
      },
      one.into);
  if (one.required)
    made->required();
  if (!one.choices.empty())
    made->check(CLI::IsMember(one.choices));
  if (std::holds_alternative<std::vector<std::string>*>(one.into) && !one.positional())
    made->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

/// The parser of one command: its own options and the common ones.
result<void> parse(const std::vector<std::string>& words, const command_spec& command,
                   const std::vector<option_spec>& common) {
  CLI::App app;
  app.set_help_flag();
  app.option_defaults()->always_capture_default(false);
  for (const auto& one : common)
    add_option(app, one);
  for (const auto& one : command.options)
    add_option(app, one);
  auto reversed = words; // as CLI11 wants them
  std::reverse(reversed.begin(), reversed.end());
  try {
    app.parse(reversed);
  } catch (const CLI::Error& problem) {
    std::string what = problem.what();
    std::replace(what.begin(), what.end(), '\n', ' ');
    return fault{fault_code::invalid, "`" + command.name + "`: " + what,
                 "See `holdfast help " + command.name + "`."};
  }
  return {};
}

/// The words without the one or two that name the command.
std::vector<std::string> without_name(std::vector<std::string> words, const command_spec& command,
                                      const std::vector<option_spec>& common) {
  std::size_t left = command.name.find(' ') == std::string::npos ? 1 : 2;
  for (std::size_t at = 0; at < words.size() && left > 0;) {
    if (words[at].size() > 1 && words[at].front() == '-') {
      const auto known = std::find_if(common.begin(), common.end(), [&](const auto& one) {
        const auto names = names_of(one);
        return std::find(names.begin(), names.end(), words[at]) != names.end();
      });
      at += known != common.end() && !known->flag() ? 2 : 1;
      continue;
    }
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(at));
    --left;
  }
  return words;
}

int refuse(const fault& problem) {
  std::fprintf(stderr, "%s\n", sentence_of(problem).c_str());
  return static_cast<int>(to_exit_code(problem.code));
}

int print_and_end(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return std::fflush(stdout) == 0 ? 0 : static_cast<int>(exit_code::failed);
}

int run_command(const command_spec& command, const common_options& chosen) {
  session told{chosen};
  if (!chosen.timeout.empty()) {
    const auto limit = parse_duration(chosen.timeout);
    if (!limit || limit->count() <= 0)
      return refuse({fault_code::invalid,
                     "--timeout: \"" + chosen.timeout + "\" is no length of time",
                     "Write for example 10s or 2m."});
    told.limit_requests(*limit);
    if (!command.lasts)
      end_after(*limit);
  }
  if (command.pages)
    told.page();
  const auto ended = command.run(told);
  const bool written = told.finish();
  if (!ended)
    return refuse(ended.error());
  if (!written) {
    std::fputs("holdfast: the results could not be written to stdout. Is its disk full?\n", stderr);
    return static_cast<int>(exit_code::failed);
  }
  return static_cast<int>(*ended);
}

} // namespace

int run_single_command(const command_spec& command, std::vector<std::string> words) {
  common_options chosen;
  const auto common = common_specs(chosen);
  auto named = words;
  named.insert(named.begin(), command.name);
  const auto found = check_words(named, {command}, common);
  if (!found)
    return refuse(found.error());
  if (found->help)
    return print_and_end(help_command(command, common));
  if (const auto parsed = parse(words, command, common); !parsed)
    return refuse(parsed.error());
  return run_command(command, chosen);
}

int run_command_line(std::vector<std::string> words) {
  const auto commands = all_commands();
  common_options chosen;
  const auto common = common_specs(chosen);
  const auto found = check_words(words, commands, common);
  if (!found)
    return refuse(found.error());
  if (found->version)
    return print_and_end("holdfast " HOLDFAST_VERSION "\n");
  if (found->help) {
    if (found->command != nullptr)
      return print_and_end(help_command(*found->command, common));
    return print_and_end(found->group.empty() ? help_overview(commands)
                                              : help_group(found->group, commands));
  }
  if (found->command == nullptr && !found->group.empty())
    return refuse({fault_code::invalid, "`" + found->group + "` needs to know what",
                   "See `holdfast help " + found->group + "`."});
  const auto* command = found->command;
  if (command == nullptr)
    command = &*std::find_if(commands.begin(), commands.end(),
                             [](const auto& one) { return one.name == "status"; });
  else
    words = without_name(std::move(words), *command, common);
  if (const auto parsed = parse(words, *command, common); !parsed)
    return refuse(parsed.error());
  return run_command(*command, chosen);
}

} // namespace holdfast::tools
