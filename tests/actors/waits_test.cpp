// SPDX-License-Identifier: Apache-2.0
// Is every wait named once, and every circle of waits found?
#include "actors/address/waits.hpp"

#include <boost/test/unit_test.hpp>

namespace holdfast::addressing::test {

namespace {

named_reading one(std::string name, std::uint64_t actor, std::vector<std::uint64_t> askers = {}) {
  named_reading made;
  made.name = std::move(name);
  made.reading.actor = actor;
  made.reading.askers = std::move(askers);
  return made;
}

using names = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_SUITE(who_waits_for_whom)

BOOST_AUTO_TEST_CASE(names_each_wait_once_and_nobody_unknown) {
  const auto found = waits_of({one("a", 1), one("b", 2, {1, 1, 77}), one("c", 3, {2, 1})});
  BOOST_TEST((found.all == std::vector<wait>{{"a", "b"}, {"a", "c"}, {"b", "c"}}));
  BOOST_TEST(found.circles.empty());
}

BOOST_AUTO_TEST_CASE(finds_short_circles_for_everybody) {
  // a -> b -> c -> a, and the shorter a -> c -> a.
  const auto found = waits_of({one("c", 3, {2, 1}), one("b", 2, {1}), one("a", 1, {3})});
  BOOST_TEST_REQUIRE(found.circles.size() == 2U);
  BOOST_TEST(found.circles[0] == (names{"a", "c"}));
  BOOST_TEST(found.circles[1] == (names{"b", "c", "a"}));
}

BOOST_AUTO_TEST_CASE(tells_circles_apart_and_finds_one_alone) {
  const auto found = waits_of({one("a", 1, {2}), one("b", 2, {1}), one("c", 3, {1, 4}),
                               one("d", 4, {3}), one("e", 5, {5})});
  BOOST_TEST_REQUIRE(found.circles.size() == 3U);
  BOOST_TEST(found.circles[0] == (names{"a", "b"}));
  BOOST_TEST(found.circles[1] == (names{"c", "d"}));
  BOOST_TEST(found.circles[2] == names{"e"});
}

BOOST_AUTO_TEST_CASE(who_does_not_run_waits_for_nobody) {
  const auto found = waits_of({one("a", 0), one("b", 2, {0})});
  BOOST_TEST(found.all.empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::addressing::test
