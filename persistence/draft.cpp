// SPDX-License-Identifier: Apache-2.0
// Checks what producers submit and builds the drafts of Holdfast's own records.
#include "persistence/draft.hpp"

#include "persistence/canonical.hpp"
#include "persistence/keys.hpp"
#include "persistence/record.hpp"
#include "persistence/sha256.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::persistence {
namespace {

constexpr wall_time year_one{-62'135'596'800'000'000};
constexpr wall_time year_ten_thousand{253'402'300'800'000'000};

/// The broken rule, or nothing.
std::string check_text(std::string_view field, std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max)
    return std::string{field} + ": has " + std::to_string(text.size()) + " bytes, at most "
           + std::to_string(bytes_max) + " are taken";
  if (!is_utf8(text))
    return std::string{field} + ": is not valid UTF-8";
  return {};
}

std::string check_name(std::string_view field, std::string_view name, std::size_t bytes_max) {
  if (name.empty())
    return std::string{field} + ": is missing or empty";
  if (std::any_of(name.begin(), name.end(), [](char letter) {
        return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F;
      }))
    return std::string{field} + ": holds a control character";
  return check_text(field, name, bytes_max);
}

std::string check(const event& submitted, const event_limits& limits) {
  if (auto broken = check_name("stream", submitted.stream, limits.stream_bytes_max);
      !broken.empty())
    return broken;
  if (submitted.stream.front() == '$')
    return "stream: begins with `$`, which is kept for Holdfast's own records";
  if (auto broken = check_name("type", submitted.type, limits.type_bytes_max); !broken.empty())
    return broken;
  if (submitted.schema == 0)
    return "schema: is 0, versions begin with 1";
  if (auto broken = check_text("key", submitted.key, limits.key_bytes_max); !broken.empty())
    return broken;
  if (submitted.time < year_one || submitted.time >= year_ten_thousand)
    return "time: is outside of the years 1 to 9999";
  return {};
}

/// The members that the rules leave out of this event's identity; null: none.
std::vector<std::string> volatile_members(const event& submitted,
                                          const std::vector<identity_rule>& rules) {
  std::vector<std::string> left_out;
  for (const auto& rule : rules)
    if (takes_stream(rule.stream, submitted.stream))
      for (const auto& name : rule.volatile_fields)
        if (submitted.body.find(name) != nullptr)
          left_out.push_back(name);
  return left_out;
}

std::string in_body(const fault& broken) {
  const auto names_place = broken.what.front() == '.' || broken.what.front() == '[';
  return (names_place ? "body" : "body: ") + broken.what;
}

draft refused(draft made, std::string why) {
  made.body.clear();
  made.refusal = std::move(why);
  return made;
}

/// Gives a record of our own its body and content; only events have a `seen` entry.
draft own(record_kind kind, std::string_view stream, std::string type, const value& body,
          wall_time now) {
  draft made;
  made.kind = kind;
  made.stream = stream;
  made.type = std::move(type);
  made.time = now;
  if (auto encoded = encode_canonical(body, made.body); !encoded)
    return refused(std::move(made), in_body(encoded.error()));
  made.content = content_of(made.stream, made.type, made.schema, made.key, made.body);
  made.payload_identity = made.content;
  return made;
}

bytes as_bytes(const digest& raw) {
  return bytes{std::string{as_chars(raw)}};
}

std::string check_state(const state_attachment& taken) {
  if (auto broken = check_name("owner", taken.owner, name_bytes_max); !broken.empty())
    return broken;
  if (taken.state.size() > state_bytes_max)
    return "state: has " + std::to_string(taken.state.size()) + " bytes, at most "
           + std::to_string(state_bytes_max) + " are taken";
  if (taken.state.empty())
    return "state: is empty";
  return check_text("reason", taken.reason, 1000);
}

object describe(const state_attachment& taken) {
  return {{"covered", taken.covered.value},
          {"owner", taken.owner},
          {"reason", taken.reason},
          {"schema", taken.schema},
          {"sha256", as_bytes(sha256(taken.state))},
          {"size", taken.state.size()}};
}

} // namespace

draft make_draft(const event& submitted, durability level, const event_limits& limits,
                 const std::vector<identity_rule>& rules) {
  draft made;
  made.level = level;
  made.stream = submitted.stream;
  made.type = submitted.type;
  made.schema = submitted.schema;
  made.key = submitted.key;
  made.time = submitted.time;
  made.causation = submitted.causation;
  if (auto broken = check(submitted, limits); !broken.empty())
    return refused(std::move(made), std::move(broken));
  if (auto raw = trace_bytes(submitted.trace))
    made.trace = *std::move(raw);
  else
    return refused(std::move(made), "trace: must be 32 and 16 small hexadecimal digits with a `-` "
                                    "between, neither all zeros");
  // Most bodies fit; growing in steps would copy them three times.
  made.body.reserve(512);
  if (auto encoded = encode_canonical(submitted.body, made.body); !encoded)
    return refused(std::move(made), in_body(encoded.error()));
  if (made.body.size() > limits.body_bytes_max)
    return refused(std::move(made), "body: has " + std::to_string(made.body.size())
                                        + " bytes when encoded, at most "
                                        + std::to_string(limits.body_bytes_max) + " are taken");
  made.content = content_of(made.stream, made.type, made.schema, made.key, made.body);
  made.payload_identity = made.content;
  if (!rules.empty())
    if (const auto left_out = volatile_members(submitted, rules); !left_out.empty()) {
      std::string lasting;
      // The whole body has been encoded, so its parts can be.
      if (auto encoded = encode_canonical_without(submitted.body, left_out, lasting); !encoded)
        return refused(std::move(made), in_body(encoded.error()));
      made.payload_identity = content_of(made.stream, made.type, made.schema, made.key, lasting);
      made.explicit_identity = true;
    }
  made.identity = made.key.empty() ? made.payload_identity : key_identity(made.stream, made.key);
  return made;
}

draft make_checkpoint(state_attachment taken, wall_time now) {
  auto broken = check_state(taken);
  auto made = own(record_kind::checkpoint, "$checkpoint", "checkpoint", describe(taken), now);
  made.with = std::move(taken);
  return broken.empty() ? made : refused(std::move(made), std::move(broken));
}

draft make_cursor(cursor_attachment moved, wall_time now) {
  auto broken = check_name("consumer", moved.consumer, name_bytes_max);
  object body{{"consumer", moved.consumer}, {"position", moved.position.value}};
  if (moved.reset) {
    if (broken.empty())
      broken = moved.reason.empty() ? "reason: is missing or empty"
                                    : check_text("reason", moved.reason, 1000);
    body.emplace("reset", true);
    body.emplace("reason", moved.reason);
  }
  if (moved.state) {
    if (broken.empty())
      broken = check_state(*moved.state);
    body.emplace("state", describe(*moved.state));
  }
  auto made = own(record_kind::cursor, "$cursor", "cursor", body, now);
  made.with = std::move(moved);
  return broken.empty() ? made : refused(std::move(made), std::move(broken));
}

draft make_control(control_attachment set, durability level, wall_time now) {
  auto broken = check_name("name", set.name, name_bytes_max);
  if (broken.empty() && set.value.size() > control_bytes_max)
    broken = "value: has " + std::to_string(set.value.size()) + " bytes, at most "
             + std::to_string(control_bytes_max) + " are taken";
  const auto held = broken.empty() ? decode_canonical(set.value) : result<value>{value{}};
  if (!held)
    broken = "value: " + held.error().what;
  auto made = own(record_kind::control, "$control", "control",
                  object{{"name", set.name}, {"value", held ? *held : value{}}}, now);
  made.level = level;
  made.with = std::move(set);
  return broken.empty() ? made : refused(std::move(made), std::move(broken));
}

draft make_audit(std::string type, const value& body, wall_time now) {
  return own(record_kind::audit, "$audit", std::move(type), body, now);
}

draft make_anchor(const value& body, wall_time now) {
  return own(record_kind::anchor, "$anchor", "anchor", body, now);
}

draft make_supervision(std::string type, const value& body, wall_time when) {
  return own(record_kind::supervision, supervision_stream, std::move(type), body, when);
}

draft make_gap(sequence from, sequence to, const std::string& reason, wall_time now) {
  return own(record_kind::gap, "$gap", "gap",
             object{{"from", from.value}, {"reason", reason}, {"to", to.value}}, now);
}

} // namespace holdfast::persistence
