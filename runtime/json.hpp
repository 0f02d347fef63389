// SPDX-License-Identifier: Apache-2.0
// JSON text to values and back, and the JSON of Holdfast's own messages.
#pragma once

#include "messages/checkpoint.hpp"
#include "messages/event.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::json {

/// What a text may be. Beyond a limit the answer is `invalid` and names it.
struct limits {
  std::size_t bytes_max = 64U << 20U;
  std::size_t depth_max = 64;        ///< Nesting of arrays and objects.
  std::size_t values_max = SIZE_MAX; ///< A value of two bytes takes fifty in memory.
};

/// Reads one JSON text. Integers are exact: one that fits neither 64-bit signed nor unsigned is
/// `invalid`, as are a number too large for a double, a name given twice in one object, invalid
/// UTF-8, a zero byte and anything after the text. The fault says what and at which byte (from 0)
/// it stands.
/// `{"$bytes": "<base64>"}` becomes bytes.
result<value> parse(std::string_view text, const limits& allowed = {});

/// Writes a value on one line. A double always shows that it is one (`1.0`); bytes are written as
/// `{"$bytes": "<base64>"}`; a number that is not finite as null. Never fails: text that is not
/// UTF-8 is written with U+FFFD in its place.
std::string print(const value& given);
void print(const value& given, std::string& out);

/// The same on several lines, two spaces a level.
std::string print_pretty(const value& given);

/// Text as a quoted JSON string.
void print_text(std::string_view text, std::string& out);

/// How many bytes from the beginning are valid UTF-8.
std::size_t utf8_prefix(std::string_view text);

/// `2026-08-01T12:34:56.123456Z`.
std::string print_time(wall_time when);

/// Reads that form, and the same with another offset, with fewer digits, or with only a date.
result<wall_time> parse_time(std::string_view text);

/// The values that stand for messages outside: members as `docs` and `--json` name them.
value to_value(const recorded_event& record);
value to_value(const checkpoint_info& taken);
value to_value(const consumer_info& place);
value to_value(const fault& problem); ///< {"error":{"code","what","help"}}

/// One answer as an object: `{"durability":…,"error":…,"first_seen":…,"line":…,"outcome":…,
/// "sequence":…}`, each member only where there is something to say; `line` where it is not 0.
/// Printed at once, as a request may have thousands of them.
void print_answer(const append_answer& answer, std::uint64_t line, std::string& out);

/// One record as one line without its line feed, members in the order of a reader's interest:
/// `{"sequence":1,"stream":…,"type":…,"schema":1,"key":…,"time":…,"recorded":…,"durability":…,
/// "causation":…,"trace":…,"body":…}`; `key`, `causation` and `trace` only where there are any,
/// `kind` only for Holdfast's own records. Given back to an `ingest` it is the same event again.
void print_line(const recorded_event& record, std::string& out);

/// The messages back from their values; `invalid` names the member that does not fit.
result<recorded_event> record_from(const value& given);
result<append_answer> answer_from(const value& given);
result<checkpoint_info> checkpoint_from(const value& given);
result<consumer_info> consumer_from(const value& given);
fault fault_from(const value& given, fault_code otherwise);

/// Bytes from hexadecimal digits, in capitals or not.
result<std::string> from_hex(std::string_view text);

std::string to_base64(std::string_view raw);
result<std::string> from_base64(std::string_view text);

} // namespace holdfast::json
