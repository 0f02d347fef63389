// SPDX-License-Identifier: Apache-2.0
// What a command is: its words, its options and what it does. Help, completion, the manual page
// and the parser are all made from these.
#pragma once

#include "messages/fault.hpp"
#include "tools/exit_code.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace holdfast::tools {

class session;

/// One option or positional argument.
struct option_spec {
  std::string name;  ///< `--since`, `-f,--follow`, or `FILE` for a positional argument.
  std::string value; ///< What its value is called; empty for a flag or a positional argument.
  std::string help;
  /// Where it goes; outlives the parsing. A list takes any number.
  std::variant<bool*, std::string*, std::uint64_t*, std::vector<std::string>*> into;
  bool required = false;
  std::vector<std::string> choices; ///< The only values taken; empty: any.

  bool positional() const { return !name.empty() && name.front() != '-'; }
  bool flag() const { return std::holds_alternative<bool*>(into); }
};

struct command_spec {
  std::string name; ///< One or two words: `status`, `events tail`.
  std::string brief;
  std::string details; ///< Further sentences and examples for the help; may be empty.
  std::vector<option_spec> options;
  std::function<result<exit_code>(session&)> run;
  bool pages = false; ///< On a terminal its results go through the pager.
  bool lasts = false; ///< Goes on until it is ended: `--timeout` limits its requests only.
};

/// Every command, in the order of the help.
std::vector<command_spec> all_commands();

} // namespace holdfast::tools
