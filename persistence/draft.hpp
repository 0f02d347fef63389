// SPDX-License-Identifier: Apache-2.0
// A record on its way in: checked, canonical and hashed on the producer's own thread.
#pragma once

#include "messages/checkpoint.hpp"
#include "messages/event.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace holdfast::persistence {

/// What producers may submit. Beyond a limit an event is rejected, naming field and limit.
struct event_limits {
  std::size_t body_bytes_max = 1U << 20U; ///< Of the canonical body.
  std::size_t stream_bytes_max = 200;
  std::size_t type_bytes_max = 100;
  std::size_t key_bytes_max = 200;
};

/// Largest state of a checkpoint before compression, and largest control value. Larger ones are
/// refused.
inline constexpr std::size_t state_bytes_max = 16ULL << 20U;
inline constexpr std::size_t control_bytes_max = 1ULL << 20U;

/// The stream of what supervisors did.
inline constexpr std::string_view supervision_stream = "$supervision";

/// Which top-level fields of a body say nothing about what the event is.
struct identity_rule {
  std::string stream; ///< Exact, or a prefix that ends in `*`.
  std::vector<std::string> volatile_fields;
};

/// State that goes with a checkpoint or a consumer's commit.
struct state_attachment {
  std::string owner;
  sequence covered;
  std::uint16_t schema = 1;
  std::string reason;
  std::string state; ///< Canonical msgpack.
};

struct cursor_attachment {
  std::string consumer;
  sequence position;
  std::optional<sequence> expected;
  bool reset = false; ///< May move backwards: an operator's decision, with a reason.
  std::optional<state_attachment> state;
  std::string reason{}; ///< Of a reset.
};

struct control_attachment {
  std::string name;
  std::string value; ///< Canonical msgpack, replaces the value before.
};

using attachment =
    std::variant<std::monostate, state_attachment, cursor_attachment, control_attachment>;

/// A record without its place. A draft whose `refusal` is set is answered as rejected.
struct draft {
  record_kind kind = record_kind::event;
  durability level = durability::power;
  std::string stream;
  std::string type;
  std::uint16_t schema = 1;
  std::string key;
  wall_time time;
  sequence causation;
  std::string trace; ///< 24 bytes, or empty.
  std::string body;  ///< Canonical msgpack.
  digest content{};
  digest identity{};         ///< The `seen` key; for events only.
  digest payload_identity{}; ///< Tells a conflict from a duplicate under one key.
  /// `payload_identity` is not `content`, and is kept in the record.
  bool explicit_identity = false;
  attachment with;
  std::string refusal;

  /// What the draft weighs in queues and batches.
  std::size_t size() const { return body.size() + stream.size() + type.size() + key.size() + 256; }
};

/// Checks and canonicalises one event. Never fails: a broken rule becomes the draft's `refusal`.
/// Safe from any thread.
draft make_draft(const event& submitted, durability level, const event_limits& limits,
                 const std::vector<identity_rule>& rules);

/// Drafts of Holdfast's own records; the body states what the attachment carries.
draft make_checkpoint(state_attachment taken, wall_time now);
draft make_cursor(cursor_attachment moved, wall_time now);
draft make_control(control_attachment set, durability level, wall_time now);
draft make_audit(std::string type, const value& body, wall_time now);
draft make_anchor(const value& body, wall_time now);
/// A line of a supervisor's history, of when it happened.
draft make_supervision(std::string type, const value& body, wall_time when);
/// States that records `from` to `to` were given up. It takes the number behind `to`, or
/// `to` itself where records behind it were kept.
draft make_gap(sequence from, sequence to, const std::string& reason, wall_time now);

} // namespace holdfast::persistence
