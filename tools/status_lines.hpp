// SPDX-License-Identifier: Apache-2.0
// What the daemon says of itself, in five lines.
#pragma once

#include "messages/value.hpp"
#include "tools/session.hpp"

#include <string>
#include <vector>

namespace holdfast::tools {

struct status_line {
  tone how = tone::plain;
  std::string text;
};

/// Five lines: the verdict with its most important reason; the store; the last start; actors and
/// pressure; one command to go on with. `told` is the daemon's status document. Pure.
std::vector<status_line> status_lines(const value& told);

} // namespace holdfast::tools
