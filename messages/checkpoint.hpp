// SPDX-License-Identifier: Apache-2.0
// The conversation about checkpoints, consumers and persistent actors.
#pragma once

#include "messages/event.hpp"

#include <any>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace holdfast {

/// A checkpoint without its state.
struct checkpoint_info {
  std::string owner;
  sequence covered;     ///< The state is the fold of every record up to this one.
  sequence record;      ///< The journal record that states this checkpoint.
  chain_digest chain{}; ///< The chain at `covered`.
  std::uint16_t schema = 1;
  std::uint64_t size = 0; ///< Bytes of the state before compression.
  digest state_sha{};     ///< SHA-256 of those bytes.
  sequence parent;        ///< `covered` of the checkpoint before; 0: the first.
  wall_time time;
  std::string reason; ///< `events`, `interval`, `demand`, `stop`, `consumer` ...

  static constexpr auto name = "checkpoint_info";
  static constexpr auto fields =
      std::make_tuple(&checkpoint_info::owner, &checkpoint_info::covered, &checkpoint_info::record,
                      &checkpoint_info::chain, &checkpoint_info::schema, &checkpoint_info::size,
                      &checkpoint_info::state_sha, &checkpoint_info::parent, &checkpoint_info::time,
                      &checkpoint_info::reason);
};

struct checkpoint {
  checkpoint_info info;
  value state;
};

/// A consumer's place: everything up to `position` is done.
struct consumer_info {
  std::string consumer;
  sequence position;
  sequence record; ///< The journal record that states it.
  wall_time time;
  bool has_state = false; ///< A checkpoint of owner `consumer` covers `position`.

  static constexpr auto name = "consumer_info";
  static constexpr auto fields =
      std::make_tuple(&consumer_info::consumer, &consumer_info::position, &consumer_info::record,
                      &consumer_info::time, &consumer_info::has_state);
};

/// Commits a position, and with it the state that results: both or neither.
struct commit_consumer {
  std::string consumer;
  sequence position;                ///< Must not be below the committed one, nor beyond the head.
  std::optional<sequence> expected; ///< If given, the commit conflicts unless this is the place.
  std::optional<value> state;
  std::uint16_t schema = 1;
};

/// Puts a consumer's place elsewhere, forward or back: an operator's decision, kept with its
/// reason. Its states are left as they are; the newest that fits is the newest at or before
/// `position`.
struct reset_consumer {
  std::string consumer; ///< One that is known.
  sequence position;    ///< Not below the retention floor, nor beyond the head.
  std::string reason;   ///< 1 to 1000 bytes.
};

/// Keeps a state that somebody outside has folded, as a checkpoint of that owner.
struct keep_state {
  std::string owner; ///< Not the name of a persistent actor.
  sequence covered;  ///< The state is the fold of the records up to this one; not beyond the head.
  value state;
  std::uint16_t schema = 1;
};

/// A persistent actor as a fold: what it is at the start, what an event makes of it, and how its
/// state becomes a value and back. Every function must be pure: same input, same output.
/// The functions are called from one thread at a time, not always the same one.
struct fold {
  std::string name;   ///< Owner of its checkpoints; 1 to 100 bytes.
  std::string stream; ///< Which events it takes: exact, or a prefix that ends in `*`; empty: all.
  std::uint16_t schema = 1; ///< Version of the encoded state.
  std::function<std::any()> initial;
  std::function<void(std::any&, const recorded_event&)> apply;
  std::function<value(const std::any&)> encode;
  std::function<result<std::any>(const value&, std::uint16_t schema)> decode;
};

/// When a checkpoint is taken: whichever comes first. Both are bounded below by 1.
struct checkpoint_rule {
  std::uint64_t events = 100;
  std::chrono::milliseconds interval{30000};
};

/// Which checkpoints are kept: the newest `newest`, then one an hour, then one a day.
struct checkpoint_history {
  std::size_t newest = 10;
  std::size_t hourly = 24;
  std::size_t daily = 30;
};

/// The first event at which a fold gave two different states for the same input.
struct divergence {
  std::string owner;
  sequence checkpoint; ///< The interval's end.
  sequence at;         ///< The first event that diverges; 0: the interval as a whole.
  std::string detail;

  static constexpr auto name = "divergence";
  static constexpr auto fields = std::make_tuple(&divergence::owner, &divergence::checkpoint,
                                                 &divergence::at, &divergence::detail);
};

/// Does a stream pattern (exact, `prefix*`, or empty for all) take this stream?
/// Only a pattern that itself begins with `$` takes Holdfast's own records.
inline bool takes_stream(std::string_view pattern, std::string_view stream) {
  if (!stream.empty() && stream.front() == '$' && (pattern.empty() || pattern.front() != '$'))
    return false;
  if (pattern.empty())
    return true;
  if (pattern.back() == '*')
    return stream.substr(0, pattern.size() - 1) == pattern.substr(0, pattern.size() - 1);
  return pattern == stream;
}

} // namespace holdfast
