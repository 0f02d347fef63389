// SPDX-License-Identifier: Apache-2.0
// Five lines, the most important reason first.
#include "tools/status_lines.hpp"

#include "runtime/json.hpp"

#include <boost/test/unit_test.hpp>

using namespace holdfast;
using namespace holdfast::tools;

BOOST_AUTO_TEST_SUITE(the_status)

BOOST_AUTO_TEST_CASE(gives_the_most_important_reason_and_a_next_command) {
  struct row {
    const char* told;
    const char* verdict;
    const char* next;
  };
  for (const auto& [told, verdict, next] : {
           row{R"({"ready":true,"store":{"standing":"serving","events":0}})", "READY  ",
               "holdfast ingest FILE"},
           row{R"({"ready":true,"store":{"standing":"serving","events":7}})", "READY  ",
               "holdfast events tail -f"},
           row{R"({"ready":false,"data":"/d","store":{"standing":"no_space"}})", "NOT WRITABLE",
               "df -h /d"},
           row{R"({"ready":false,"store":{"standing":"gave_up"}})", "FAILED",
               "store verify --deep"},
           row{R"({"ready":false,"store":{"standing":"reopening"}})",
               "NOT READY: the store is reopening", "holdfast"},
           row{R"({"ready":true,"supervisors":[{"children":[{"id":"a","state":"running"},
                   {"id":"b","state":"waiting","last_cause":"disk"}]}]})",
               "DEGRADED: b waiting (disk)", "holdfast events tail"},
           row{R"({"ready":true,"pressure":{"paused":true,"cause":"bytes"}})",
               "PAUSED: consumers are behind (bytes)", "holdfast store stats"},
           row{R"({"ready":true,"start":{"records_repaired":3}})", "READY, repaired",
               "store verify --deep"},
           row{R"({})", "NOT READY", "holdfast"},
       }) {
    const auto parsed = json::parse(told);
    BOOST_TEST_REQUIRE(static_cast<bool>(parsed));
    const auto lines = status_lines(*parsed);
    BOOST_TEST_CONTEXT(told) {
      BOOST_TEST_REQUIRE(lines.size() == 5U);
      BOOST_TEST(lines[0].text.starts_with(verdict), lines[0].text);
      BOOST_TEST(lines[4].text.find(next) != std::string::npos, lines[4].text);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
