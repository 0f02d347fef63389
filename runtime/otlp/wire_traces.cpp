// SPDX-License-Identifier: Apache-2.0
// Spans from protobuf.
#include "runtime/otlp/decode.hpp"
#include "runtime/otlp/wire_reader.hpp"

#include <otlp/wire/trace.pb.h>

namespace holdfast::otlp {

namespace {

happening happening_of(const wire::Span::Event& given, notes& seen, std::uint64_t& dropped) {
  return {given.time_unix_nano(), seen.text(given.name()),
          attributes_of(given.attributes(), seen, dropped)};
}

link link_of(const wire::Span::Link& given, notes& seen, std::uint64_t& dropped) {
  return {seen.id("links.traceId", given.trace_id(), 16, presence::optional),
          seen.id("links.spanId", given.span_id(), 8, presence::optional),
          seen.text(given.trace_state()), attributes_of(given.attributes(), seen, dropped)};
}

span span_of(std::string_view content, notes& seen) {
  const auto given = parse_item<wire::Span>(content, seen);
  span made;
  if (!seen.problem().empty())
    return made;
  made.trace_id = seen.id("traceId", given.trace_id(), 16, presence::needed);
  made.span_id = seen.id("spanId", given.span_id(), 8, presence::needed);
  made.parent_id = seen.id("parentSpanId", given.parent_span_id(), 8, presence::optional);
  made.trace_state = seen.text(given.trace_state());
  made.name = seen.text(given.name());
  made.kind = given.kind();
  made.start_ns = given.start_time_unix_nano();
  made.end_ns = given.end_time_unix_nano();
  made.status = given.status().code();
  made.status_message = seen.text(given.status().message());
  made.flags = given.flags();
  made.dropped_attributes = given.dropped_attributes_count();
  made.dropped_events = given.dropped_events_count();
  made.dropped_links = given.dropped_links_count();
  made.attributes = attributes_of(given.attributes(), seen, made.dropped_attributes);
  made.events = members_of(given.events(), seen, made.dropped_events, [&](const auto& one) {
    return happening_of(one, seen, made.dropped_attributes);
  });
  made.links = members_of(given.links(), seen, made.dropped_links, [&](const auto& one) {
    return link_of(one, seen, made.dropped_attributes);
  });
  return made;
}

} // namespace

result<batch<span>> traces_from_protobuf(std::string_view body, const limits& allowed) {
  return walk_wire<span>(trace_lists, allowed, body,
                         [&](std::string_view content, const place& where, batch<span>& into) {
                           take_item(into, allowed, where,
                                     [&](notes& seen) { return span_of(content, seen); });
                         });
}

} // namespace holdfast::otlp
