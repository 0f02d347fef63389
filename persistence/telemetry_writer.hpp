// SPDX-License-Identifier: Apache-2.0
// The telemetry writer: takes calls without waiting, writes them as lines on a thread of its own.
#pragma once

#include "persistence/telemetry_file.hpp"
#include "persistence/telemetry_line.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace holdfast::persistence {

/// The two clocks a writer reads.
struct telemetry_now {
  wall_time wall;
  instant steady;
};

struct telemetry_options {
  std::string directory;         ///< Absolute. Made when absent, and again when it disappears.
  std::string name = "holdfast"; ///< The stream; a stream name, and not `audit`.
  bool shared = false;           ///< One file for all processes, under a lock per batch.
  telemetry_limits limits;
  std::function<telemetry_now()> now; ///< Called from every thread.
  telemetry_redaction redaction;
  telemetry_write write; ///< `::write` unless given.
};

/// Writes two streams: lines, and the audit stream. Every member is safe for concurrent calls,
/// none throws, and no error of the disk reaches a caller: errors are counted.
///
/// What the crash of the process takes: lines still in memory, at most `linger` old while the disk
/// keeps up. What power loss takes: lines younger than `sync_interval`, but no error or audit line
/// that was synced. A number missing in the files is always a lost line.
class telemetry_writer {
public:
  /// Needs: `options.now` and a stream name other than `audit`.
  explicit telemetry_writer(telemetry_options options);

  /// Stops with a deadline of two seconds.
  ~telemetry_writer();

  telemetry_writer(const telemetry_writer&) = delete;
  telemetry_writer& operator=(const telemetry_writer&) = delete;

  /// Takes a line. trace, debug and info never wait; warn waits up to `warn_wait` for room; error
  /// and critical have room of their own, and when that is full the caller writes what waits.
  /// A call of level `audit` is an `audit`.
  void log(const telemetry_call& call) noexcept;

  /// Writes and syncs an audit line before it returns. False: the disk did not take it (counted).
  bool audit(const telemetry_call& call) noexcept;

  /// The same without the sync: for a caller that has many, and calls `sync_audit` soon.
  bool audit_unsynced(const telemetry_call& call) noexcept;
  void sync_audit() noexcept;

  /// Starts the writing thread. Without it, `drain` has to be called.
  void start();

  /// Writes everything that waits, and syncs when that is due.
  void drain() noexcept;

  /// Writes and syncs everything that waits.
  void flush() noexcept;

  /// The duty: both streams begin new files with their next lines.
  void rotate() noexcept;

  /// Writes what waits, syncs, closes, ends the thread. False when that took longer than `within`:
  /// the thread then ends when the disk lets it go. Later calls are shed.
  bool stop(std::chrono::milliseconds within) noexcept;

  telemetry_counters counters() const;

  const std::string& directory() const;

private:
  struct core;
  std::shared_ptr<core> core_; // shared with the thread, which may outlive this object
};

} // namespace holdfast::persistence
