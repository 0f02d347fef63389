// SPDX-License-Identifier: Apache-2.0
// A value means the same whichever C++ type it was made from.
#include "messages/value.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <limits>

using namespace holdfast;

BOOST_AUTO_TEST_SUITE(a_value)

BOOST_AUTO_TEST_CASE(of_equal_integers_is_equal_whatever_their_type) {
  BOOST_TEST((value{7} == value{std::uint64_t{7}}));
  BOOST_TEST((value{7} == value{std::int8_t{7}}));
  BOOST_TEST(!(value{7} == value{7.0}));
  BOOST_TEST(!(value{1} == value{true}));
  const auto greatest = std::numeric_limits<std::uint64_t>::max();
  BOOST_TEST(*value{greatest}.as<std::uint64_t>() == greatest);
  const auto limit = std::numeric_limits<std::int64_t>::max();
  BOOST_TEST(*value{static_cast<std::uint64_t>(limit)}.as<std::int64_t>() == limit);
}

BOOST_AUTO_TEST_CASE(keeps_raw_bytes_apart_from_text) {
  BOOST_TEST(!(value{bytes{"a"}} == value{"a"}));
  BOOST_TEST(value{"a"}.as<bytes>() == nullptr);
}

BOOST_AUTO_TEST_CASE(finds_a_member_of_an_object_and_nothing_elsewhere) {
  const value usage = object{{"model", "m"}, {"tokens", 7}};
  BOOST_REQUIRE(usage.find("tokens") != nullptr);
  BOOST_TEST((*usage.find("tokens") == value{7}));
  BOOST_TEST(usage.find("latency") == nullptr);
  BOOST_TEST(value{7}.find("tokens") == nullptr);
}

BOOST_AUTO_TEST_CASE(answers_with_the_default_where_the_member_has_another_type) {
  const value usage = object{{"model", "m"},
                             {"tokens", 7},
                             {"share", 0.5},
                             {"large", std::numeric_limits<std::uint64_t>::max()}};
  BOOST_TEST(usage.text_at("model") == "m");
  BOOST_TEST(usage.text_at("tokens", "none") == "none");
  BOOST_TEST(usage.integer_at("tokens") == 7);
  BOOST_TEST(usage.integer_at("share", -1) == -1);
  BOOST_TEST(usage.integer_at("large", -1) == -1);
  BOOST_TEST(usage.number_at("tokens") == 7.0);
  BOOST_TEST(usage.number_at("share") == 0.5);
  BOOST_TEST(usage.number_at("large") > 1.8e19);
  BOOST_TEST(usage.number_at("model", -1) == -1.0);
}

BOOST_AUTO_TEST_CASE(made_of_nothing_is_null) {
  BOOST_TEST(value{}.is_null());
  BOOST_TEST(value{nullptr}.is_null());
  BOOST_TEST(!value{false}.is_null());
}

BOOST_AUTO_TEST_SUITE_END()
