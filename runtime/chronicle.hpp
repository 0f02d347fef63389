// SPDX-License-Identifier: Apache-2.0
// What a runtime writes into its log: one line for each thing that a person may ask about.
#pragma once

#include "messages/checkpoint.hpp"
#include "messages/pressure.hpp"
#include "messages/supervision.hpp"
#include "messages/telemetry.hpp"
#include "persistence/telemetry_writer.hpp"
#include "runtime/audit_trail.hpp"
#include "runtime/options.hpp"
#include "runtime/runtime.hpp"

#include <initializer_list>
#include <memory>
#include <string_view>

namespace holdfast {

/// Without a writer (telemetry is off) everything is passed over. Any thread; never blocks beyond
/// the writer's limits, never throws.
class chronicle {
public:
  /// Opens the writer, if telemetry is wanted. Answers `invalid` for a pattern that cannot be used.
  static result<chronicle> open(const options& chosen);

  void tell(const start_report& found) const;
  void tell(const stop_report& ended) const;
  void tell(const supervision_event& happened) const;
  void tell(const pressure_changed& now) const;
  void tell(const pressure_alarm& alarm) const;
  void tell(const divergence& found) const;
  void tell(const checkpoint_info& damaged) const;
  void tell(wide_event happened) const;
  void tell(severity level, std::string_view logger, std::string_view message,
            std::initializer_list<telemetry_field> fields = {}) const;

  /// Writes what waits for the audit; call it before the writer stops.
  bool end_audit(std::chrono::milliseconds within) const;

  /// Null when telemetry is off.
  const std::shared_ptr<persistence::telemetry_writer>& writer() const { return writer_; }
  telemetry_counters counters() const;

private:
  std::shared_ptr<persistence::telemetry_writer> writer_;
  std::shared_ptr<audit_trail> trail_; ///< Ends before the writer.
  severity least_ = severity::info;
};

} // namespace holdfast
