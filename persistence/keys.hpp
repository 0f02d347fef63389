// SPDX-License-Identifier: Apache-2.0
// The one registry of column families and keys. On disk: never rename, never renumber.
#pragma once

#include "messages/fault.hpp"
#include "messages/ids.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::persistence {

/// RocksDB column families, in the order in which they are opened.
enum class family : std::uint8_t {
  unused = 0,    ///< `default`: must exist, stays empty.
  meta = 1,      ///< `head` and `identity`.
  events = 2,    ///< The journal.
  streams = 3,   ///< The index by stream, for streams that are declared so.
  seen = 4,      ///< What was stored already, for deduplication.
  snapshots = 5, ///< Checkpoints without their state.
  blobs = 6,     ///< Their states, compressed.
  states = 7     ///< Consumers' places, control values, and how far the index by stream goes.
};

inline constexpr std::array<std::string_view, 8> family_names{
    "default", "meta", "events", "stream_ix", "seen", "snap", "blob", "state"};

inline constexpr std::string_view head_key = "head";
inline constexpr std::string_view identity_key = "identity";

/// Longest consumer, control and checkpoint owner name.
inline constexpr std::size_t name_bytes_max = 100;

/// `events`: the sequence, most significant byte first, so that byte order is journal order.
std::array<char, 8> event_key(sequence at);
result<sequence> decode_event_key(std::string_view key);
inline std::string_view as_chars(const std::array<char, 8>& key) {
  return {key.data(), key.size()};
}

/// `stream_ix`: stream, 0x00, sequence. Needs: no 0x00 in the stream.
struct stream_place {
  std::string stream;
  sequence at;

  friend bool operator==(const stream_place&, const stream_place&) = default;
};
std::string stream_key(std::string_view stream, sequence at);
/// What every key of that stream begins with.
std::string stream_prefix(std::string_view stream);
result<stream_place> decode_stream_key(std::string_view key);

/// `seen`: the identity as it is (`as_chars` of a digest).
result<digest> decode_seen_key(std::string_view key);

/// `snap` and `blob`: owner, 0x00, inverted `covered`, so that the newest comes first.
/// Needs: no 0x00 in the owner.
struct snapshot_place {
  std::string owner;
  sequence covered;

  friend bool operator==(const snapshot_place&, const snapshot_place&) = default;
};
std::string snapshot_key(std::string_view owner, sequence covered);
std::string snapshot_prefix(std::string_view owner);
result<snapshot_place> decode_snapshot_key(std::string_view key);

/// `state`: a kind and a name. On disk: never renumber.
enum class state_kind : std::uint8_t { cursor = 1, control = 2, index = 3 };
struct state_place {
  state_kind kind = state_kind::cursor;
  std::string name;

  friend bool operator==(const state_place&, const state_place&) = default;
};
/// An empty name: what the keys of every such state begin with.
std::string state_key(state_kind kind, std::string_view name);
result<state_place> decode_state_key(std::string_view key);

} // namespace holdfast::persistence
