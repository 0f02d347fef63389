// SPDX-License-Identifier: Apache-2.0
// The bodies of OTLP events: flat, with names for what the wire has numbers for.
#include "runtime/otlp/events.hpp"

#include "persistence/canonical.hpp"
#include "persistence/sha256.hpp"
#include "runtime/otlp/usage.hpp"

#include <algorithm>
#include <map>

namespace holdfast::otlp {

namespace {

constexpr std::string_view kinds[] = {"", "internal", "server", "client", "producer", "consumer"};
constexpr std::string_view statuses[] = {"", "ok", "error"};
constexpr std::string_view temporalities[] = {"", "delta", "cumulative"};
constexpr std::string_view severities[] = {"trace", "debug", "info", "warn", "error", "fatal"};
constexpr std::string_view metric_kinds[] = {
    "", "gauge", "sum", "histogram", "exponential_histogram", "summary"};

/// The name of an enumerator; the number itself where a newer version has one we do not know.
template <std::size_t Size>
value name_of(const std::string_view (&names)[Size], std::int32_t number) {
  if (number < 0 || static_cast<std::size_t>(number) >= Size)
    return number;
  return names[static_cast<std::size_t>(number)];
}

bool says_nothing(const value& given) {
  if (const auto* text = given.as<std::string>())
    return text->empty();
  if (const auto* number = given.as<std::int64_t>())
    return *number == 0;
  if (const auto* members = given.as<object>())
    return members->empty();
  if (const auto* items = given.as<array>())
    return items->empty();
  return given.is_null();
}

/// Adds a member unless it is what the wire has where nothing was said.
void put(object& into, std::string_view name, value given) {
  if (!says_nothing(given))
    into.emplace(name, std::move(given));
}

/// What a value weighs when it is stored, roughly.
std::size_t weight_of(const value& given) {
  constexpr std::size_t each = 9;
  if (const auto* text = given.as<std::string>())
    return each + text->size();
  if (const auto* raw = given.as<bytes>())
    return each + raw->data.size();
  std::size_t sum = each;
  if (const auto* items = given.as<array>())
    for (const auto& one : *items)
      sum += weight_of(one);
  if (const auto* members = given.as<object>())
    for (const auto& [name, one] : *members)
      sum += each + name.size() + weight_of(one);
  return sum;
}

/// The events of one request on their way out.
class pouring {
public:
  pouring(const limits& allowed, std::string_view cause, std::uint64_t rejected, std::string why)
      : allowed_{allowed}, cause_{cause} {
    made_.rejected = rejected;
    made_.why = std::move(why);
  }

  void begin(const origin& from) {
    from_ = &from;
    scope_ = object{};
    put(scope_, "name", from.scope);
    put(scope_, "version", from.version);
    put(scope_, "attributes", from.scope_attributes);
    shared_weight_ = weight_of(*from.resource) + weight_of(scope_);
  }

  /// What caused an item: itself, where it says where it belongs, else the request.
  std::string trace_of(const std::string& trace, const std::string& span) const {
    if (trace.empty())
      return std::string{cause_};
    return span.empty() ? std::string{} : trace + '-' + span;
  }

  /// Adds to an event with a stream and a type what all have in common. Rejects it when the request
  /// makes too much of itself.
  void add(event one, object body, std::uint64_t stands_for) {
    const auto weight = weight_of(body) + shared_weight_;
    if (weight > allowed_.events_bytes_max - bytes_)
      return made_.reject("the events of one request may have "
                              + std::to_string(allowed_.events_bytes_max)
                              + " bytes with their resources; send smaller batches",
                          stands_for);
    put(body, "resource", *from_->resource);
    put(body, "scope", scope_);
    put(body, "schema_url", from_->schema_url);
    one.body = std::move(body);
    add_whole(std::move(one), weight, stands_for);
  }

  void add_whole(event one, std::size_t weight, std::uint64_t stands_for) {
    bytes_ += std::min(weight, allowed_.events_bytes_max - bytes_);
    made_.events.push_back(std::move(one));
    made_.stands_for.push_back(stands_for);
  }

