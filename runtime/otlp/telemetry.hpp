// SPDX-License-Identifier: Apache-2.0
// What an OTLP request says, whichever encoding said it: spans, log records, metrics.
#pragma once

#include "messages/value.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::otlp {

/// What one request may hold.
struct limits {
  /// Spans, log records or data points; those beyond are rejected without being read.
  std::size_t items_max = 20000;
  /// One item in protobuf; a larger one is rejected before it is read.
  std::size_t item_bytes_max = 4ULL << 20U;
  /// Attributes, events or links of one item; those beyond are left out and counted as dropped.
  std::size_t members_max = 1024;
  /// One text or byte string; a longer one is cut there, and the item's `cut` counts it.
  std::size_t text_bytes_max = 64ULL << 10U;
  /// Nesting of attribute values; an item with a deeper one is rejected.
  std::size_t depth_max = 16;
  /// Values of one JSON document; one with more is refused whole.
  std::size_t json_values_max = 2'000'000;
  /// Data points in one event; a metric with more becomes several events.
  std::size_t points_max = 100;
  /// All events made from one request, roughly; items beyond are rejected.
  std::size_t events_bytes_max = 48ULL << 20U;
};

/// What all items of one scope share.
struct origin {
  std::shared_ptr<const object> resource; ///< Its attributes; shared by its scopes. Never null.
  std::string scope;
  std::string version;
  object scope_attributes;
  std::string schema_url; ///< The scope's, else the resource's.

  friend bool operator==(const origin& left, const origin& right) {
    return *left.resource == *right.resource && left.scope == right.scope
           && left.version == right.version && left.scope_attributes == right.scope_attributes
           && left.schema_url == right.schema_url;
  }
};

/// Something that happened within a span.
struct happening {
  std::uint64_t time_ns = 0;
  std::string name;
  object attributes;

  friend bool operator==(const happening&, const happening&) = default;
};

/// Another span that this one belongs with; its ids may be empty.
struct link {
  std::string trace_id;
  std::string span_id;
  std::string trace_state;
  object attributes;

  friend bool operator==(const link&, const link&) = default;
};

/// Ids are lower-case hexadecimal; those of the span itself are always there.
struct span {
  std::string trace_id;
  std::string span_id;
  std::string parent_id; ///< Empty: the root.
  std::string trace_state;
  std::string name;
  std::int32_t kind = 0;
  std::uint64_t start_ns = 0;
  std::uint64_t end_ns = 0;
  object attributes;
  std::vector<happening> events;
  std::vector<link> links;
  std::int32_t status = 0;
  std::string status_message;
  std::uint32_t flags = 0;
  std::uint64_t dropped_attributes = 0;
  std::uint64_t dropped_events = 0;
  std::uint64_t dropped_links = 0;
  std::uint64_t cut = 0;

  friend bool operator==(const span&, const span&) = default;
};

struct log_record {
  std::uint64_t time_ns = 0;
  std::uint64_t observed_ns = 0;
  std::int32_t severity = 0;
  std::string severity_text;
  std::string event_name;
  value body;
  object attributes;
  std::string trace_id; ///< Empty: belongs to no trace.
  std::string span_id;
  std::uint32_t flags = 0;
  std::uint64_t dropped_attributes = 0;
  std::uint64_t cut = 0;

  friend bool operator==(const log_record&, const log_record&) = default;
};

enum class metric_kind : std::uint8_t {
  none, ///< Of a kind that is not known, or without data: it has no points.
  gauge,
  sum,
  histogram,
  exponential_histogram,
  summary
};

/// One reading. What it says depends on the metric's kind: `value`; or `count`, `sum`, `buckets`
/// and so on, under the names that docs/otlp.md lists.
struct data_point {
  std::uint64_t start_ns = 0;
  std::uint64_t time_ns = 0;
  object attributes;
  object reading;
  std::uint32_t flags = 0;
  std::uint64_t dropped_attributes = 0;
  std::uint64_t cut = 0;

  friend bool operator==(const data_point&, const data_point&) = default;
};

struct metric {
  std::string name;
  std::string description;
  std::string unit;
  metric_kind kind = metric_kind::none;
  std::int32_t temporality = 0;
  bool monotonic = false;
  std::vector<data_point> points;

  friend bool operator==(const metric&, const metric&) = default;
};

/// What was read of one request. `rejected` counts spans, log records or data points.
template <class Item>
struct batch {
  struct part {
    origin from;
    std::vector<Item> items;

    friend bool operator==(const part&, const part&) = default;
  };
  std::vector<part> parts;
  std::uint64_t items = 0; ///< Taken; of metrics, their data points.
  std::uint64_t rejected = 0;
  std::string why; ///< The first broken rule and where; empty: none.

  void reject(const std::string& reason, std::uint64_t count = 1) {
    rejected += count;
    if (why.empty())
      why = reason;
  }

  friend bool operator==(const batch&, const batch&) = default;
};

} // namespace holdfast::otlp
