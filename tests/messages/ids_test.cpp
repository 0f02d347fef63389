// SPDX-License-Identifier: Apache-2.0
// Positions, digests and times.
#include "messages/ids.hpp"

#include <boost/test/unit_test.hpp>

#include <unordered_set>

using namespace holdfast;

BOOST_AUTO_TEST_SUITE(the_small_values)

BOOST_AUTO_TEST_CASE(sequences_are_ordered_and_counted_from_before_the_first) {
  sequence next;
  BOOST_TEST(next == sequence{0});
  BOOST_TEST(++next == sequence{1});
  BOOST_TEST(next + 4 == sequence{5});
  BOOST_TEST((sequence{5} - next) == 4U);
  BOOST_TEST((sequence{9} < sequence{10}));
  const std::unordered_set<sequence> seen{sequence{1}, sequence{1}, sequence{2}};
  BOOST_TEST(seen.size() == 2U);
}

BOOST_AUTO_TEST_CASE(digests_are_shown_in_lower_case_hexadecimal) {
  BOOST_TEST(to_hex(std::array<std::uint8_t, 4>{0x00, 0x0f, 0xa0, 0xff}) == "000fa0ff");
}

BOOST_AUTO_TEST_SUITE_END()