  poured& made() { return made_; }

private:
  const limits& allowed_;
  const std::string_view cause_;
  poured made_;
  const origin* from_ = nullptr;
  object scope_;
  std::size_t shared_weight_ = 0;
  std::size_t bytes_ = 0;
};

array list_of(std::vector<happening> events) {
  array made;
  for (auto& one : events) {
    object body;
    put(body, "time_unix_nano", one.time_ns);
    put(body, "name", std::move(one.name));
    put(body, "attributes", std::move(one.attributes));
    made.push_back(std::move(body));
  }
  return made;
}

array list_of(std::vector<link> links) {
  array made;
  for (auto& one : links) {
    object body;
    put(body, "trace_id", std::move(one.trace_id));
    put(body, "span_id", std::move(one.span_id));
    put(body, "trace_state", std::move(one.trace_state));
    put(body, "attributes", std::move(one.attributes));
    made.push_back(std::move(body));
  }
  return made;
}

object body_of(span given) {
  object body;
  put(body, "trace_id", std::move(given.trace_id));
  put(body, "span_id", std::move(given.span_id));
  put(body, "parent_span_id", std::move(given.parent_id));
  put(body, "trace_state", std::move(given.trace_state));
  put(body, "name", std::move(given.name));
  put(body, "kind", name_of(kinds, given.kind));
  put(body, "start_time_unix_nano", given.start_ns);
  put(body, "end_time_unix_nano", given.end_ns);
  if (given.start_ns != 0 && given.end_ns >= given.start_ns)
    body.emplace("duration_ms", static_cast<double>(given.end_ns - given.start_ns) / 1e6);
  put(body, "status", name_of(statuses, given.status));
  put(body, "status_message", std::move(given.status_message));
  put(body, "attributes", std::move(given.attributes));
  put(body, "events", list_of(std::move(given.events)));
  put(body, "links", list_of(std::move(given.links)));
  put(body, "flags", given.flags);
  put(body, "dropped_attributes", given.dropped_attributes);
  put(body, "dropped_events", given.dropped_events);
  put(body, "dropped_links", given.dropped_links);
  put(body, "cut", given.cut);
  return body;
}

object body_of(log_record given) {
  object body;
  put(body, "time_unix_nano", given.time_ns);
  put(body, "observed_time_unix_nano", given.observed_ns);
  // 1 to 4 are the kinds of trace, 5 to 8 of debug, and so on.
  if (given.severity >= 1 && given.severity <= 24)
    body.emplace("severity", severities[static_cast<std::size_t>(given.severity - 1) / 4]);
  put(body, "severity_number", given.severity);
  put(body, "severity_text", std::move(given.severity_text));
  put(body, "event_name", std::move(given.event_name));
  if (!given.body.is_null())
    body.emplace("body", std::move(given.body));
  put(body, "attributes", std::move(given.attributes));
  put(body, "trace_id", std::move(given.trace_id));
  put(body, "span_id", std::move(given.span_id));
  put(body, "flags", given.flags);
  put(body, "dropped_attributes", given.dropped_attributes);
  put(body, "cut", given.cut);
  return body;
}

value body_of(data_point given) {
  auto body = std::move(given.reading);
  put(body, "start_time_unix_nano", given.start_ns);
  put(body, "time_unix_nano", given.time_ns);
  put(body, "attributes", std::move(given.attributes));
  put(body, "flags", given.flags);
  put(body, "dropped_attributes", given.dropped_attributes);
  put(body, "cut", given.cut);
  return body;
}

/// Everything of a metric but its points.
object body_of(const metric& given) {
  object body;
  put(body, "name", given.name);
  put(body, "description", given.description);
  put(body, "unit", given.unit);
  put(body, "kind", metric_kinds[static_cast<std::size_t>(given.kind)]);
  put(body, "temporality", name_of(temporalities, given.temporality));
  if (given.kind == metric_kind::sum)
    body.emplace("monotonic", given.monotonic);
  return body;
}

event event_in(std::string_view stream, std::string_view type, std::uint64_t ns) {
  event made;
  made.stream = stream;
  made.type = type;
  made.time = wall_time{static_cast<std::int64_t>(ns / 1000)};
  return made;
}

/// Counts equal log records of one request.
class repeats {
public:
  void begin(const origin& from) {
    from_ = digest_of(object{{"resource", *from.resource},
                             {"scope", from.scope},
                             {"version", from.version},
                             {"attributes", from.scope_attributes},
                             {"schema_url", from.schema_url}});
  }

  /// How many equal ones there have been before.
  std::uint64_t before(const object& body) { return seen_[{from_, digest_of(body)}]++; }

private:
  /// Of what cannot be encoded, all are equal; the journal rejects them and says why.
  static digest digest_of(const object& given) {
    std::string encoded;
    if (!persistence::encode_canonical(given, encoded))
      encoded.clear();
    return persistence::sha256(encoded);
  }

  digest from_{};
  std::map<std::pair<digest, digest>, std::uint64_t> seen_;
};

} // namespace

poured events_of(batch<span> given, std::string_view cause, const limits& allowed) {
  pouring out{allowed, cause, given.rejected, std::move(given.why)};
  for (auto& [from, spans] : given.parts) {
    out.begin(from);
    for (auto& one : spans) {
      auto usage = usage_of(one, from);
      auto made = event_in("otel.traces", "span", one.start_ns);
      made.trace = out.trace_of(one.trace_id, one.span_id);
      if (usage)
        usage->trace = made.trace;
      const auto before = out.made().events.size();
      out.add(std::move(made), body_of(std::move(one)), 1);
      if (usage && out.made().events.size() > before)
        out.add_whole(*std::move(usage), 500, 0);
    }
  }
  return std::move(out.made());
}

poured events_of(batch<log_record> given, std::string_view cause, const limits& allowed) {
  pouring out{allowed, cause, given.rejected, std::move(given.why)};
  repeats known;
  for (auto& [from, records] : given.parts) {
    out.begin(from);
    known.begin(from);
    for (auto& one : records) {
      auto made = event_in("otel.logs", "log", one.time_ns != 0 ? one.time_ns : one.observed_ns);
      made.trace = out.trace_of(one.trace_id, one.span_id);
      auto body = body_of(std::move(one));
      if (const auto before = known.before(body); before > 0)
        body.emplace("repeat", before + 1);
      out.add(std::move(made), std::move(body), 1);
    }
  }
  return std::move(out.made());
}

poured events_of(batch<metric> given, std::string_view cause, const limits& allowed) {
  pouring out{allowed, cause, given.rejected, std::move(given.why)};
  for (auto& [from, metrics] : given.parts) {
    out.begin(from);
    for (auto& one : metrics) {
      const auto common = body_of(one);
      for (std::size_t at = 0; at < one.points.size();) {
        const auto end = std::min(one.points.size(), at + allowed.points_max);
        auto body = common;
        array points;
        std::uint64_t newest = 0;
        for (; at < end; ++at) {
          newest = std::max(newest, one.points[at].time_ns);
          points.push_back(body_of(std::move(one.points[at])));
        }
        const auto count = points.size();
        body.emplace("points", std::move(points));
        auto made = event_in("otel.metrics", "metric", newest);
        made.trace = cause;
        out.add(std::move(made), std::move(body), count);
      }
    }
  }
  return std::move(out.made());
}

} // namespace holdfast::otlp
