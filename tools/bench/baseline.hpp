// SPDX-License-Identifier: Apache-2.0
// What the compared stores share with Holdfast: identity, hash, chain and the record's bytes.
#pragma once

#include "persistence/draft.hpp"
#include "persistence/keys.hpp"
#include "persistence/record.hpp"
#include "persistence/values.hpp"

namespace bench {

/// A journal's place, kept by a loop of one thread.
struct place {
  holdfast::persistence::head_value head;

  /// The record's bytes, linked behind the one before.
  std::string next(const holdfast::persistence::draft& made) {
    ++head.last;
    ++head.events;
    ++head.seen;
    std::string bytes;
    head.chain = holdfast::persistence::append_record({.kind = made.kind,
                                                       .level = made.level,
                                                       .schema = made.schema,
                                                       .stream = made.stream,
                                                       .type = made.type,
                                                       .key = made.key,
                                                       .time = made.time,
                                                       .recorded = made.time,
                                                       .causation = made.causation,
                                                       .content = made.content,
                                                       .chain = {},
                                                       .explicit_identity = made.explicit_identity,
                                                       .payload_identity = made.payload_identity,
                                                       .body = made.body},
                                                      head.last, head.chain, bytes);
    return bytes;
  }
};

template <std::size_t Size>
std::string_view as_text(const std::array<std::uint8_t, Size>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), Size};
}

} // namespace bench
