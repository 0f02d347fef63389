// SPDX-License-Identifier: Apache-2.0
// A store is made, takes records, is closed and comes back.
#include "tests/persistence/store_fixture.hpp"

namespace holdfast::persistence {

BOOST_AUTO_TEST_SUITE(a_store)

BOOST_FIXTURE_TEST_CASE(gives_back_what_it_took, store_fixture) {
  create();
  auto live = open();
  const auto answers = append(*live, 1, 3);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    BOOST_TEST(to_string(answers[i].what) == "stored");
    BOOST_TEST(answers[i].at == sequence{i + 1});
    BOOST_TEST(to_string(answers[i].level) == "power");
  }
  for (int restart = 0; restart < 3; ++restart) {
    good(live->close({3}));
    live = open();
    BOOST_TEST(report.clean);
    BOOST_TEST(report.repairs.empty());
    const auto page = good(live->read().events({}));
    BOOST_REQUIRE_EQUAL(page.events.size(), 3U);
    BOOST_TEST((page.events[1].body == event_of(2).body));
    BOOST_TEST(page.events[1].stream == "orders");
  }
}

BOOST_FIXTURE_TEST_CASE(comes_back_after_a_kill_with_everything_acknowledged, store_fixture) {
  create();
  auto live = open();
  append(*live, 1, 5);
  append(*live, 6, 9, durability::process);
  live.reset();
  live = open();
  BOOST_TEST(!report.clean);
  BOOST_TEST(report.records_verified == 9U);
  BOOST_TEST(good(live->read().head()).last == sequence{9});
  const auto again = append(*live, 1, 9);
  for (std::size_t i = 0; i < again.size(); ++i) {
    BOOST_TEST(to_string(again[i].what) == "duplicate");
    BOOST_TEST(again[i].at == sequence{i + 1});
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::persistence
