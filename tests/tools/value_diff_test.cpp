// SPDX-License-Identifier: Apache-2.0
// A structural diff: path, old, new.
#include "tools/value_diff.hpp"

#include <boost/test/unit_test.hpp>

using namespace holdfast;
using namespace holdfast::tools;

BOOST_AUTO_TEST_SUITE(a_diff)

BOOST_AUTO_TEST_CASE(of_equal_values_is_empty) {
  const value one{object{{"a", array{1, 2.5, "x"}}, {"b", nullptr}}};
  BOOST_TEST(diff(one, one).empty());
}

BOOST_AUTO_TEST_CASE(names_what_was_added_removed_and_replaced) {
  const value before{object{{"calls", 3}, {"gone", true}, {"models", object{{"gpt-4", 1}}}}};
  const value after{
      object{{"calls", 4}, {"models", object{{"gpt-4", 1}, {"o/3~", 2}}}, {"new", 7}}};
  const std::vector<value_change> expected{{"/calls", value{3}, value{4}},
                                           {"/gone", value{true}, std::nullopt},
                                           {"/models/o~13~0", std::nullopt, value{2}},
                                           {"/new", std::nullopt, value{7}}};
  BOOST_TEST((diff(before, after) == expected));
}

BOOST_AUTO_TEST_CASE(compares_arrays_by_index) {
  const value before{array{1, array{2, 3}}};
  const value after{array{1, array{2, 4, 5}, 6}};
  const std::vector<value_change> expected{{"/1/1", value{3}, value{4}},
                                           {"/1/2", std::nullopt, value{5}},
                                           {"/2", std::nullopt, value{6}}};
  BOOST_TEST((diff(before, after) == expected));
  BOOST_TEST(diff(after, before).size() == 3U);
}

BOOST_AUTO_TEST_CASE(tells_kinds_apart) {
  BOOST_TEST((diff(value{1}, value{1.0}) == std::vector<value_change>{{"", value{1}, value{1.0}}}));
  BOOST_TEST((diff(value{array{}}, value{object{}})
              == std::vector<value_change>{{"", value{array{}}, value{object{}}}}));
}

BOOST_AUTO_TEST_SUITE_END()
