// SPDX-License-Identifier: Apache-2.0
// Bytes from outside to events: JSON, NDJSON and CSV, one bad item never costing the others.
#pragma once

#include "messages/event.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::intake {

enum class format : std::uint8_t {
  json,   ///< One object, or an array of them.
  ndjson, ///< One object on each line; empty lines are passed over.
  csv     ///< RFC 4180 with a header line.
};

/// `json`, `jsonl`, `ndjson`, `csv`, with or without a dot; by a file's name or a person's word.
std::optional<format> format_named(std::string_view name);

/// What an item says nothing about.
struct defaults {
  std::string stream;
  std::string type = "event";
};

struct limits {
  std::size_t line_bytes_max = 1U << 20U;      ///< A longer line (CSV: record) is skipped alone.
  std::size_t document_bytes_max = 64U << 20U; ///< A longer JSON document is refused as a whole.
  std::size_t depth_max = 64;
};

/// One item: an event, or why it is none. The fault names the line or the place in the array.
struct item {
  std::uint64_t line = 0; ///< From 1: the line it began on; in a JSON array, which item it is.
  result<event> made;
  std::optional<durability> level; ///< Where the item names one.
};

using taker = std::function<void(item)>;

/// Turns bytes into events as they come, holding no more than one line (JSON: one document).
///
/// An object is an *envelope* when it has an object member `body` and every other member is one of
/// `sequence kind stream type schema key time recorded durability causation trace`: these describe
/// the event. Else the whole object is the body. So what an export writes can be taken in again;
/// `sequence` and `recorded` are the old store's and are passed over.
///
/// CSV: the header names the members. An unquoted field that is a JSON number becomes a number
/// (an integer only where it fits 64 bits), an empty one is left out; anything else is text, as is
/// every quoted field. A line with a broken quotation is reported alone: reading goes on with the
/// line after it.
class reader {
public:
  reader(format form, defaults given, const limits& allowed);
  ~reader();

  /// Takes the next bytes and hands on each item they complete.
  void feed(std::string_view chunk, const taker& take);

  /// The bytes are over.
  void finish(const taker& take);

  struct parser; ///< One format's own part.

private:
  std::unique_ptr<parser> parser_;
};

/// One object as an event, by the rule above.
item to_item(value given, const defaults& otherwise, std::uint64_t line);

} // namespace holdfast::intake
