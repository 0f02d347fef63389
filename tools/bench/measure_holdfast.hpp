// SPDX-License-Identifier: Apache-2.0
// Holdfast through its C++ API and its command, as a user runs it.
#pragma once

#include "tools/bench/workload.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace bench {

/// What one run of producers came to.
struct append_run {
  double events_per_second = 0;
  double batch_events = 0; ///< Mean size of a commit.
};

/// `producers` threads, each with `window` requests of `request` events under way, every answer
/// awaited and checked.
append_run measure_appends(const std::filesystem::path& directory,
                           const std::vector<holdfast::event>& events, std::size_t producers,
                           std::size_t request, std::size_t window);

/// Median microseconds of one `power` append at a time.
double measure_single_append(const std::filesystem::path& directory, std::size_t count);

/// Appends in a child process that is then killed, and opens again: seconds and records.
struct reopen_run {
  double seconds = 0;
  std::uint64_t records = 0;
};
reopen_run measure_reopen_after_kill(const std::string& self,
                                     const std::filesystem::path& directory, std::size_t count);

/// The child of `measure_reopen_after_kill`: appends and then kills itself.
[[noreturn]] void append_and_die(const std::filesystem::path& directory, std::size_t count);

/// Seconds to open a store of `count` events, or somewhat more, that was stopped cleanly.
double measure_clean_reopen(const std::filesystem::path& directory, std::size_t count);

/// An idle daemon: resident MiB, per cent of one CPU, and the median milliseconds of
/// `holdfast status`.
struct idle_run {
  double resident_mib = 0;
  double cpu_percent = 0;
  double status_ms = 0;
};
idle_run measure_idle(const std::string& command, const std::filesystem::path& directory);

} // namespace bench
