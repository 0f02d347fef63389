// SPDX-License-Identifier: Apache-2.0
// Help, completion and the manual page, all made from the commands themselves.
#pragma once

#include "messages/fault.hpp"
#include "tools/command.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::tools {

/// The overview: every command with its one line.
std::string help_overview(const std::vector<command_spec>& commands);

/// The commands of one group (`events`).
std::string help_group(std::string_view group, const std::vector<command_spec>& commands);

/// One command with all its options.
std::string help_command(const command_spec& command, const std::vector<option_spec>& common);

/// A topic that is no command (`exit-codes`, `times`, `filters` ...), a command or a group.
result<std::string> help_topic(std::string_view topic, const std::vector<command_spec>& commands,
                               const std::vector<option_spec>& common);

/// A completion script; `shell` is bash, zsh or fish.
result<std::string> completion_script(std::string_view shell,
                                      const std::vector<command_spec>& commands,
                                      const std::vector<option_spec>& common);

/// The manual page, in roff.
std::string manual_page(const std::vector<command_spec>& commands,
                        const std::vector<option_spec>& common);

} // namespace holdfast::tools
