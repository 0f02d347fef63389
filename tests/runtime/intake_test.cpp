// SPDX-License-Identifier: Apache-2.0
// Bytes to events: what each format means, and that one bad item costs no other.
#include "runtime/intake.hpp"
#include "runtime/json.hpp"

#include <boost/test/unit_test.hpp>

using namespace holdfast;
using intake::format;

namespace {

/// Everything a text amounts to, one line each: `3 s/type {body}` or `3 refused: why`.
std::vector<std::string> taken(format form, const std::string& text, std::size_t chunk = 1 << 20,
                               const intake::limits& allowed = {}) {
  std::vector<std::string> all;
  const auto take = [&](intake::item one) {
    auto line = std::to_string(one.line) + " ";
    if (one.made)
      line += one.made->stream + "/" + one.made->type + " " + json::print(one.made->body);
    else
      line += "refused: " + one.made.error().what;
    all.push_back(line);
  };
  intake::reader reader{form, {.stream = "s"}, allowed};
  for (std::size_t at = 0; at < text.size(); at += chunk)
    reader.feed(std::string_view{text}.substr(at, chunk), take);
  reader.finish(take);
  return all;
}

using lines = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_SUITE(intakes)

BOOST_AUTO_TEST_CASE(takes_an_object_or_an_array_of_them) {
  BOOST_TEST(taken(format::json, R"({"a":1})") == (lines{R"(1 s/event {"a":1})"}),
             boost::test_tools::per_element());
  BOOST_TEST(taken(format::json, R"([{"a":1},2,{"b":2}])")
                 == (lines{R"(1 s/event {"a":1})", "2 refused: an event is a JSON object",
                           R"(3 s/event {"b":2})"}),
             boost::test_tools::per_element());
  BOOST_TEST(taken(format::json, "[]").empty());
  BOOST_TEST(taken(format::json, "").size() == 1U);
}

BOOST_AUTO_TEST_CASE(tells_an_envelope_from_a_body) {
  struct row {
    std::string text;
    std::string expected;
  };
  for (const auto& [text, expected] :
       {row{R"({"stream":"x","body":{"a":1}})", R"(1 x/event {"a":1})"},
        row{R"({"body":{"a":1}})", R"(1 s/event {"a":1})"},
        row{R"({"type":"t","schema":2,"body":{}})", "1 s/t {}"},
        row{R"({"stream":"x","body":1})", R"(1 s/event {"body":1,"stream":"x"})"},
        row{R"({"stream":"x","extra":1,"body":{}})",
            R"(1 s/event {"body":{},"extra":1,"stream":"x"})"},
        row{R"({"stream":1,"body":{}})", "1 refused: `stream` must be text"},
        row{R"({"time":"soon","body":{}})",
            "1 refused: `time` must be a time such as 2026-08-01T12:34:56Z"},
        row{R"({"durability":"forever","body":{}})",
            "1 refused: `durability` must be none, process or power"}})
    BOOST_TEST_CONTEXT(text)
  BOOST_TEST(taken(format::json, text) == (lines{expected}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(takes_in_again_what_an_export_wrote) {
  recorded_event record;
  record.at = sequence{7};
  record.level = durability::process;
  record.stream = "llm";
  record.type = "usage";
  record.schema = 3;
  record.key = "k";
  record.time = {123456};
  record.causation = sequence{2};
  record.trace = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";
  record.body = object{{"tokens", 1}};
  std::string line;
  json::print_line(record, line);
  std::vector<intake::item> items;
  intake::reader reader{format::ndjson, {}, {}};
  reader.feed(line, [&](intake::item one) { items.push_back(std::move(one)); });
  reader.finish([&](intake::item one) { items.push_back(std::move(one)); });
  BOOST_TEST_REQUIRE(items.size() == 1U);
  BOOST_TEST_REQUIRE(bool(items[0].made));
  const event expected{"llm",       "usage", 3, "k", {123456}, sequence{2}, object{{"tokens", 1}},
                       record.trace};
  BOOST_TEST(*items[0].made == expected);
  BOOST_TEST((items[0].level == durability::process));
}

BOOST_AUTO_TEST_CASE(a_bad_line_costs_only_itself_however_the_bytes_arrive) {
  const std::string text = "\xEF\xBB\xBF{\"a\":1}\r\n\n  \n{\"a\":\n\"\xFF\"\n[1]\n{\"b\":2}\n"
                           + std::string(3000, 'x') + "\n{\"c\":3}";
  for (const std::size_t chunk : {1U, 2U, 7U, 100000U}) {
    const auto all = taken(format::ndjson, text, chunk, {.line_bytes_max = 1000});
    BOOST_TEST_REQUIRE(all.size() == 7U);
    BOOST_TEST(all[0] == R"(1 s/event {"a":1})");
    BOOST_TEST(all[1].starts_with("4 refused: not JSON"));
    BOOST_TEST(all[2].starts_with("5 refused: not JSON"));
    BOOST_TEST(all[3] == "6 refused: an event is a JSON object");
    BOOST_TEST(all[4] == R"(7 s/event {"b":2})");
    BOOST_TEST(all[5] == "8 refused: the line has 3000 bytes, more than 1000");
    BOOST_TEST(all[6] == R"(9 s/event {"c":3})");
  }
}

BOOST_AUTO_TEST_CASE(a_line_of_100_megabytes_is_never_held) {
  std::vector<std::string> all;
  const auto take = [&](intake::item one) {
    all.push_back(std::to_string(one.line) + (one.made ? " event" : " " + one.made.error().what));
  };
  intake::reader reader{format::ndjson, {.stream = "s"}, {}};
  const std::string chunk(1 << 20, 'x');
  reader.feed("{}\n", take);
  for (int i = 0; i < 100; ++i)
    reader.feed(chunk, take);
  reader.feed("\n{}\n", take);
  reader.finish(take);
  BOOST_TEST(
      all == (lines{"1 event", "2 the line has 104857600 bytes, more than 1048576", "3 event"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(reads_csv_with_strict_numbers) {
  const std::string text = "name,n,\"a \"\"b\"\"\"\r\n"
                           "x,1,2.5\r\n"
                           "\"y,z\",007,-1e3\n"
                           "\"1\",18446744073709551615,99999999999999999999\n"
                           ",\"\",+1\n"
                           "\"two\nlines\",.5,1.\n";
  for (const std::size_t chunk : {1U, 5U, 100000U})
    BOOST_TEST(
        taken(format::csv, text, chunk)
            == (lines{R"(2 s/event {"a \"b\"":2.5,"n":1,"name":"x"})",
                      R"(3 s/event {"a \"b\"":-1000.0,"n":"007","name":"y,z"})",
                      R"(4 s/event {"a \"b\"":"99999999999999999999","n":18446744073709551615,)"
                      R"("name":"1"})",
                      R"(5 s/event {"a \"b\"":"+1","n":""})",
                      R"(6 s/event {"a \"b\"":"1.","n":".5","name":"two\nlines"})"}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_broken_quotation_costs_only_its_line) {
  const auto all =
      taken(format::csv, "a,b\n1,2\n3,\"open\n4,5\n6\"x,7\n8,9\n\"q\"z,1\n10,11\n\"end,1\n12,13");
  BOOST_TEST(
      all
          == (lines{R"(2 s/event {"a":1,"b":2})",
                    "3 refused: text stands after a closing quote in column 2",
                    R"(4 s/event {"a":4,"b":5})",
                    "5 refused: a quote stands inside an unquoted field in column 1",
                    R"(6 s/event {"a":8,"b":9})",
                    "7 refused: text stands after a closing quote in column 1",
                    R"(8 s/event {"a":10,"b":11})", "9 refused: a quoted field is never closed",
                    R"(10 s/event {"a":12,"b":13})"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(csv_that_is_not_utf8_costs_only_its_line) {
  BOOST_TEST(
      taken(format::csv, "a,b\n1,\xFF\n\"x\n\xC0,2\n3,4\n")
          == (lines{"2 refused: invalid UTF-8 (byte 2 of the line)",
                    "3 refused: a quoted field is not closed before line 4, which is not "
                    "UTF-8",
                    "4 refused: invalid UTF-8 (byte 0 of the line)", R"(5 s/event {"a":3,"b":4})"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(refuses_rows_and_headers_that_do_not_fit) {
  BOOST_TEST(
      taken(format::csv, "a,b\n1\n1,2,3\n4,5\n")
          == (lines{"2 refused: 1 fields where the header has 2",
                    "3 refused: 3 fields where the header has 2", R"(4 s/event {"a":4,"b":5})"}),
      boost::test_tools::per_element());
  for (const auto* header : {"a,a\n1,2\n", "a,\n1,2\n", "\"a\n1,2\n", ""})
    BOOST_TEST_CONTEXT(header) {
      const auto all = taken(format::csv, header);
      BOOST_TEST_REQUIRE(all.size() == 1U);
      BOOST_TEST(all[0].starts_with("1 refused: "));
    }
}

BOOST_AUTO_TEST_SUITE_END()
