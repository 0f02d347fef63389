// SPDX-License-Identifier: Apache-2.0
// Metrics from protobuf.
#include "runtime/otlp/decode.hpp"
#include "runtime/otlp/wire_reader.hpp"

#include <otlp/wire/metrics.pb.h>

namespace holdfast::otlp {

namespace {

using exemplars = google::protobuf::RepeatedPtrField<wire::Exemplar>;

template <class Point>
value number_of(const Point& given) {
  if (given.value_case() == Point::kAsInt)
    return given.as_int();
  return given.value_case() == Point::kAsDouble ? number(given.as_double()) : value{};
}

template <class Numbers>
array list_of(const Numbers& given) {
  array made;
  for (const auto one : given) {
    if constexpr (std::is_floating_point_v<std::decay_t<decltype(one)>>)
      made.push_back(number(one));
    else
      made.emplace_back(one);
  }
  return made;
}

void take_exemplars(const exemplars& given, data_point& into, notes& seen) {
  std::uint64_t dropped = 0;
  auto list = members_of(given, seen, dropped, [&](const wire::Exemplar& one) {
    auto attributes = attributes_of(one.filtered_attributes(), seen, into.dropped_attributes);
    return value{exemplar_of(one.time_unix_nano(), number_of(one),
                             seen.id("exemplars", one.trace_id(), 16, presence::lenient),
                             seen.id("exemplars", one.span_id(), 8, presence::lenient),
                             std::move(attributes))};
  });
  if (!list.empty())
    into.reading.emplace("exemplars", std::move(list));
}

object reading_of(const wire::NumberDataPoint& given) {
  return {{"value", number_of(given)}};
}

object reading_of(const wire::HistogramDataPoint& given) {
  object made{{"count", given.count()}};
  if (given.has_sum())
    made.emplace("sum", number(given.sum()));
  if (given.has_min())
    made.emplace("min", number(given.min()));
  if (given.has_max())
    made.emplace("max", number(given.max()));
  if (!given.bucket_counts().empty())
    made.emplace("buckets", list_of(given.bucket_counts()));
  if (!given.explicit_bounds().empty())
    made.emplace("bounds", list_of(given.explicit_bounds()));
  return made;
}

value buckets_of(const wire::ExponentialHistogramDataPoint::Buckets& given) {
  return object{{"offset", given.offset()}, {"buckets", list_of(given.bucket_counts())}};
}

object reading_of(const wire::ExponentialHistogramDataPoint& given) {
  object made{{"count", given.count()},
              {"scale", given.scale()},
              {"zero_count", given.zero_count()},
              {"zero_threshold", number(given.zero_threshold())}};
  if (given.has_sum())
    made.emplace("sum", number(given.sum()));
  if (given.has_min())
    made.emplace("min", number(given.min()));
  if (given.has_max())
    made.emplace("max", number(given.max()));
  if (given.has_positive())
    made.emplace("positive", buckets_of(given.positive()));
  if (given.has_negative())
    made.emplace("negative", buckets_of(given.negative()));
  return made;
}

object reading_of(const wire::SummaryDataPoint& given) {
  array quantiles;
  for (const auto& one : given.quantile_values())
    quantiles.push_back(
        object{{"quantile", number(one.quantile())}, {"value", number(one.value())}});
  return {
      {"count", given.count()}, {"sum", number(given.sum())}, {"quantiles", std::move(quantiles)}};
}

template <class Point>
data_point point_of(const Point& given, notes& seen) {
  data_point made;
  made.start_ns = given.start_time_unix_nano();
  made.time_ns = given.time_unix_nano();
  made.flags = given.flags();
  made.attributes = attributes_of(given.attributes(), seen, made.dropped_attributes);
  made.reading = reading_of(given);
  if constexpr (requires { given.exemplars(); })
    take_exemplars(given.exemplars(), made, seen);
  return made;
}

/// One metric, on its way into the batch.
struct metric_reader {
  const limits& allowed;
  const place& where;
  batch<metric>& into;

  void take(std::string_view content) {
    notes seen{allowed};
    const auto given = parse_item<wire::Metric>(content, seen);
    if (!seen.problem().empty())
      return into.reject(where.print() + '.' + seen.problem());
    metric made;
    made.name = seen.text(given.name());
    made.description = seen.text(given.description());
    made.unit = seen.text(given.unit());
    switch (given.data_case()) {
    case wire::Metric::kGauge:
      made.kind = metric_kind::gauge;
      points(given.gauge(), made);
      break;
    case wire::Metric::kSum:
      made.kind = metric_kind::sum;
      made.monotonic = given.sum().is_monotonic();
      made.temporality = given.sum().aggregation_temporality();
      points(given.sum(), made);
      break;
    case wire::Metric::kHistogram:
      made.kind = metric_kind::histogram;
      made.temporality = given.histogram().aggregation_temporality();
      points(given.histogram(), made);
      break;
    case wire::Metric::kExponentialHistogram:
      made.kind = metric_kind::exponential_histogram;
      made.temporality = given.exponential_histogram().aggregation_temporality();
      points(given.exponential_histogram(), made);
      break;
    case wire::Metric::kSummary:
      made.kind = metric_kind::summary;
      points(given.summary(), made);
      break;
    case wire::Metric::DATA_NOT_SET:
      break;
    }
    if (!made.points.empty())
      into.parts.back().items.push_back(std::move(made));
  }

  template <class Data>
  void points(const Data& given, metric& made) {
    for (const auto& one : given.data_points())
      take_point(into, made, allowed, where, [&](notes& seen) { return point_of(one, seen); });
  }
};

} // namespace

result<batch<metric>> metrics_from_protobuf(std::string_view body, const limits& allowed) {
  return walk_wire<metric>(metric_lists, allowed, body,
                           [&](std::string_view content, const place& where, batch<metric>& into) {
                             metric_reader{allowed, where, into}.take(content);
                           });
}

} // namespace holdfast::otlp
