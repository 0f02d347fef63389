// SPDX-License-Identifier: Apache-2.0
// `holdfast help`, `completion` and `manual`.
#include "tools/help.hpp"
#include "tools/commands/commands.hpp"
#include "tools/session.hpp"

#include <memory>

namespace holdfast::tools {

command_spec help_spec() {
  auto words = std::make_shared<std::vector<std::string>>();
  return {.name = "help",
          .brief = "Explains a command or a topic.",
          .details = {},
          .options = {{"TOPIC", "", "A command or a topic.", words.get()}},
          .run = [words](session& told) -> result<exit_code> {
            common_options unused;
            const auto commands = all_commands();
            if (words->empty()) {
              told.raw(help_overview(commands));
              return exit_code::done;
            }
            std::string topic;
            for (const auto& word : *words)
              topic += (topic.empty() ? "" : " ") + word;
            const auto text = help_topic(topic, commands, common_specs(unused));
            if (!text)
              return text.error();
            told.raw(*text);
            return exit_code::done;
          },
          .pages = true};
}

command_spec completion_spec() {
  auto shell = std::make_shared<std::string>();
  return {.name = "completion",
          .brief = "Prints a completion script for bash, zsh or fish.",
          .details = "For example: source <(holdfast completion bash)\n",
          .options = {{"SHELL", "", "bash, zsh or fish.", shell.get(), true}},
          .run = [shell](session& told) -> result<exit_code> {
            common_options unused;
            const auto script = completion_script(*shell, all_commands(), common_specs(unused));
            if (!script)
              return script.error();
            told.raw(*script);
            return exit_code::done;
          }};
}

command_spec manual_spec() {
  return {.name = "manual",
          .brief = "Prints the manual page, in roff.",
          .details = "For example: holdfast manual | man -l -\n",
          .options = {},
          .run = [](session& told) -> result<exit_code> {
            common_options unused;
            told.raw(manual_page(all_commands(), common_specs(unused)));
            return exit_code::done;
          }};
}

} // namespace holdfast::tools
