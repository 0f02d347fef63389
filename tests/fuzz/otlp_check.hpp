// SPDX-License-Identifier: Apache-2.0
// What holds for every OTLP body that can be read, whatever its encoding.
#pragma once

#include "persistence/canonical.hpp"
#include "runtime/otlp/decode.hpp"
#include "runtime/otlp/events.hpp"
#include "tests/fuzz/target.hpp"

#include <numeric>
#include <utility>

namespace holdfast::fuzz {

template <class Item>
void check_otlp(result<otlp::batch<Item>> (*decode)(std::string_view, const otlp::limits&),
                std::string_view body) {
  otlp::limits small;
  small.items_max = 50;
  small.members_max = 20;
  small.text_bytes_max = 100;
  small.events_bytes_max = 10000;
  const auto read = decode(body, small);
  if (!read)
    return must(!read.error().what.empty());
  must(*read == *decode(body, small));
  must(read->items <= small.items_max);
  must((read->rejected > 0) == !read->why.empty());
  const auto sent = otlp::events_of(*read, {}, small);
  // Nothing is lost between what was read and what is told.
  must(sent.stands_for.size() == sent.events.size());
  must(std::accumulate(sent.stands_for.begin(), sent.stands_for.end(), sent.rejected)
       == read->items + read->rejected);
  for (const auto& one : sent.events)
    must(bool(persistence::encode_canonical(one.body)));
}

} // namespace holdfast::fuzz
