// SPDX-License-Identifier: Apache-2.0
// Times as a person writes them: "yesterday", "last monday", "3 hours ago", "10m", ISO 8601.
#pragma once

#include "messages/fault.hpp"
#include "messages/ids.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace holdfast::tools {

/// How far a time zone is ahead of UTC at a moment, given in seconds since 1970 UTC. Pure.
using utc_offset = std::function<std::chrono::seconds(std::int64_t utc_seconds)>;

/// What relative expressions refer to.
struct time_context {
  wall_time now;
  utc_offset zone; ///< Empty: UTC.
};

/// The zone of this process (`TZ`, else the machine's).
utc_offset local_zone();

/// Reads a time. Taken are, without regard to case:
///
///   now  today  yesterday  tomorrow  noon  midnight      days begin at 00:00 in the zone
///   monday  last monday  yesterday 14:30  monday at 9:05 the most recent such day before today
///   last hour|day|week|month|year   this week|month|year the unit's beginning in the zone
///   10m  1h30m  3 hours ago  an hour ago  2 weeks ago    s m h d w, or words; months and years
///   2026-11-22  2026-11-22 10:00  2026-11-22T10:00:05.25Z  ...+02:00  10:30
///   @1700000000  1700000000  1700000000123               seconds, milliseconds or microseconds
///
/// A local time that the clocks skip is moved on by what they skip; one that they show twice is
/// the first. Answers `invalid`, with examples, for anything else.
result<wall_time> parse_time(std::string_view text, const time_context& context);

/// Reads a length of time: "10s", "1h30m", "250ms", "2 hours"; a bare number is seconds. At most
/// 100 years.
result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// `2026-11-22 10:00:05.250` in the zone; the fraction is left out when it is zero.
std::string format_time(wall_time when, const utc_offset& zone);

/// `2026-11-22T10:00:05.250000Z`.
std::string format_iso(wall_time when);

} // namespace holdfast::tools
