// SPDX-License-Identifier: Apache-2.0
// Filters on the fields of a body.
#include "runtime/http/field_filter.hpp"

#include <boost/test/unit_test.hpp>

using namespace holdfast;
using namespace holdfast::http;

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
      const auto parsed = field_filter::parse(text);
      BOOST_TEST_REQUIRE(static_cast<bool>(parsed));
      BOOST_TEST(parsed->holds(body) == expected);
    }
}

BOOST_AUTO_TEST_CASE(that_cannot_be_read_says_why) {
  for (const auto* text : {"model", "=x", "", "a..b=1", "a!b", "error~(", ".a=1"})
    BOOST_TEST_CONTEXT(text) {
      const auto parsed = field_filter::parse(text);
      BOOST_TEST_REQUIRE(!parsed);
      BOOST_TEST((parsed.error().code == fault_code::invalid));
      BOOST_TEST(!parsed.error().help.empty());
    }
}

BOOST_AUTO_TEST_CASE(takes_a_long_text_without_recursion) {
  const value body{object{{"text", std::string(1'000'000, 'a')}}};
  BOOST_TEST(field_filter::parse("text~(a|b)*b")->holds(body) == false);
}

BOOST_AUTO_TEST_CASE(of_a_query_is_the_same_condition) {
  const value body{object{{"n", 5}, {"gt", 7}, {"usage", object{{"lt", 3}}}, {"model", "m"}}};
  struct row {
    const char* name;
    const char* text;
    bool expected;
    const char* again;
  };
  for (const auto& [name, text, expected, again] : {
           row{"n", "5", true, "field.n.eq"},
           row{"n", "5.0", true, "field.n.eq"},
           row{"n.eq", "6", false, "field.n.eq"},
           row{"n.ne", "6", true, "field.n.ne"},
           row{"n.gt", "5", false, "field.n.gt"},
           row{"n.gte", "5", true, "field.n.gte"},
           row{"n.lt", "6", true, "field.n.lt"},
           row{"n.lte", "4", false, "field.n.lte"},
           row{"gt", "7", true, "field.gt.eq"}, // a field of that name, no operation
           row{"gt.gt", "6", true, "field.gt.gt"},
           row{"usage.lt", "3", false, "field.usage.lt"}, // the operation
           row{"usage.lt.eq", "3", true, "field.usage.lt.eq"},
           row{"model", "m", true, "field.model.eq"},
           row{"absent", "", false, "field.absent.eq"},
       })
    BOOST_TEST_CONTEXT(name << "=" << text) {
      const auto read = field_filter::of_query(name, text);
      BOOST_TEST_REQUIRE(static_cast<bool>(read));
      BOOST_TEST(read->holds(body) == expected);
      const auto query = read->as_query();
      BOOST_TEST_REQUIRE(query.has_value());
      BOOST_TEST(query->first == again);
      BOOST_TEST(query->second == text);
    }
  for (const auto* name : {"", ".", "a..b", ".gt", "a."})
    BOOST_TEST(!field_filter::of_query(name, "1"), name);
  BOOST_TEST(!field_filter::parse("error~x")->as_query().has_value());
  BOOST_TEST(field_filter::parse("a.b>=1")->as_query()->first == "field.a.b.gte");
}

BOOST_AUTO_TEST_SUITE_END()
