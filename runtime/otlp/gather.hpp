// SPDX-License-Identifier: Apache-2.0
// How both decoders gather the items of a request. For runtime/otlp only.
#pragma once

#include "runtime/otlp/notes.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace holdfast::otlp {

/// What the three lists of a request are called in JSON, and in what we say about them.
struct list_names {
  std::string_view resources;
  std::string_view scopes;
  std::string_view items;
};

inline constexpr list_names trace_lists{"resourceSpans", "scopeSpans", "spans"};
inline constexpr list_names log_lists{"resourceLogs", "scopeLogs", "logRecords"};
inline constexpr list_names metric_lists{"resourceMetrics", "scopeMetrics", "metrics"};

/// Where in its request an item stands.
struct place {
  const list_names& lists;
  std::size_t resource = 0;
  std::size_t scope = 0;
  std::size_t item = 0;

  std::string print_resource() const {
    return std::string{lists.resources} + '[' + std::to_string(resource) + ']';
  }
  std::string print_scope() const {
    return print_resource() + '.' + std::string{lists.scopes} + '[' + std::to_string(scope) + ']';
  }
  std::string print() const {
    return print_scope() + '.' + std::string{lists.items} + '[' + std::to_string(item) + ']';
  }
};

/// Begins a scope; `end_scope` drops it again when it turned out to have nothing.
template <class Item>
void begin_scope(batch<Item>& into, origin from) {
  into.parts.push_back({std::move(from), {}});
}

template <class Item>
void end_scope(batch<Item>& into) {
  if (into.parts.back().items.empty())
    into.parts.pop_back();
}

/// Whether one more item may be looked at; if not, it is rejected.
template <class Item>
bool has_room(batch<Item>& into, const limits& allowed) {
  if (into.items + into.rejected < allowed.items_max)
    return true;
  into.reject("a request may hold " + std::to_string(allowed.items_max)
              + " items; send smaller batches");
  return false;
}

/// Takes what `read(notes&)` makes of one span or log record, or rejects it.
template <class Item, class Read>
void take_item(batch<Item>& into, const limits& allowed, const place& where, Read read) {
  if (!has_room(into, allowed))
    return;
  notes seen{allowed};
  Item one = read(seen);
  if (!seen.problem().empty())
    return into.reject(where.print() + '.' + seen.problem());
  one.cut = seen.cut();
  into.parts.back().items.push_back(std::move(one));
  ++into.items;
}

/// The same for a metric's data point.
template <class Read>
void take_point(batch<metric>& into, metric& of, const limits& allowed, const place& where,
                Read read) {
  if (!has_room(into, allowed))
    return;
  notes seen{allowed};
  data_point one = read(seen);
  if (!seen.problem().empty())
    return into.reject(where.print() + ".dataPoints." + seen.problem());
  one.cut = seen.cut();
  of.points.push_back(std::move(one));
  ++into.items;
}

} // namespace holdfast::otlp
