// SPDX-License-Identifier: Apache-2.0
// Times as a person writes them: a table in UTC, a table around the changes of a zone, bad input.
#include "tools/time_expression.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace holdfast;
using namespace holdfast::tools;
using namespace std::chrono_literals;

namespace {

/// Central Europe in 2026: one hour ahead, two from 29 March to 25 October, 01:00 UTC each.
std::chrono::seconds berlin(std::int64_t utc) {
  return utc >= 1774746000 && utc < 1792890000 ? 2h : 1h;
}

/// Sunday, 22 November 2026, 15:30:45.5 UTC.
constexpr wall_time sunday{1795361445'500000};

struct row {
  std::string text;
  std::string expected;
};

void check(const std::vector<row>& rows, const time_context& context) {
  for (const auto& [text, expected] : rows)
    BOOST_TEST_CONTEXT(text) {
      const auto parsed = parse_time(text, context);
      BOOST_TEST_REQUIRE(static_cast<bool>(parsed));
      BOOST_TEST(format_iso(*parsed) == expected);
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(a_time_expression)

BOOST_AUTO_TEST_CASE(is_read_as_a_person_means_it) {
  check(
      {
          {"now", "2026-11-22T15:30:45.500000Z"},
          {"today", "2026-11-22T00:00:00.000000Z"},
          {"Yesterday", "2026-11-21T00:00:00.000000Z"},
          {"yesterday 14:30", "2026-11-21T14:30:00.000000Z"},
          {"yesterday at 9", "2026-11-21T09:00:00.000000Z"},
          {"tomorrow", "2026-11-23T00:00:00.000000Z"},
          {"noon", "2026-11-22T12:00:00.000000Z"},
          {"monday", "2026-11-16T00:00:00.000000Z"},
          {"last monday", "2026-11-16T00:00:00.000000Z"},
          {"last  Sunday", "2026-11-15T00:00:00.000000Z"},
          {"sat 23:59:59.25", "2026-11-21T23:59:59.250000Z"},
          {"last hour", "2026-11-22T14:00:00.000000Z"},
          {"last week", "2026-11-09T00:00:00.000000Z"},
          {"this week", "2026-11-16T00:00:00.000000Z"},
          {"last month", "2026-10-01T00:00:00.000000Z"},
          {"this year", "2026-01-01T00:00:00.000000Z"},
          {"3 hours ago", "2026-11-22T12:30:45.500000Z"},
          {"an hour ago", "2026-11-22T14:30:45.500000Z"},
          {"10m", "2026-11-22T15:20:45.500000Z"},
          {"1h30m", "2026-11-22T14:00:45.500000Z"},
          {"1.5h", "2026-11-22T14:00:45.500000Z"},
          {"2 weeks ago", "2026-11-08T15:30:45.500000Z"},
          {"9 months ago", "2026-02-22T15:30:45.500000Z"},
          {"2 years ago", "2024-11-22T15:30:45.500000Z"},
          {"2026-11-22", "2026-11-22T00:00:00.000000Z"},
          {"2026-11-22 10:00", "2026-11-22T10:00:00.000000Z"},
          {"2026-11-22T10:00:05.25Z", "2026-11-22T10:00:05.250000Z"},
          {"2026-11-22T10:00+02:00", "2026-11-22T08:00:00.000000Z"},
          {"2026-11-22T10:00:00-0530", "2026-11-22T15:30:00.000000Z"},
          {"10:30", "2026-11-22T10:30:00.000000Z"},
          {"@0", "1970-01-01T00:00:00.000000Z"},
          {"1700000000", "2023-11-14T22:13:20.000000Z"},
          {"@1700000000.5", "2023-11-14T22:13:20.500000Z"},
          {"1700000000123", "2023-11-14T22:13:20.123000Z"},
          {"1700000000123456", "2023-11-14T22:13:20.123456Z"},
      },
      {sunday, {}});
}

BOOST_AUTO_TEST_CASE(follows_the_clocks_of_its_zone) {
  check(
      {
          {"today", "2026-11-21T23:00:00.000000Z"},
          {"2026-07-01", "2026-06-30T22:00:00.000000Z"},
          {"2026-07-01 12:00", "2026-07-01T10:00:00.000000Z"},
          // 02:30 does not exist on 29 March: moved on to 03:30 summer time.
          {"2026-03-29 02:30", "2026-03-29T01:30:00.000000Z"},
          {"2026-03-29 01:59:59", "2026-03-29T00:59:59.000000Z"},
          {"2026-03-29 03:00", "2026-03-29T01:00:00.000000Z"},
          // 02:30 exists twice on 25 October: the first, in summer time.
          {"2026-10-25 02:30", "2026-10-25T00:30:00.000000Z"},
          {"2026-10-25 03:00", "2026-10-25T02:00:00.000000Z"},
          {"2026-10-25", "2026-10-24T22:00:00.000000Z"},
          {"2026-10-26", "2026-10-25T23:00:00.000000Z"},
          // Hours are lengths, months are calendar.
          {"720 hours ago", "2026-10-23T15:30:45.500000Z"},
          {"1 month ago", "2026-10-22T14:30:45.500000Z"},
      },
      {sunday, berlin});
  BOOST_TEST(format_time({1774746000'000000}, berlin) == "2026-03-29 03:00:00");
  BOOST_TEST(format_time({1774745999'250000}, berlin) == "2026-03-29 01:59:59.250");
}

BOOST_AUTO_TEST_CASE(gives_the_last_day_of_a_shorter_month) {
  const auto march_31 = parse_time("2026-03-31 12:00", {sunday, {}});
  check({{"1 month ago", "2026-02-28T12:00:00.000000Z"}}, {*march_31, {}});
}

BOOST_AUTO_TEST_CASE(that_makes_no_sense_is_refused_with_the_reason) {
  for (const auto& [text, why] : std::vector<row>{{"", "it is empty"},
                                                  {"   ", "it is empty"},
                                                  {"5", "a bare number needs a unit"},
                                                  {"2026-02-30", "the calendar has no such day"},
                                                  {"2026-13-01", "the calendar has no such day"},
                                                  {"2026-1x-01", "a date is YYYY-MM-DD"},
                                                  {"2026-11-22 25:00", "a time of day is"},
                                                  {"2026-11-22 10:0:", "a time of day is"},
                                                  {"2026-11-22x10:00", "stands a T or a space"},
                                                  {"yesterdya", "is no time"},
                                                  {"3 parsecs ago", "is no time"},
                                                  {"900000 years ago", "is no time"},
                                                  {"99999999999999999999", "is no time"},
                                                  {"-3h-", "is no time"},
                                                  {std::string(200, '1'), "longer than 100"}})
    BOOST_TEST_CONTEXT(text) {
      const auto parsed = parse_time(text, {sunday, {}});
      BOOST_TEST_REQUIRE(!parsed);
      BOOST_TEST((parsed.error().code == fault_code::invalid));
      BOOST_TEST(parsed.error().what.find(why) != std::string::npos, parsed.error().what);
      BOOST_TEST(parsed.error().help.find("yesterday") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(is_close_to_a_length_of_time) {
  BOOST_TEST((*parse_duration("10") == 10s));
  BOOST_TEST((*parse_duration("250ms") == 250ms));
  BOOST_TEST((*parse_duration("1h 30m") == 90min));
  BOOST_TEST((*parse_duration("2 hours") == 2h));
  for (const auto* text : {"", "x", "10 parsecs", "1 month", "-5s", "1e30s"})
    BOOST_TEST(!parse_duration(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
