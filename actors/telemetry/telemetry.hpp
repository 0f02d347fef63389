// SPDX-License-Identifier: Apache-2.0
// Decides which closed telemetry files are compressed and which are removed.
#pragma once

#include "messages/telemetry.hpp"

#include <optional>
#include <string>
#include <vector>

namespace holdfast::telemetry {

/// What should happen to the files, in the order it must happen.
struct decision {
  std::vector<std::string> remove; ///< First: it makes room.
  std::vector<std::string> compress;
  std::uint64_t left = 0; ///< Files that are due for compression and not among them.
  bool frozen = false;    ///< Nothing was removed for its age.

  friend bool operator==(const decision&, const decision&) = default;
};

/// Decides by age and by size. Pure: no actor, no clock, no disk.
///
///   trusting --the clock leaps, or does not fit the files--> doubting --24 h pass--> trusting
///
/// While it doubts, nothing is removed for its age, because a clock that is ten years ahead would
/// remove everything. The limit of the total size holds always. Files that a living process writes
/// are left alone, and audit files go last.
class telemetry {
public:
  explicit telemetry(telemetry_retention chosen) : retention_{chosen} {}

  decision on(const prune_telemetry& due, const std::vector<telemetry_listed>& found,
              wall_time wall, instant now);

private:
  bool doubts(const std::vector<telemetry_listed>& found, wall_time wall, instant now);

  struct reading {
    wall_time wall;
    instant now;
  };

  telemetry_retention retention_;
  std::optional<reading> last_;
  std::optional<instant> doubting_until_;
};

} // namespace holdfast::telemetry
