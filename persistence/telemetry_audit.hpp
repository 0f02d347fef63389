// SPDX-License-Identifier: Apache-2.0
// The audit stream: every line chained to the one before and synced before the call returns.
#pragma once

#include "persistence/telemetry_file.hpp"
#include "persistence/telemetry_line.hpp"

#include <functional>
#include <optional>
#include <string>

namespace holdfast::persistence {

/// The name of the audit stream in every directory.
inline constexpr std::string_view audit_stream = "audit";

/// Writes audit lines. Not safe for concurrent calls.
class telemetry_audit {
public:
  telemetry_audit(std::string directory, telemetry_origin origin, telemetry_redaction redaction,
                  const telemetry_limits& limits, telemetry_write write);

  /// True once the line is on disk or, where it need not be synced, in the file. After false, the
  /// line is not there and its number is missing until the next line says that it was shed.
  bool append(const telemetry_call& call, wall_time now, bool synced = true);

  /// Syncs the lines that were not.
  bool sync() { return file_.sync(); }

  void rotate() { file_.rotate(); }
  void close() { file_.close(); }
  void report(telemetry_counters& counters) { file_.report(counters); }

private:
  std::string first_line(const telemetry_opened& opened);
  enum class outcome { refused, unsynced, on_disk };
  outcome write(wall_time now, bool synced,
                const std::function<void(std::string&, digest&)>& print);
  void tell_shed(wall_time now);

  std::string directory_;
  telemetry_limits limits_;
  telemetry_printer printer_;
  telemetry_file file_;
  digest chain_{};      // up to the last line on disk
  digest next_chain_{}; // the same, with a first line that is being written
  std::uint64_t seq_ = 0;
  wall_time now_;
  std::optional<std::uint64_t> first_line_seq_;
  telemetry_shed shed_;
  std::string text_;
};

} // namespace holdfast::persistence
