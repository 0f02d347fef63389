// SPDX-License-Identifier: Apache-2.0
// Numbers as a person reads them.
#include "tools/progress.hpp"

#include <boost/test/unit_test.hpp>

using namespace holdfast::tools;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(progress_reports)

BOOST_AUTO_TEST_CASE(show_share_rate_and_time_left) {
  BOOST_TEST(progress_line({500, 1000, 4s, 200'000}, "events", 79)
             == "[############............]  50 %  200,000 events  50,000/s  4.0 s left");
  BOOST_TEST(progress_line({0, 0, 3s, 1500}, "events", 79) == "1,500 events  500/s  3.0 s");
  BOOST_TEST(progress_line({2000, 1000, 0s, 1}, "events", 79).substr(0, 32)
             == "[########################] 100 %");
  BOOST_TEST(progress_line({500, 1000, 4s, 200'000}, "events", 10).size() == 10U);
}

BOOST_AUTO_TEST_CASE(speak_of_numbers_times_and_sizes) {
  BOOST_TEST(grouped(0) == "0");
  BOOST_TEST(grouped(999) == "999");
  BOOST_TEST(grouped(1000) == "1,000");
  BOOST_TEST(grouped(18446744073709551615U) == "18,446,744,073,709,551,615");
  BOOST_TEST(spoken(850ms) == "850 ms");
  BOOST_TEST(spoken(12300ms) == "12.3 s");
  BOOST_TEST(spoken(245s) == "4 min 05 s");
  BOOST_TEST(spoken(130min) == "2 h 10 min");
  BOOST_TEST(spoken_bytes(999) == "999 B");
  BOOST_TEST(spoken_bytes(1'234'000) == "1.2 MB");
}

BOOST_AUTO_TEST_SUITE_END()
