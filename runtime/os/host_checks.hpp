// SPDX-License-Identifier: Apache-2.0
// Can this host do the job? Each mechanism that Holdfast uses, tried, and what is lost without it.
#pragma once

#include "runtime/inspection/verdict.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace holdfast::os {

/// Syncs slower than this are a warning: each acknowledgement at `power` waits for one.
inline constexpr std::chrono::milliseconds slow_sync{50};

/// A daemon with all its connections, files and tables opens fewer than the first; below the second
/// it does not get far.
inline constexpr std::uint64_t open_files_warn = 1024;
inline constexpr std::uint64_t open_files_fail = 256;

/// Memory below which the store's buffers do not fit.
inline constexpr std::uint64_t memory_warn_bytes = 256ULL << 20U;

/// Tries them in that directory, or in the nearest that exists above it, through files that have no
/// name and leave nothing. `socket` may be empty.
std::vector<inspection::health_check> check_host(const std::filesystem::path& data,
                                                 const std::filesystem::path& socket);

} // namespace holdfast::os
