// SPDX-License-Identifier: Apache-2.0
// How loaded the whole machine is: processors, memory, stalls, and room on a file system.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace holdfast::os {

/// What all processors together have done since the boot; only differences mean something.
struct cpu_ticks {
  std::uint64_t busy = 0;
  std::uint64_t all = 0;

  friend bool operator==(const cpu_ticks&, const cpu_ticks&) = default;
};

struct disk_room {
  std::uint64_t free_bytes = 0; ///< For users who are not root.
  std::uint64_t all_bytes = 0;

  friend bool operator==(const disk_room&, const disk_room&) = default;
};

/// Each is left out where the system does not tell it.
struct host_load {
  std::optional<cpu_ticks> cpu;
  std::optional<double> memory_percent; ///< What is not available to a new program.
  /// Shares of the last ten seconds in which something waited for it, in percent.
  std::optional<double> cpu_stall_percent;
  std::optional<double> memory_stall_percent;
  std::optional<double> io_stall_percent;
  std::optional<disk_room> disk; ///< Where the store is.
};

/// Reads it under `proc`; `store` may be empty: then nothing is said of its disk.
host_load read_host_load(const std::filesystem::path& store,
                         const std::filesystem::path& proc = "/proc");

} // namespace holdfast::os
