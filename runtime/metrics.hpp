// SPDX-License-Identifier: Apache-2.0
// What a runtime counts about itself, and its text for Prometheus.
#pragma once

#include "messages/event.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace holdfast {

/// Numbers that are read when somebody asks, not counted as things happen.
struct metrics_now {
  std::uint64_t head = 0;
  std::uint64_t events = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t commits = 0;
  std::uint64_t disk_bytes = 0;
  std::uint64_t free_bytes = 0;
  std::uint64_t unprocessed_bytes = 0;
  std::uint64_t unprocessed_events = 0;
  std::uint64_t waiting_events = 0;
  std::uint64_t connections = 0;
  std::uint64_t telemetry_dropped = 0;
  std::uint64_t actors = 0;
  bool paused = false;
  std::map<std::string, wall_time> checkpoints; ///< The newest of each owner.
  bool writable = false;
  double uptime_seconds = 0;
  double started_seconds = 0;                   ///< When, by the wall clock.
  std::optional<std::uint64_t> unique_patterns; ///< That `learning` knows; nothing: it did not say.
};

/// Counters and histograms. Any thread; names and labels are those of docs and operations.
class metrics {
public:
  metrics();
  ~metrics();

  /// One append was answered: outcomes by kind, and how long it took at its level.
  void appended(const append_result& told, durability level, std::chrono::duration<double> took);
  void answered(const std::string& route, unsigned status);
  void rejected(const std::string& cause);
  void restarted(const std::string& child);

  /// Text format 0.0.4.
  std::string print(const metrics_now& now) const;

private:
  struct families;
  std::unique_ptr<families> held_;
};

} // namespace holdfast
