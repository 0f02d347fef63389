// SPDX-License-Identifier: Apache-2.0
// A persistent actor in the embedder's own types: a plain fold with `encode` and `decode`.
#pragma once

#include "messages/checkpoint.hpp"

#include <any>
#include <functional>
#include <string>
#include <utility>

namespace holdfast {

/// What an embedder writes: how a `State` starts, what an event makes of it, and how it becomes a
/// value and back. Every function must be pure: Holdfast runs them again to recover and to verify.
/// They are called from one thread at a time, not always the same one, and may throw: a throwing
/// `apply` stops the actor with the event named, the journal is not affected.
template <class State>
struct persistent {
  std::string name;         ///< 1 to 100 bytes; names its checkpoints.
  std::string stream;       ///< Exact, or a prefix that ends in `*`; empty: every event.
  std::uint16_t schema = 1; ///< Version of what `encode` writes.
  State initial{};
  std::function<void(State&, const recorded_event&)> apply;
  std::function<value(const State&)> encode;
  std::function<result<State>(const value&, std::uint16_t schema)> decode;
};

/// The same without the type, as the runtime keeps it.
template <class State>
fold to_fold(persistent<State> given) {
  fold made;
  made.name = std::move(given.name);
  made.stream = std::move(given.stream);
  made.schema = given.schema;
  made.initial = [start = std::move(given.initial)] { return std::any{start}; };
  made.apply = [apply = std::move(given.apply)](std::any& state, const recorded_event& happened) {
    apply(*std::any_cast<State>(&state), happened);
  };
  made.encode = [encode = std::move(given.encode)](const std::any& state) {
    return encode(*std::any_cast<State>(&state));
  };
  made.decode = [decode = std::move(given.decode)](const value& encoded,
                                                   std::uint16_t schema) -> result<std::any> {
    auto state = decode(encoded, schema);
    if (!state)
      return state.error();
    return std::any{std::move(*state)};
  };
  return made;
}

/// A state and the sequence it is the fold of.
template <class State>
struct state_at {
  State state;
  sequence covered;
};

} // namespace holdfast
