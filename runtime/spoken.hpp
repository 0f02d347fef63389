// SPDX-License-Identifier: Apache-2.0
// Spans of time as a person says them.
#pragma once

#include <chrono>
#include <string>

namespace holdfast {

/// `850 ms`, `12.3 s`, `4 min 05 s`, `2 h 10 min`.
std::string spoken(std::chrono::milliseconds time);

} // namespace holdfast
