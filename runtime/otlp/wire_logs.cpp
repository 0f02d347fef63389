// SPDX-License-Identifier: Apache-2.0
// Log records from protobuf.
#include "runtime/otlp/decode.hpp"
#include "runtime/otlp/wire_reader.hpp"

#include <otlp/wire/logs.pb.h>

namespace holdfast::otlp {

namespace {

log_record log_of(std::string_view content, notes& seen) {
  const auto given = parse_item<wire::LogRecord>(content, seen);
  log_record made;
  if (!seen.problem().empty())
    return made;
  made.time_ns = given.time_unix_nano();
  made.observed_ns = given.observed_time_unix_nano();
  made.severity = given.severity_number();
  made.severity_text = seen.text(given.severity_text());
  made.event_name = seen.text(given.event_name());
  made.body = value_of(given.body(), seen);
  made.trace_id = seen.id("traceId", given.trace_id(), 16, presence::lenient);
  made.span_id = seen.id("spanId", given.span_id(), 8, presence::lenient);
  made.flags = given.flags();
  made.dropped_attributes = given.dropped_attributes_count();
  made.attributes = attributes_of(given.attributes(), seen, made.dropped_attributes);
  return made;
}

} // namespace

result<batch<log_record>> logs_from_protobuf(std::string_view body, const limits& allowed) {
  return walk_wire<log_record>(
      log_lists, allowed, body,
      [&](std::string_view content, const place& where, batch<log_record>& into) {
        take_item(into, allowed, where, [&](notes& seen) { return log_of(content, seen); });
      });
}

} // namespace holdfast::otlp
