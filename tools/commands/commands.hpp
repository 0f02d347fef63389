// SPDX-License-Identifier: Apache-2.0
// The commands, one file a noun.
#pragma once

#include "tools/command.hpp"

namespace holdfast::tools {

command_spec help_spec();
command_spec completion_spec();
command_spec manual_spec();

} // namespace holdfast::tools
