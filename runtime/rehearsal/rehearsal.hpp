// SPDX-License-Identifier: Apache-2.0
// Plays a history against the real supervisors, in virtual time: what would happen if.
#pragma once

#include "messages/fault.hpp"
#include "runtime/rehearsal/script.hpp"

namespace holdfast::rehearsal {

/// The same history with the output that came of each command in place of what was there. The
/// language stands in `docs/simulate.md`. A mistake in a command is a fault that begins with
/// `NAME:LINE: `; what a supervisor refuses is output.
///
/// The same history always gives the same output: there is one thread, no clock of the machine
/// and no chance.
result<script> rehearse(script history);

} // namespace holdfast::rehearsal
