// SPDX-License-Identifier: Apache-2.0
// JSON in and out: exact numbers, refusals that say where, and messages that come back the same.
#include "runtime/json.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace holdfast;

namespace {

/// What went wrong, or nothing.
template <class T>
std::string said(const result<T>& answer) {
  return answer ? "" : answer.error().what;
}

} // namespace

BOOST_AUTO_TEST_SUITE(json_text)

BOOST_AUTO_TEST_CASE(prints_what_it_read) {
  for (const std::string text :
       {R"(null)", R"([])", R"({})", R"([true,false,null])", R"({"a":1,"b":[{"c":"d"}]})",
        R"(-9223372036854775808)", R"(9223372036854775807)", R"(18446744073709551615)", R"(1.0)",
        R"(0.1)", R"(1e+300)", R"(-2.5e-07)", R"("\"\\\n\r\t\u0001\u007f")", "\"\u00e4\U0001F600\"",
        R"({"$bytes":"AP8="})", R"({"$bytes":"no base64"})"})
    BOOST_TEST_CONTEXT(text) {
      auto read = json::parse(text);
      BOOST_TEST_REQUIRE(said(read) == "");
      BOOST_TEST(json::print(*read) == text);
    }
}

BOOST_AUTO_TEST_CASE(tells_integers_from_doubles) {
  BOOST_TEST((json::parse("1")->as<std::int64_t>() != nullptr));
  BOOST_TEST((json::parse("1.0")->as<double>() != nullptr));
  BOOST_TEST((json::parse("9223372036854775808")->as<std::uint64_t>() != nullptr));
  BOOST_TEST(json::print(value{std::numeric_limits<double>::quiet_NaN()}) == "null");
}

BOOST_AUTO_TEST_CASE(refuses_and_says_what_and_where) {
  struct row {
    std::string text;
    std::string said;
  };
  const std::string deep(65, '[');
  for (const auto& [text, expected] :
       {row{"", "(byte 0)"}, row{"{\"a\":}", "(byte 5)"}, row{"[1,2", "unexpected end of input"},
        row{"[1] x", "(byte 4)"}, row{"18446744073709551616", "does not fit in 64 bits"},
        row{"-9223372036854775809", "does not fit in 64 bits"}, row{"1e999", "(byte "},
        row{R"({"a":1,"a":2})", "\"a\" stands twice in one object (byte 9)"},
        row{"\"ab\xFF\"", "(byte 3)"}, row{"\"\xED\xA0\x80\"", "(byte 2)"},
        row{"\"a\nb\"", "(byte 2)"}, row{deep, "nested deeper than 64 levels (byte 64)"},
        row{R"("\ud800")", "(byte "}, row{"NaN", "(byte 0)"}, row{"01", "(byte 1)"}})
    BOOST_TEST_CONTEXT(text) {
      auto read = json::parse(text);
      BOOST_TEST_REQUIRE(!read);
      BOOST_TEST((read.error().code == fault_code::invalid));
      BOOST_TEST(read.error().what.find(expected) != std::string::npos, read.error().what);
    }
  BOOST_TEST(bool(json::parse(std::string(64, '[') + std::string(64, ']'))));
  BOOST_TEST(!json::parse("[1,2,3]", {.bytes_max = 6}));
}

BOOST_AUTO_TEST_CASE(never_prints_what_is_not_utf8) {
  BOOST_TEST(json::print(value{"a\xFF\xC0z"}) == "\"a\uFFFD\uFFFDz\"");
}

