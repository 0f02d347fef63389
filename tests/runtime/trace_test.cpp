// SPDX-License-Identifier: Apache-2.0
// What of a `traceparent` header is believed.
#include "runtime/http/trace.hpp"

#include <boost/test/unit_test.hpp>

using namespace holdfast::http;

BOOST_AUTO_TEST_SUITE(trace)

BOOST_AUTO_TEST_CASE(reads_what_the_specification_allows_and_nothing_else) {
  const std::string ids = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";
  struct row {
    std::string header, read;
  };
  for (const auto& [header, read] : {
           row{"00-" + ids + "-01", ids},
           row{"00-" + ids + "-00", ids},
           row{"cc-" + ids + "-01-what-the-future-will-be-like", ids},
           row{"cc-" + ids + "-01", ids},
           row{"", ""},
           row{"00-" + ids, ""},
           row{"00-" + ids + "-01-more", ""},
           row{"cc-" + ids + "-01.more", ""},
           row{"ff-" + ids + "-01", ""},
           row{"0x-" + ids + "-01", ""},
           row{"00-" + ids + "-0g", ""},
           row{"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", ""},
           row{"00-" + std::string(32, '0') + "-00f067aa0ba902b7-01", ""},
           row{"00-4bf92f3577b34da6a3ce929d0e0e4736-" + std::string(16, '0') + "-01", ""},
           row{std::string(55, '-'), ""},
       })
    BOOST_TEST_CONTEXT(header)
  BOOST_TEST(parse_traceparent(header).print() == read);
}

BOOST_AUTO_TEST_SUITE_END()
