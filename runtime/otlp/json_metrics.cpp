// SPDX-License-Identifier: Apache-2.0
// Metrics from JSON.
#include "runtime/otlp/decode.hpp"
#include "runtime/otlp/json_reader.hpp"

#include <array>

namespace holdfast::otlp {

namespace {

value number_of(const members& in) {
  if (in.has("asInt"))
    return in.integer<std::int64_t>("asInt");
  return in.has("asDouble") ? number(in.real("asDouble")) : value{};
}

void take_exemplars(const members& in, data_point& into) {
  auto& seen = in.seen();
  std::uint64_t dropped = 0;
  auto list = members_of(in.list("exemplars"), seen, dropped, [&](const members& one) {
    auto attributes = one.attributes("filteredAttributes", into.dropped_attributes);
    return value{exemplar_of(one.integer<std::uint64_t>("timeUnixNano"), number_of(one),
                             seen.id("exemplars", one.hex("traceId"), 16, presence::lenient),
                             seen.id("exemplars", one.hex("spanId"), 8, presence::lenient),
                             std::move(attributes))};
  });
  if (!list.empty())
    into.reading.emplace("exemplars", std::move(list));
}

/// Sum, least and greatest value, where they are given.
void take_totals(const members& in, object& into) {
  for (const auto* name : {"sum", "min", "max"})
    if (in.has(name))
      into.emplace(name, number(in.real(name)));
}

object number_reading(const members& in) {
  return {{"value", number_of(in)}};
}

object histogram_reading(const members& in) {
  object made{{"count", in.integer<std::uint64_t>("count")}};
  take_totals(in, made);
  if (auto buckets = in.integers("bucketCounts"); !buckets.empty())
    made.emplace("buckets", std::move(buckets));
  if (auto bounds = in.reals("explicitBounds"); !bounds.empty())
    made.emplace("bounds", std::move(bounds));
  return made;
}

object exponential_reading(const members& in) {
  object made{{"count", in.integer<std::uint64_t>("count")},
              {"scale", in.integer<std::int32_t>("scale")},
              {"zero_count", in.integer<std::uint64_t>("zeroCount")},
              {"zero_threshold", number(in.real("zeroThreshold"))}};
  take_totals(in, made);
  for (const auto* side : {"positive", "negative"})
    if (const auto* found = in.find(side)) {
      const members held{*found, in.seen()};
      made.emplace(side, object{{"offset", held.integer<std::int32_t>("offset")},
                                {"buckets", held.integers("bucketCounts")}});
    }
  return made;
}

object summary_reading(const members& in) {
  array quantiles;
  for (const auto& one : in.list("quantileValues")) {
    const members held{one, in.seen()};
    quantiles.push_back(
        object{{"quantile", number(held.real("quantile"))}, {"value", number(held.real("value"))}});
  }
  return {{"count", in.integer<std::uint64_t>("count")},
          {"sum", number(in.real("sum"))},
          {"quantiles", std::move(quantiles)}};
}

struct kind_row {
  std::string_view name;
  metric_kind kind;
  object (*read)(const members&);
};

constexpr std::array kinds{
    kind_row{"gauge", metric_kind::gauge, number_reading},
    kind_row{"sum", metric_kind::sum, number_reading},
    kind_row{"histogram", metric_kind::histogram, histogram_reading},
    kind_row{"exponentialHistogram", metric_kind::exponential_histogram, exponential_reading},
    kind_row{"summary", metric_kind::summary, summary_reading}};

data_point point_of(const value& given, const kind_row& row, notes& seen) {
  const members in{given, seen};
  data_point made;
  made.start_ns = in.integer<std::uint64_t>("startTimeUnixNano");
  made.time_ns = in.integer<std::uint64_t>("timeUnixNano");
  made.flags = in.integer<std::uint32_t>("flags");
  made.attributes = in.attributes("attributes", made.dropped_attributes);
  made.reading = row.read(in);
  take_exemplars(in, made);
  return made;
}

void take_metric(const value& given, const place& where, const limits& allowed,
                 batch<metric>& into) {
  notes seen{allowed};
  const members in{given, seen};
  metric made;
  made.name = in.text("name");
  made.description = in.text("description");
  made.unit = in.text("unit");
  for (const auto& row : kinds) {
    const auto* found = in.find(row.name);
    if (found == nullptr)
      continue;
    const members data{*found, seen};
    made.kind = row.kind;
    made.temporality = data.integer<std::int32_t>("aggregationTemporality");
    made.monotonic = data.truth("isMonotonic");
    const auto& points = data.list("dataPoints");
    if (!seen.problem().empty())
      return into.reject(where.print() + '.' + seen.problem(),
                         std::max<std::size_t>(1, points.size()));
    for (const auto& one : points)
      take_point(into, made, allowed, where,
                 [&](notes& of_point) { return point_of(one, row, of_point); });
    break;
  }
  if (!seen.problem().empty())
    return into.reject(where.print() + '.' + seen.problem());
  if (!made.points.empty())
    into.parts.back().items.push_back(std::move(made));
}

} // namespace

result<batch<metric>> metrics_from_json(std::string_view body, const limits& allowed) {
  return walk_json<metric>(metric_lists, allowed, body,
                           [&](const value& one, const place& where, batch<metric>& into) {
                             take_metric(one, where, allowed, into);
                           });
}

} // namespace holdfast::otlp
