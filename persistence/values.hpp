// SPDX-License-Identifier: Apache-2.0
// The small values of the store: head, identity, seen, checkpoint, cursor, control, index.
#pragma once

#include "messages/checkpoint.hpp"
#include "messages/fault.hpp"
#include "messages/ids.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::persistence {

/// Random, given once by `create`; the chain begins with it.
using instance_id = std::array<std::uint8_t, 16>;

/// The format this code writes, and the oldest reader that understands it.
inline constexpr std::uint16_t format_version = 1;
inline constexpr std::uint16_t reader_version_min = 1;

// Every encoding below except `seen` begins with its version and ends with a CRC32C, so that any
// changed bit is found wherever the value is kept. Decoders answer `corrupt` for bytes that the
// encoder would not have written, and `unsupported` for a newer version.

/// `meta` "head": written in every batch.
struct head_value {
  sequence last;
  chain_digest chain{};
  sequence floor;
  std::uint64_t events = 0;
  std::uint64_t seen = 0;
  std::uint64_t duplicates = 0;
  digest small_states{}; ///< XOR of `entry_digest` over all of `snap` and `state`.

  friend bool operator==(const head_value&, const head_value&) = default;
};
std::string encode_head(const head_value& given);
result<head_value> decode_head(std::string_view encoded);

/// `meta` "identity": written once.
struct identity_value {
  instance_id instance{};
  std::uint16_t format = format_version;
  std::uint16_t reader_min = reader_version_min;
  wall_time created;

  friend bool operator==(const identity_value&, const identity_value&) = default;
};
std::string encode_identity(const identity_value& given);
result<identity_value> decode_identity(std::string_view encoded);

/// `seen`: 16 bytes, or 48 for an event with a key.
struct seen_value {
  sequence at;
  wall_time first_seen;
  std::optional<digest> payload; ///< The payload's identity, for events with a key.

  friend bool operator==(const seen_value&, const seen_value&) = default;
};
std::string encode_seen(const seen_value& given);
result<seen_value> decode_seen(std::string_view encoded);

/// `snap`: a checkpoint's own words and how its state is kept in `blob`. The owner and `covered`
/// are in the key.
struct snapshot_value {
  checkpoint_info info;          ///< Decoded with the owner and `covered` of the key.
  std::uint64_t stored_size = 0; ///< Bytes in `blob`.
};
std::string encode_snapshot(const snapshot_value& given);
result<snapshot_value> decode_snapshot(std::string_view owner, sequence covered,
                                       std::string_view encoded);

/// `state`, kind cursor. The consumer is in the key.
struct cursor_value {
  sequence position;
  sequence record;
  wall_time time;
  bool has_state = false;

  friend bool operator==(const cursor_value&, const cursor_value&) = default;
};
std::string encode_cursor(const cursor_value& given);
result<cursor_value> decode_cursor(std::string_view encoded);

/// `state`, kind control. The name is in the key.
struct control_value {
  sequence record;
  wall_time time;
  std::string value; ///< Canonical msgpack.

  friend bool operator==(const control_value&, const control_value&) = default;
};
std::string encode_control(const control_value& given);
result<control_value> decode_control(std::string_view encoded);

/// `state`, kind index. The streams' name or pattern is in the key.
struct index_value {
  sequence since;            ///< From here on every record of them is in `stream_ix`; 0: none is.
  std::uint64_t entries = 0; ///< Ever written for them.

  friend bool operator==(const index_value&, const index_value&) = default;
};
std::string encode_index(const index_value& given);
result<index_value> decode_index(std::string_view encoded);

/// What one live entry of `snap` or `state` adds to `head_value::small_states`.
digest entry_digest(std::string_view family_name, std::string_view key, std::string_view value);
/// Adds an entry, or takes it away again.
void combine(digest& into, const digest& entry);

} // namespace holdfast::persistence
