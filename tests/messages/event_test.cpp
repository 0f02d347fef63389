// SPDX-License-Identifier: Apache-2.0
// Names and numbers of the event conversation that stand on disk and in answers.
#include "messages/event.hpp"

#include <boost/test/unit_test.hpp>

using namespace holdfast;

BOOST_AUTO_TEST_SUITE(an_event)

BOOST_AUTO_TEST_CASE(keeps_the_numbers_that_stand_on_disk) {
  BOOST_TEST(static_cast<int>(durability::none) == 0);
  BOOST_TEST(static_cast<int>(durability::process) == 1);
  BOOST_TEST(static_cast<int>(durability::power) == 2);
  BOOST_TEST(static_cast<int>(record_kind::event) == 1);
  BOOST_TEST(static_cast<int>(record_kind::checkpoint) == 2);
  BOOST_TEST(static_cast<int>(record_kind::cursor) == 3);
  BOOST_TEST(static_cast<int>(record_kind::control) == 4);
  BOOST_TEST(static_cast<int>(record_kind::anchor) == 5);
  BOOST_TEST(static_cast<int>(record_kind::audit) == 6);
  BOOST_TEST(static_cast<int>(record_kind::gap) == 7);
}

BOOST_AUTO_TEST_CASE(is_answered_in_the_words_of_the_interface) {
  BOOST_TEST(to_string(outcome::stored) == "stored");
  BOOST_TEST(to_string(outcome::duplicate) == "duplicate");
  BOOST_TEST(to_string(outcome::conflict) == "conflict");
  BOOST_TEST(to_string(outcome::rejected) == "rejected");
  BOOST_TEST(to_string(outcome::unknown) == "unknown");
  BOOST_TEST(to_string(durability::power) == "power");
}

BOOST_AUTO_TEST_CASE(answered_by_nobody_is_unknown_and_durable_nowhere) {
  const append_answer silence;
  BOOST_TEST((silence.what == outcome::unknown));
  BOOST_TEST((silence.level == durability::none));
}

BOOST_AUTO_TEST_CASE(differs_from_another_in_any_listed_field) {
  const event first{.stream = "llm", .body = object{{"tokens", 7}}};
  BOOST_TEST((first == event{.stream = "llm", .body = object{{"tokens", 7}}}));
  BOOST_TEST(!(first == event{.stream = "llm", .body = object{{"tokens", 8}}}));
  BOOST_TEST(!(first == event{.stream = "llm", .schema = 2, .body = object{{"tokens", 7}}}));
}

BOOST_AUTO_TEST_SUITE_END()
