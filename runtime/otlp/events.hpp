// SPDX-License-Identifier: Apache-2.0
// What an OTLP request says, as events of the streams otel.traces, otel.logs and otel.metrics.
#pragma once

#include "messages/event.hpp"
#include "runtime/otlp/telemetry.hpp"

namespace holdfast::otlp {

/// The events of one request, in its order; docs/otlp.md lists their members.
///
/// What is sent again is the same event again: the events have no key, so their content decides.
/// Log records have no id, and a fast producer may write two that are equal; from the second on
/// those of one request say which `repeat` they are.
struct poured {
  std::vector<event> events;
  /// For how many spans, log records or data points each event stands; 0 for what is derived.
  std::vector<std::uint64_t> stands_for;
  std::uint64_t rejected = 0;
  std::string why;

  void reject(const std::string& reason, std::uint64_t count) {
    rejected += count;
    if (why.empty())
      why = reason;
  }
};

/// `cause`: the trace of the request (`TRACE-SPAN`, or empty), for items that name none of their
/// own.
poured events_of(batch<span> given, std::string_view cause = {}, const limits& allowed = {});
poured events_of(batch<log_record> given, std::string_view cause = {}, const limits& allowed = {});
poured events_of(batch<metric> given, std::string_view cause = {}, const limits& allowed = {});

} // namespace holdfast::otlp
