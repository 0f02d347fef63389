// SPDX-License-Identifier: Apache-2.0
// Keeps evidence of damage: copies of files as they were before anything was repaired.
#pragma once

#include "messages/fault.hpp"
#include "messages/ids.hpp"
#include "persistence/disk.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace holdfast::persistence {

struct quarantine_options {
  std::filesystem::path store;   ///< The data directory; incidents go to `quarantine/` in it.
  std::size_t incidents_max = 3; ///< Older ones that hold only copies are removed.
  std::uint64_t bytes_max = 1ULL << 30U; ///< Of one incident; files beyond it are only named.
};

/// Copies files (relative to the store) into `quarantine/<utc>-<n>`, with `incident.txt` that says
/// why, what was copied and what was left out, and answers the incident's directory. RocksDB's
/// `LOCK` is never opened. Files that are missing are named, not a fault. Durable on return.
/// Then removes the oldest incidents beyond the limit; those with moved files stay.
result<std::filesystem::path> keep_evidence(disk& files, const quarantine_options& options,
                                            const std::vector<std::filesystem::path>& evidence,
                                            const std::string& reason, wall_time now);

/// Moves one file (relative to the store) out of the way into the incident: a rename, durable on
/// return, no byte is changed or lost.
result<void> move_aside(disk& files, const quarantine_options& options,
                        const std::filesystem::path& incident, const std::filesystem::path& moved);

} // namespace holdfast::persistence
