// SPDX-License-Identifier: Apache-2.0
// Does the window count what is recent, and keep no more than it may?
#include "actors/window.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

namespace holdfast::test {

BOOST_AUTO_TEST_SUITE(window_values)

BOOST_AUTO_TEST_CASE(counts_what_lies_within_the_period_both_ends_included) {
  const instant t0{1h};
  window restarts{5s, 10};
  BOOST_TEST(restarts.add(t0) == 1U);
  BOOST_TEST(restarts.add(t0 + 2s) == 2U);
  BOOST_TEST(restarts.count(t0 + 5s) == 2U);
  BOOST_TEST(restarts.count(t0 + 5001ms) == 1U);
  BOOST_TEST(restarts.add(t0 + 5s) == 3U);
  BOOST_TEST(restarts.add(t0 + 7001ms) == 2U);
  BOOST_TEST(restarts.count(t0 + 1h) == 0U);
}

BOOST_AUTO_TEST_CASE(keeps_only_the_newest_times) {
  const instant t0{1h};
  window restarts{1h, 3};
  for (int i = 0; i < 100; ++i)
    restarts.add(t0 + i * 1s);
  BOOST_TEST(restarts.times().size() == 3U);
  BOOST_TEST((restarts.times().front() == t0 + 97s));
}

BOOST_AUTO_TEST_CASE(a_time_that_goes_back_counts_as_the_newest) {
  const instant t0{1h};
  window restarts{5s, 10};
  restarts.add(t0);
  BOOST_TEST(restarts.add(t0 - 1s) == 2U);
  BOOST_TEST((restarts.times().back() == t0));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::test
