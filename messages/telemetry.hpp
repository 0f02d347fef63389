// SPDX-License-Identifier: Apache-2.0
// The conversation about telemetry: levels, calls, limits, counters, and what a reader finds.
#pragma once

#include "messages/fault.hpp"
#include "messages/fields.hpp"
#include "messages/ids.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace holdfast {

/// How grave a line is. `audit` has files of its own and is never shed.
enum class severity : std::uint8_t {
  trace = 0,
  debug = 1,
  info = 2,
  warn = 3,
  error = 4,
  critical = 5,
  audit = 6
};

constexpr std::string_view to_string(severity level) {
  constexpr std::string_view names[] = {"trace", "debug",    "info", "warn",
                                        "error", "critical", "audit"};
  const auto at = static_cast<std::size_t>(level);
  return at < std::size(names) ? names[at] : "unknown";
}

/// A named value beside the message of a line.
struct telemetry_field {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool> value;
};

/// What a caller says. It is copied before the call returns.
struct telemetry_call {
  severity level = severity::info;
  std::string_view logger;
  std::string_view message;
  std::span<const telemetry_field> fields{};
  wall_time time{}; ///< 0: the writer's clock.
};

/// How much a telemetry writer holds and writes. What happens at each limit stands beside it.
struct telemetry_limits {
  std::size_t routine_bytes = 2U << 20U; ///< Waiting trace, debug and info lines; then shed.
  std::size_t warn_bytes = 512U << 10U;  ///< Waiting warnings; then wait `warn_wait`, then shed.
  std::size_t error_bytes = 512U << 10U; ///< Waiting errors; then the caller writes them itself.
  std::chrono::milliseconds warn_wait{5};
  std::size_t message_bytes = 64U << 10U; ///< The rest is cut and its size noted as `cut`.
  std::size_t fields = 32;                ///< Fields of one line; the rest is counted.
  std::size_t fields_bytes = 6U << 10U;   ///< Their JSON; fields beyond are counted, not written.
  std::size_t line_bytes = 16U << 10U;    ///< Longer messages continue in the next line.
  std::size_t batch_bytes = 256U << 10U;  ///< One write.
  std::uint64_t file_bytes = 10'000'000;  ///< A new file is begun rather than passing this.
  std::uint64_t reserve_bytes = 256U << 10U; ///< Kept on disk for errors when it is full; 0: none.
  std::chrono::milliseconds linger{20};      ///< Lines written together while the writer is awake.
  std::chrono::milliseconds sync_interval{1000}; ///< fdatasync at least this often, and at errors.
};

/// How long closed files stay. Ages count from the time in a file's name.
struct telemetry_retention {
  std::chrono::hours compress_after{24 * 7};
  std::chrono::hours remove_after{24 * 30};
  std::chrono::hours audit_remove_after{24 * 90};
  std::uint64_t total_bytes = 2'000'000'000; ///< Oldest closed files go first, audit files last.
  std::size_t compressed_at_once = 8;        ///< Files of one duty; the rest waits for the next.
};

/// May a file opened at `opened` that holds `size` bytes take `adding` more at `now`?
/// A file holds lines of one UTC day, and stays below the limit unless one batch passes it alone.
constexpr bool rotation_due(const telemetry_limits& limits, wall_time opened, std::uint64_t size,
                            std::uint64_t adding, wall_time now) {
  constexpr std::int64_t day = 86'400'000'000;
  const auto day_of = [](wall_time when) { return when.us / day - (when.us % day < 0 ? 1 : 0); };
  return size > 0 && (size + adding > limits.file_bytes || day_of(opened) != day_of(now));
}

/// What a writer has done since it was made. Errors end here, never at the caller.
struct telemetry_counters {
  std::uint64_t accepted = 0;     ///< Calls taken.
  std::uint64_t written = 0;      ///< Calls whose lines are in a file.
  std::uint64_t bytes = 0;        ///< Bytes of those lines.
  std::uint64_t dropped = 0;      ///< Calls shed: no room, or the disk would not take them.
  std::uint64_t audited = 0;      ///< Audit lines on disk.
  std::uint64_t audit_failed = 0; ///< Audit lines the disk would not take.
  std::uint64_t syncs = 0;
  std::uint64_t write_errors = 0;
  std::uint64_t sync_errors = 0;
  std::uint64_t open_errors = 0;
  std::uint64_t rotations = 0; ///< Files begun after the first.
  std::uint64_t repaired = 0;  ///< Torn tails moved aside, and short writes taken back.
  std::uint64_t direct = 0;    ///< Errors a caller had to write itself.
  std::string last_error;      ///< The newest error, as text.

