// SPDX-License-Identifier: Apache-2.0
// Whether there is a terminal, of a kind that can be drawn on.
#pragma once

#include "messages/fault.hpp"

#include <string>

namespace holdfast::tools::top {

/// `unsupported`, with what to do without a terminal.
fault no_terminal(std::string what);

/// Answers `no_terminal` where stdin or stdout is none, or where TERM names a kind that this
/// machine does not know or that cannot place a text. Writes nothing.
result<void> check_terminal();

} // namespace holdfast::tools::top