BOOST_AUTO_TEST_CASE(base64_has_one_text_for_the_same_bytes) {
  for (const std::string raw : {"", "a", "ab", "abc", "abcd"})
    BOOST_TEST(*json::from_base64(json::to_base64(raw)) == raw);
  for (const auto* bad : {"A", "AB", "ABC", "AB=C", "AB==AAAA", "AR==", "A===", "A*=="})
    BOOST_TEST(!json::from_base64(bad), bad);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(json_times)

BOOST_AUTO_TEST_CASE(reads_the_forms_people_write) {
  struct row {
    std::string text;
    std::string same;
  };
  for (const auto& [text, same] :
       {row{"2026-08-01T12:34:56.123456Z", "2026-08-01T12:34:56.123456Z"},
        row{"2026-08-01T14:34:56+02:00", "2026-08-01T12:34:56.000000Z"},
        row{"2026-08-01 12:34", "2026-08-01T12:34:00.000000Z"},
        row{"2026-08-01", "2026-08-01T00:00:00.000000Z"},
        row{"1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500000Z"},
        row{"2024-02-29T00:00:00.1234567Z", "2024-02-29T00:00:00.123456Z"}})
    BOOST_TEST_CONTEXT(text) {
      auto read = json::parse_time(text);
      BOOST_TEST_REQUIRE(bool(read));
      BOOST_TEST(json::print_time(*read) == same);
    }
  for (const auto* bad : {"", "2026", "2026-02-30", "2026-08-01T", "2026-08-01T25:00", "2026-8-1",
                          "2026-08-01T12:34:56+15:00", "2026-08-01T12:34:56Zx", "yesterday"})
    BOOST_TEST(!json::parse_time(bad), bad);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(json_messages)

BOOST_AUTO_TEST_CASE(a_record_is_one_line_and_comes_back) {
  recorded_event record;
  record.at = sequence{7};
  record.level = durability::process;
  record.stream = "llm";
  record.type = "usage";
  record.schema = 2;
  record.key = "k";
  record.time = {1};
  record.recorded = {1'500'000};
  record.causation = sequence{3};
  record.trace = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";
  record.body = object{{"tokens", 1}};
  std::string line;
  json::print_line(record, line);
  BOOST_TEST(line
             == R"({"sequence":7,"stream":"llm","type":"usage","schema":2,"key":"k",)"
                R"("time":"1970-01-01T00:00:00.000001Z","recorded":"1970-01-01T00:00:01.500000Z",)"
                R"("durability":"process","causation":3,)"
                R"("trace":"4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",)"
                R"("body":{"tokens":1}})");
  auto back = json::record_from(*json::parse(line));
  BOOST_TEST_REQUIRE(said(back) == "");
  BOOST_TEST(*back == record);
  BOOST_TEST((*json::parse(line) == json::to_value(record)));
}

BOOST_AUTO_TEST_CASE(answers_and_places_come_back) {
  append_answer answer{outcome::duplicate, sequence{4}, {12}, durability::power, ""};
  std::string text;
  json::print_answer(answer, 3, text);
  BOOST_TEST(text
             == R"({"durability":"power","first_seen":"1970-01-01T00:00:00.000012Z","line":3,)"
                R"("outcome":"duplicate","sequence":4})");
  BOOST_TEST(*json::answer_from(*json::parse(text)) == answer);
  text = "[";
  json::print_answer({outcome::rejected, {}, {}, {}, "why"}, 0, text);
  BOOST_TEST(text == R"([{"error":"why","outcome":"rejected"})");
  checkpoint_info taken;
  taken.owner = "o";
  taken.covered = sequence{9};
  taken.chain[0] = 0xAB;
  taken.state_sha[31] = 1;
  taken.reason = "demand";
  BOOST_TEST(*json::checkpoint_from(json::to_value(taken)) == taken);
  consumer_info place{"c", sequence{5}, sequence{6}, {7}, true};
  BOOST_TEST(*json::consumer_from(json::to_value(place)) == place);
  const fault problem{fault_code::corrupt, "what", "help"};
  BOOST_TEST((json::fault_from(json::to_value(problem), fault_code::failed) == problem));
}

BOOST_AUTO_TEST_CASE(names_the_member_that_does_not_fit) {
  for (const auto* text : {R"({"outcome":"gone"})", R"({})"})
    BOOST_TEST(json::answer_from(*json::parse(text)).error().what.find("`outcome`") == 0U);
  auto record = json::record_from(*json::parse(R"({"sequence":-1,"body":1})"));
  BOOST_TEST(record.error().what.find("`sequence`") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
