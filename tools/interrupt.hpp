// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and `--timeout`: the first asks, the second insists.
#pragma once

#include <chrono>

namespace holdfast::tools {

/// From here on the first SIGINT or SIGTERM prints `message` and makes `interrupted()` true; the
/// second ends the process with code 130. `message` must be a literal.
void ask_before_interrupt(const char* message);

/// From here on SIGINT, SIGTERM and SIGHUP make `interrupted()` true, however many come: for who
/// has a terminal to put back, and never waits long.
void note_interrupts();

bool interrupted();

/// Ends the process with code 6 and a message when the time is over. Safe at any moment, as
/// `kill -9` would be: what was acknowledged stays.
void end_after(std::chrono::milliseconds time);

} // namespace holdfast::tools
