// SPDX-License-Identifier: Apache-2.0
// The conversation about events: what a producer submits, what the journal answers and keeps.
#pragma once

#include "messages/fault.hpp"
#include "messages/fields.hpp"
#include "messages/ids.hpp"
#include "messages/value.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace holdfast {

/// What an acknowledgement survives. On disk: never renumber.
enum class durability : std::uint8_t {
  none = 0,    ///< Nothing: answered before it is written.
  process = 1, ///< `kill -9` of this process.
  power = 2    ///< Power loss, and one damaged region of the log.
};

constexpr std::string_view to_string(durability level) {
  switch (level) {
  case durability::none:
    return "none";
  case durability::process:
    return "process";
  case durability::power:
    return "power";
  }
  return "unknown";
}

/// What a record states. On disk: never renumber.
enum class record_kind : std::uint8_t {
  event = 1,      ///< A producer's event.
  checkpoint = 2, ///< State of an owner at a sequence; the bytes stand beside the journal.
  cursor = 3,     ///< A consumer's position, and its state if it gave one.
  control = 4,    ///< A whole control value (breaker, budget, restart window ...) under a name.
  anchor = 5,     ///< Everything up to here is in verified table files.
  audit = 6,      ///< An operator's decision, a repair, a raised retention floor.
  gap = 7,        ///< Records an operator gave up: `from` and `to` in the body.
  supervision = 8 ///< What became of an actor: a line of a supervisor's history.
};

/// What a producer submits.
///
/// Two events are the same event when stream, type, schema version and body (volatile fields left
/// out) are equal, or, where `key` is given, when stream and key are. `time`, `causation` and
/// `trace` are no part of it.
struct event {
  std::string stream;         ///< 1 to 200 bytes, no control characters, not beginning with `$`.
  std::string type = "event"; ///< Names the schema of the body; 1 to 100 bytes.
  std::uint16_t schema = 1;   ///< Version of that schema.
  std::string key;            ///< The producer's idempotency key, at most 200 bytes; empty: none.
  wall_time time;             ///< When it happened by the producer's clock; 0: when it is stored.
  sequence causation;         ///< The record that caused this one; 0: none known.
  value body;
  std::string trace; ///< What request caused it: `TRACE-SPAN`, 32 and 16 digits; empty: unknown.

  static constexpr auto name = "event";
  static constexpr auto fields =
      std::make_tuple(&event::stream, &event::type, &event::schema, &event::key, &event::time,
                      &event::causation, &event::body, &event::trace);
};

/// A record as it is kept. `body` has passed every upcaster of its type.
struct recorded_event {
  sequence at;
  record_kind kind = record_kind::event;
  durability level = durability::power;
  std::string stream;
  std::string type;
  std::uint16_t schema = 1;
  std::string key;
  wall_time time;     ///< The producer's time.
  wall_time recorded; ///< The store's time.
  sequence causation;
  digest content{};     ///< SHA-256 of the record's names and canonical body.
  chain_digest chain{}; ///< The chain up to and including this record.
  value body;
  std::string trace; ///< As the producer gave it, or its `traceparent`; empty: none.

  static constexpr auto name = "recorded_event";
  static constexpr auto fields = std::make_tuple(
      &recorded_event::at, &recorded_event::kind, &recorded_event::level, &recorded_event::stream,
      &recorded_event::type, &recorded_event::schema, &recorded_event::key, &recorded_event::time,
      &recorded_event::recorded, &recorded_event::causation, &recorded_event::content,
      &recorded_event::chain, &recorded_event::body, &recorded_event::trace);
};

/// What became of one submitted event.
enum class outcome : std::uint8_t {
  stored = 1,    ///< It is in the journal at `at`, at the level the answer names.
  duplicate = 2, ///< It was there already, at `at`, first seen at `first_seen`.
  conflict = 3,  ///< Its key was used for other content, at `at`.
  rejected = 4,  ///< It breaks a rule (`error`); the others in the request are not affected.
  unknown = 5    ///< Nobody can say whether it is stored. Sending it again is always safe.
};

constexpr std::string_view to_string(outcome what) {
  switch (what) {
  case outcome::stored:
    return "stored";
  case outcome::duplicate:
    return "duplicate";
  case outcome::conflict:
    return "conflict";
  case outcome::rejected:
    return "rejected";
  case outcome::unknown:
    return "unknown";
  }
  return "unknown";
}

/// The answer for one event of a request.
struct append_answer {
  outcome what = outcome::unknown;
  sequence at;
  wall_time first_seen;
  durability level = durability::none; ///< What the acknowledgement survives.
  std::string error;                   ///< Field and rule; empty unless rejected or unknown.

  static constexpr auto name = "append_answer";
  static constexpr auto fields =
      std::make_tuple(&append_answer::what, &append_answer::at, &append_answer::first_seen,
                      &append_answer::level, &append_answer::error);
};

/// The journal is at a limit. Nothing of the request was taken.
struct append_refused {
  fault reason;                             ///< `busy`, `no_space` or `failed`.
  std::chrono::milliseconds retry_after{0}; ///< A hint, not a promise.
};

/// The whole answer to one append: an answer for each event in order, or a refusal of them all.
struct append_result {
  std::vector<append_answer> answers;
  std::optional<append_refused> refused; ///< If set, nothing was taken and `answers` is empty.
};

/// Chooses records. Every given condition must hold.
struct event_query {
  sequence from{1};                ///< First sequence looked at.
  std::optional<sequence> to;      ///< Last sequence looked at.
  std::string stream;              ///< Exact, or a prefix when it ends in `*`; empty: all.
  std::string type;                ///< Exact; empty: all.
  std::optional<wall_time> since;  ///< Recorded at or after.
  std::optional<wall_time> until;  ///< Recorded before.
  bool internal = false;           ///< Also Holdfast's own records.
  std::size_t limit = 100;         ///< Records in one page, 1 to 10,000.
  std::size_t scan_limit = 100000; ///< Records looked at for one page.
  std::function<bool(const recorded_event&)>
      where; ///< Holds for every record of the page; empty: all.
};

/// One page of records. Go on from `next` while it is not beyond `head`.
struct event_page {
  std::vector<recorded_event> events;
  sequence next; ///< The first sequence not looked at.
  sequence head; ///< The last record known when the page was read.
};

} // namespace holdfast
