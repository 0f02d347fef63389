// SPDX-License-Identifier: Apache-2.0
// Filters on the fields of a body.
#include "tools/filter.hpp"

#include <boost/test/unit_test.hpp>

using namespace holdfast;
using namespace holdfast::tools;

BOOST_AUTO_TEST_SUITE(a_filter)

BOOST_AUTO_TEST_CASE(holds_or_not) {
  const value body{object{{"model", "gpt-4o"},
                          {"latency_ms", 1500},
                          {"share", 0.25},
                          {"ok", true},
                          {"none", nullptr},
                          {"text_number", "10"},
                          {"usage", object{{"input", 12}}},
                          {"error", "read timed out (ETIMEDOUT)"}}};
  struct row {
    const char* text;
    bool expected;
  };
  for (const auto& [text, expected] : {
           row{"model=gpt-4o", true},
           row{"model==gpt-4o", true},
           row{"model=gpt-4", false},
           row{"model!=gpt-4", true},
           row{"latency_ms>=1500", true},
           row{"latency_ms>1500", false},
           row{"latency_ms<1.5e3", false},
           row{"latency_ms<=1500.0", true},
           row{"latency_ms>abc", false},
           row{"share=0.25", true},
           row{"ok=true", true},
           row{"ok=1", false},
           row{"none=null", true},
           row{"text_number=10", true},
           row{"text_number>9", false}, // texts compare in byte order
           row{"usage.input=12", true},
           row{"usage.output=12", false},
           row{"usage.output!=12", true},
           row{"absent=", false},
           row{"error~[Tt]imed ?out", true},
           row{"error~^timed", false},
           row{"model~^gpt-[0-9]+o$", true},
           row{"error=read timed out (ETIMEDOUT)", true},
       })
    BOOST_TEST_CONTEXT(text) {
      const auto parsed = filter::parse(text);
      BOOST_TEST_REQUIRE(static_cast<bool>(parsed));
      BOOST_TEST(parsed->holds(body) == expected);
    }
}

BOOST_AUTO_TEST_CASE(that_cannot_be_read_says_why) {
  for (const auto* text : {"model", "=x", "", "a..b=1", "a!b", "error~(", ".a=1"})
    BOOST_TEST_CONTEXT(text) {
      const auto parsed = filter::parse(text);
      BOOST_TEST_REQUIRE(!parsed);
      BOOST_TEST((parsed.error().code == fault_code::invalid));
      BOOST_TEST(!parsed.error().help.empty());
    }
}

BOOST_AUTO_TEST_CASE(takes_a_long_text_without_recursion) {
  const value body{object{{"text", std::string(1'000'000, 'a')}}};
  BOOST_TEST(filter::parse("text~(a|b)*b")->holds(body) == false);
}

BOOST_AUTO_TEST_SUITE_END()
