// SPDX-License-Identifier: Apache-2.0
// One verdict of the running system, and the checks it is made of.
#pragma once

#include "messages/value.hpp"
#include "runtime/inspection/findings.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::inspection {

enum class verdict : std::uint8_t { pass = 0, warn = 1, fail = 2, unknown = 3 };

constexpr std::string_view to_string(verdict what) {
  constexpr std::string_view names[] = {"pass", "warn", "fail", "unknown"};
  return names[static_cast<std::size_t>(what)];
}

struct health_check {
  std::string id; ///< `component:measurement`, for ever the same.
  verdict status = verdict::pass;
  value observed;
  std::string unit; ///< Of `observed`; empty: none.
  std::string says; ///< Why it does not pass; empty: it does.
  std::string help; ///< What to do then.
};

struct health_report {
  verdict status = verdict::pass;
  std::vector<health_check> checks;
  wall_time as_of;
};

/// What the checks look at, beside the actors.
struct health_subject {
  std::string standing; ///< Of the journal: `serving`, ...
  bool writable = false;
  std::string writable_says;
  std::uint64_t free_bytes = 0;
  bool paused = false;
  std::string pause_cause;
  std::uint64_t history_waiting = 0; ///< Records of supervision that are not on disk yet.
  std::uint64_t history_dropped = 0;
  std::uint64_t telemetry_dropped = 0;
};

/// Free bytes below which the store's disk is a warning, and a failure.
inline constexpr std::uint64_t free_warn_bytes = 1ULL << 30U;
inline constexpr std::uint64_t free_fail_bytes = 512ULL << 20U;

/// The worst of the checks counts; one that is not known counts as a warning.
health_report health_of(const findings& in, const health_subject& of);

/// As health+json has it: `status`, `version`, `time`, and `checks` by id.
value show(const health_report& told);

} // namespace holdfast::inspection
