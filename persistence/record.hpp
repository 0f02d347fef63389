// SPDX-License-Identifier: Apache-2.0
// The value of one record in `events`: its bytes, its content digest and its link in the chain.
#pragma once

#include "messages/event.hpp"
#include "persistence/values.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::persistence {

/// A record's fields as they stand in its value. Text points into the bytes it was read from.
struct record_view {
  record_kind kind = record_kind::event;
  durability level = durability::power;
  std::uint16_t schema = 1;
  std::string_view stream;
  std::string_view type;
  std::string_view key; ///< Empty: none.
  wall_time time;
  wall_time recorded;
  sequence causation;
  digest content{};
  chain_digest chain{};
  bool explicit_identity = false; ///< Volatile fields were left out of `payload_identity`.
  digest payload_identity{};      ///< `content` unless it is explicit.
  std::string_view body;          ///< Canonical msgpack.
  std::string_view trace{};       ///< 24 bytes, or empty: none.
};

/// A trace as 24 bytes (16 of the trace's id, 8 of the span's) and as `TRACE-SPAN` in small
/// hexadecimal digits. Empty both ways for none; no value for a text that is neither, or for an id
/// of zeros, which means "none" in W3C Trace Context.
std::optional<std::string> trace_bytes(std::string_view text);
std::string trace_text(std::string_view raw);

/// SHA-256 over names and canonical body: what the record says, without when and where.
digest content_of(std::string_view stream, std::string_view type, std::uint16_t schema,
                  std::string_view key, std::string_view body);

/// The `seen` key of an event with an idempotency key.
digest key_identity(std::string_view stream, std::string_view key);

/// The `seen` key of an event: by its key if it has one, else its payload's identity.
digest seen_identity(const record_view& record);

/// The chain before the first record.
chain_digest chain_start(const instance_id& instance);

/// Appends the record's value to `out`, linked behind `previous`, and answers its chain digest.
/// `fields.chain` is not looked at. Needs: names within 65,535 bytes.
chain_digest append_record(const record_view& fields, sequence at, const chain_digest& previous,
                           std::string& out);

/// Reads the fields without decoding the body or computing a digest. Answers `corrupt` for bytes
/// that no encoder wrote, `unsupported` for a newer record version.
result<record_view> view_record(std::string_view encoded);

/// Answers `corrupt`, naming the sequence, unless the content digest fits names and body.
result<void> verify_content(const record_view& record, sequence at);

/// Answers `corrupt`, naming the sequence, unless `encoded` (a value that `view_record` took) is
/// linked behind `previous`. Covers every bit except names and body; those `verify_content` covers.
result<void> verify_chain(std::string_view encoded, sequence at, const chain_digest& previous);

/// The record with its body decoded; the content is verified, no upcaster applied.
result<recorded_event> decode_record(sequence at, std::string_view encoded);

/// As above, from a view that `verify_content` has passed, into every field of `into`, whose memory
/// is used again. After a fault `into` holds some record.
result<void> decode_verified(sequence at, const record_view& record, recorded_event& into);

} // namespace holdfast::persistence
