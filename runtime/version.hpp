// SPDX-License-Identifier: Apache-2.0
// The version of this build.
#pragma once

namespace holdfast {

inline constexpr const char* version = HOLDFAST_VERSION;

} // namespace holdfast
