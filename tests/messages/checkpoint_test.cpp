// SPDX-License-Identifier: Apache-2.0
// Which events a fold takes.
#include "messages/checkpoint.hpp"

#include <boost/test/unit_test.hpp>

using namespace holdfast;

BOOST_AUTO_TEST_SUITE(a_stream_pattern)

BOOST_AUTO_TEST_CASE(takes_an_exact_name_a_prefix_or_all_but_holdfasts_own) {
  struct row {
    std::string_view pattern, stream;
    bool taken;
  };
  for (const auto& [pattern, stream, taken] : {
           row{"", "llm", true},
           row{"", "$control", false},
           row{"llm", "llm", true},
           row{"llm", "llm.usage", false},
           row{"llm.usage", "llm", false},
           row{"llm*", "llm.usage", true},
           row{"llm*", "llm", true},
           row{"llm.*", "llm", false},
           row{"*", "llm", true},
           row{"*", "$control", false},
           row{"$*", "$control", true},
           row{"$control", "$control", true},
           row{"$*", "llm", false},
       })
    BOOST_TEST_CONTEXT("pattern '" << pattern << "', stream '" << stream << "'")
  BOOST_TEST(takes_stream(pattern, stream) == taken);
}

BOOST_AUTO_TEST_SUITE_END()
