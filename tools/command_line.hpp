// SPDX-License-Identifier: Apache-2.0
// From the words a person typed to one command that has run.
#pragma once

#include "messages/fault.hpp"
#include "tools/command.hpp"

#include <string>
#include <vector>

namespace holdfast::tools {

/// Which command the words name, and the first word that nothing takes. Pure; reads no values.
struct word_check {
  const command_spec* command = nullptr; ///< Null: none named.
  std::string group;                     ///< The first of two words, where only it was given.
  bool help = false;
  bool version = false;
};

/// Looks the words up. The fault names the first word that fits nothing, with what it may have
/// meant.
result<word_check> check_words(const std::vector<std::string>& words,
                               const std::vector<command_spec>& commands,
                               const std::vector<option_spec>& common);

/// Runs the command that the words (without the program's name) name; no words: `status`. Prints
/// results and messages; answers the exit code. Does not throw.
int run_command_line(std::vector<std::string> words);

/// The same for a program that is one command.
int run_single_command(const command_spec& command, std::vector<std::string> words);

/// The names of an option: `-f,--follow` is `-f` and `--follow`.
std::vector<std::string> names_of(const option_spec& option);

} // namespace holdfast::tools
