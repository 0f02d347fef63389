// SPDX-License-Identifier: Apache-2.0
// Listing its fields gives a message equality and a printed form.
#include "messages/fields.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>
#include <string>
#include <vector>

using namespace holdfast;

namespace {

struct seen {
  int count = 0;
  std::string who;
  std::vector<int> rest; // has no printer of its own

  static constexpr auto name = "seen";
  static constexpr auto fields = std::make_tuple(&seen::count, &seen::who, &seen::rest);
};

struct undescribed {
  int count = 0;
};

} // namespace

BOOST_AUTO_TEST_SUITE(a_message_that_lists_its_fields)

BOOST_AUTO_TEST_CASE(is_described) {
  BOOST_TEST(described<seen>);
  BOOST_TEST(!described<undescribed>);
}

BOOST_AUTO_TEST_CASE(equals_another_when_every_field_does) {
  const seen one{1, "a", {2}};
  BOOST_TEST((one == seen{1, "a", {2}}));
  BOOST_TEST((one != seen{2, "a", {2}}));
  BOOST_TEST((one != seen{1, "b", {2}}));
  BOOST_TEST((one != seen{1, "a", {}}));
}

BOOST_AUTO_TEST_CASE(prints_its_fields_in_order) {
  std::ostringstream out;
  out << seen{1, "a", {2}};
  BOOST_TEST(out.str() == "seen{1, a, ?}");
}

BOOST_AUTO_TEST_SUITE_END()