  static constexpr auto name = "telemetry_counters";
  static constexpr auto fields = std::make_tuple(
      &telemetry_counters::accepted, &telemetry_counters::written, &telemetry_counters::bytes,
      &telemetry_counters::dropped, &telemetry_counters::audited, &telemetry_counters::audit_failed,
      &telemetry_counters::syncs, &telemetry_counters::write_errors,
      &telemetry_counters::sync_errors, &telemetry_counters::open_errors,
      &telemetry_counters::rotations, &telemetry_counters::repaired, &telemetry_counters::direct,
      &telemetry_counters::last_error);
};

/// One line as it is read back. Parts of one call share `seq`; all but the last say `more`.
struct telemetry_line {
  std::uint64_t seq = 0;
  std::string boot;
  std::int64_t pid = 0;
  std::string time;
  std::string level;
  std::string logger;
  std::string message;
  std::string fields; ///< A JSON object as it stands in the line; empty: none.
  std::uint64_t part = 0;
  bool more = false;
  std::uint64_t dropped = 0; ///< This line says that so many in `from`..`to` were shed.
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::optional<digest> hash; ///< The chain of an audit file up to this line.
  std::string after;          ///< The first line of an audit file: the file it continues.
};

/// A file of a telemetry directory.
struct telemetry_listed {
  std::string file;   ///< Without its directory.
  std::string stream; ///< `audit`, or the writer's name.
  wall_time opened;
  std::uint64_t size = 0;
  bool open = false; ///< A living process writes it.
  bool compressed = false;
  bool torn = false; ///< The tail of a file whose writer died.

  friend bool operator==(const telemetry_listed&, const telemetry_listed&) = default;
};

/// Sequence numbers of one writer that no file holds.
struct telemetry_gap {
  std::string stream;
  std::string boot;
  std::int64_t pid = 0;
  std::uint64_t from = 0;
  std::uint64_t to = 0;

  friend bool operator==(const telemetry_gap&, const telemetry_gap&) = default;
};

/// A line that is not what was written, or a chain that does not hold.
struct telemetry_damage {
  std::string file;
  std::uint64_t line = 0; ///< From 1; 0: the file as a whole.
  std::string what;
};

/// What the verifier of a telemetry directory found. Lists end at 1,000 entries, counts do not.
struct telemetry_report {
  std::uint64_t files = 0;
  std::uint64_t lines = 0;    ///< Lines whose CRC and form are right.
  std::uint64_t bad = 0;      ///< Lines whose CRC or form is not.
  std::uint64_t torn = 0;     ///< Files that end inside a line and have no living writer.
  std::uint64_t writing = 0;  ///< Files that end inside a line a living writer is at.
  std::uint64_t shed = 0;     ///< Missing numbers that `dropped` lines account for.
  std::uint64_t missing = 0;  ///< Missing numbers that nothing accounts for.
  std::uint64_t repeated = 0; ///< Lines with a number that was there already.
  std::uint64_t broken = 0;   ///< Breaks of an audit chain.
  std::vector<telemetry_gap> gaps;
  std::vector<telemetry_damage> damage;

  /// Nothing is lost or changed beyond what was shed and said so.
  bool clean() const { return bad == 0 && missing == 0 && repeated == 0 && broken == 0; }
};

/// The duty: close the current files and begin new ones.
struct rotate_telemetry {
  static constexpr auto name = "rotate_telemetry";
  static constexpr auto fields = std::make_tuple();
};

/// The duty: compress and remove what is old or too much. Answered with `telemetry_pruned`.
struct prune_telemetry {
  static constexpr auto name = "prune_telemetry";
  static constexpr auto fields = std::make_tuple();
};

/// What a prune has done.
struct telemetry_pruned {
  std::uint64_t removed = 0;
  std::uint64_t compressed = 0;
  std::uint64_t failed = 0; ///< Files it could not treat; the next duty tries again.
  std::uint64_t left = 0;   ///< Files still to be compressed by the next duty.
  bool frozen = false;      ///< The clock is in doubt, so nothing was removed for its age.

  static constexpr auto name = "telemetry_pruned";
  static constexpr auto fields = std::make_tuple(
      &telemetry_pruned::removed, &telemetry_pruned::compressed, &telemetry_pruned::failed,
      &telemetry_pruned::left, &telemetry_pruned::frozen);
};

/// Asks for the writer's `telemetry_counters`.
struct count_telemetry {
  static constexpr auto name = "count_telemetry";
  static constexpr auto fields = std::make_tuple();
};

} // namespace holdfast
