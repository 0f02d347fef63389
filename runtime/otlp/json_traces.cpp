// SPDX-License-Identifier: Apache-2.0
// Spans from JSON.
#include "runtime/otlp/decode.hpp"
#include "runtime/otlp/json_reader.hpp"

namespace holdfast::otlp {

namespace {

happening happening_of(const members& in, std::uint64_t& dropped) {
  return {in.integer<std::uint64_t>("timeUnixNano"), in.text("name"),
          in.attributes("attributes", dropped)};
}

link link_of(const members& in, std::uint64_t& dropped) {
  auto& seen = in.seen();
  return {seen.id("links.traceId", in.hex("traceId"), 16, presence::optional),
          seen.id("links.spanId", in.hex("spanId"), 8, presence::optional), in.text("traceState"),
          in.attributes("attributes", dropped)};
}

span span_of(const value& given, notes& seen) {
  const members in{given, seen};
  span made;
  made.trace_id = seen.id("traceId", in.hex("traceId"), 16, presence::needed);
  made.span_id = seen.id("spanId", in.hex("spanId"), 8, presence::needed);
  made.parent_id = seen.id("parentSpanId", in.hex("parentSpanId"), 8, presence::optional);
  made.trace_state = in.text("traceState");
  made.name = in.text("name");
  made.kind = in.integer<std::int32_t>("kind");
  made.start_ns = in.integer<std::uint64_t>("startTimeUnixNano");
  made.end_ns = in.integer<std::uint64_t>("endTimeUnixNano");
  if (const auto* found = in.find("status")) {
    const members status{*found, seen};
    made.status = status.integer<std::int32_t>("code");
    made.status_message = status.text("message");
  }
  made.flags = in.integer<std::uint32_t>("flags");
  made.dropped_attributes = in.integer<std::uint32_t>("droppedAttributesCount");
  made.dropped_events = in.integer<std::uint32_t>("droppedEventsCount");
  made.dropped_links = in.integer<std::uint32_t>("droppedLinksCount");
  made.attributes = in.attributes("attributes", made.dropped_attributes);
  made.events = members_of(in.list("events"), seen, made.dropped_events, [&](const members& one) {
    return happening_of(one, made.dropped_attributes);
  });
  made.links = members_of(in.list("links"), seen, made.dropped_links, [&](const members& one) {
    return link_of(one, made.dropped_attributes);
  });
  return made;
}

} // namespace

result<batch<span>> traces_from_json(std::string_view body, const limits& allowed) {
  return walk_json<span>(
      trace_lists, allowed, body, [&](const value& one, const place& where, batch<span>& into) {
        take_item(into, allowed, where, [&](notes& seen) { return span_of(one, seen); });
      });
}

} // namespace holdfast::otlp
