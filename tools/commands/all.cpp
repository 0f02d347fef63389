// SPDX-License-Identifier: Apache-2.0
// The list of commands, in the order of the help.
#include "tools/commands/commands.hpp"

namespace holdfast::tools {

std::vector<command_spec> all_commands() {
  return {help_spec(), completion_spec(), manual_spec()};
}

} // namespace holdfast::tools
