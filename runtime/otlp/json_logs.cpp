// SPDX-License-Identifier: Apache-2.0
// Log records from JSON.
#include "runtime/otlp/decode.hpp"
#include "runtime/otlp/json_reader.hpp"

namespace holdfast::otlp {

namespace {

log_record log_of(const value& given, notes& seen) {
  const members in{given, seen};
  log_record made;
  made.time_ns = in.integer<std::uint64_t>("timeUnixNano");
  made.observed_ns = in.integer<std::uint64_t>("observedTimeUnixNano");
  made.severity = in.integer<std::int32_t>("severityNumber");
  made.severity_text = in.text("severityText");
  made.event_name = in.text("eventName");
  made.body = in.any("body");
  made.trace_id = seen.id("traceId", in.hex("traceId"), 16, presence::lenient);
  made.span_id = seen.id("spanId", in.hex("spanId"), 8, presence::lenient);
  made.flags = in.integer<std::uint32_t>("flags");
  made.dropped_attributes = in.integer<std::uint32_t>("droppedAttributesCount");
  made.attributes = in.attributes("attributes", made.dropped_attributes);
  return made;
}

} // namespace

result<batch<log_record>> logs_from_json(std::string_view body, const limits& allowed) {
  return walk_json<log_record>(
      log_lists, allowed, body, [&](const value& one, const place& where, batch<log_record>& into) {
        take_item(into, allowed, where, [&](notes& seen) { return log_of(one, seen); });
      });
}

} // namespace holdfast::otlp
