// SPDX-License-Identifier: Apache-2.0
// The generator: the same for the same seed, exactly as many duplicates as asked, real shapes.
#include "tools/usage_generator.hpp"

#include "runtime/json.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>

using namespace holdfast;
using namespace holdfast::tools;

namespace {

std::vector<std::string> lines_of(const usage_options& chosen) {
  std::vector<std::string> lines;
  generate_usage(chosen, [&](std::string_view line) {
    lines.emplace_back(line);
    return true;
  });
  return lines;
}

} // namespace

BOOST_AUTO_TEST_SUITE(the_generator)

BOOST_AUTO_TEST_CASE(gives_the_same_events_for_the_same_seed_in_any_order) {
  auto plain = lines_of({.count = 1000, .seed = 7});
  BOOST_TEST(plain == lines_of({.count = 1000, .seed = 7}), boost::test_tools::per_element());
  BOOST_TEST((plain != lines_of({.count = 1000, .seed = 8})));
  auto shuffled = lines_of({.count = 1000, .shuffle = true, .seed = 7});
  BOOST_TEST((plain != shuffled));
  BOOST_TEST(std::set<std::string>(plain.begin(), plain.end()).size() == 800U);
  BOOST_TEST(std::set<std::string>(shuffled.begin(), shuffled.end()).size() == 800U);
}

BOOST_AUTO_TEST_CASE(writes_events_as_ingest_takes_them) {
  double tokens = 0;
  const auto lines = lines_of({.count = 2000, .duplicates = 0});
  for (const auto& line : lines) {
    const auto parsed = json::parse(line);
    BOOST_TEST_REQUIRE(static_cast<bool>(parsed));
    BOOST_TEST(parsed->text_at("stream") == "llm.usage");
    const auto* body = parsed->find("body");
    BOOST_TEST_REQUIRE(body != nullptr);
    BOOST_TEST(body->text_at("request_id") == parsed->text_at("key"));
    BOOST_TEST(!body->text_at("model").empty());
    BOOST_TEST(body->number_at("latency_ms") > 0);
    tokens += body->number_at("input_tokens");
  }
  // The trace's mean is 2,048 context tokens.
  BOOST_TEST(tokens / 2000 > 1600);
  BOOST_TEST(tokens / 2000 < 2500);
}

BOOST_AUTO_TEST_CASE(uses_a_trace_as_it_is) {
  const auto trace = read_azure_trace("TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
                                      "2023-11-16 18:17:03.9799600,4808,10\r\n"
                                      "2023-11-16 18:17:04.0319600,3180,8\n");
  BOOST_TEST_REQUIRE(static_cast<bool>(trace));
  BOOST_TEST(trace->size() == 2U);
  BOOST_TEST(trace->at(1).after_us == 52000);
  const auto lines = lines_of({.count = 3, .duplicates = 0, .trace = *trace});
  BOOST_TEST(json::parse(lines[1])->find("body")->integer_at("input_tokens") == 3180);
  BOOST_TEST(json::parse(lines[1])->text_at("time") == "2023-11-16T18:17:04.031960Z");
  BOOST_TEST(json::parse(lines[2])->find("body")->integer_at("input_tokens") == 4808);
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_trace_and_names_the_line) {
  struct row {
    const char* text;
    const char* where;
  };
  for (const auto& [text, where] :
       {row{"a,b,c\n", "line 1 "},
        row{"TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.97,1\n", "line 2 "},
        row{"TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.97,1,2\nyesterday,1,2\n",
            "line 3 "},
        row{"TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.97,1,2x\n", "line 2 "},
        row{"TIMESTAMP,ContextTokens,GeneratedTokens\n", "empty"}}) {
    const auto trace = read_azure_trace(text);
    BOOST_TEST_REQUIRE(!trace);
    BOOST_TEST(trace.error().what.find(where) != std::string::npos, trace.error().what);
  }
}

BOOST_AUTO_TEST_SUITE_END()
