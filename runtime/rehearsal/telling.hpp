// SPDX-License-Identifier: Apache-2.0
// What happened, in the one form in which histories show it.
#pragma once

#include "messages/actor_reading.hpp"
#include "messages/supervision.hpp"
#include "messages/supervision_calls.hpp"

#include <string>
#include <vector>

namespace holdfast::rehearsal {

std::string told(const supervision_event& event);
std::string told(const supervision_report& report);
std::string told(const child_answer& answer);
std::string told(const child_status& status);
std::string told(const child_counts& counts);
std::string told(const actor_reading& reading);

/// How the root ended, a line for each thing.
std::vector<std::string> told(const supervision_ended& ended);

/// A child's budgets and failures.
std::string budget_of(const child_status& status);

} // namespace holdfast::rehearsal
