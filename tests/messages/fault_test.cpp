// SPDX-License-Identifier: Apache-2.0
// A result is a value or the reason why there is none.
#include "messages/fault.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>

using namespace holdfast;

BOOST_AUTO_TEST_SUITE(a_result)

BOOST_AUTO_TEST_CASE(holds_a_value_or_a_fault) {
  const result<int> good = 7;
  BOOST_TEST(static_cast<bool>(good));
  BOOST_TEST(*good == 7);

  const result<int> bad = fault{fault_code::busy, "the queue is full", "send it again"};
  BOOST_TEST(!bad);
  BOOST_TEST((bad.error() == fault{fault_code::busy, "the queue is full", "send it again"}));
}

BOOST_AUTO_TEST_CASE(gives_up_a_value_that_can_only_be_moved) {
  result<std::unique_ptr<int>> owner = std::make_unique<int>(7);
  const auto taken = *std::move(owner);
  BOOST_TEST(*taken == 7);
}

BOOST_AUTO_TEST_CASE(of_nothing_is_good_until_a_fault_is_given) {
  BOOST_TEST(static_cast<bool>(result<void>{}));
  const result<void> bad = fault{fault_code::corrupt, "damaged", ""};
  BOOST_TEST(!bad);
  BOOST_TEST((bad.error().code == fault_code::corrupt));
}

BOOST_AUTO_TEST_CASE(names_every_code_once) {
  std::string all;
  for (int code = 1; code <= fault_code_last; ++code) {
    const auto word = to_string(static_cast<fault_code>(code));
    BOOST_TEST(word != "unknown");
    BOOST_TEST(all.find(" " + std::string{word} + " ") == std::string::npos);
    all += " " + std::string{word} + " ";
  }
  BOOST_TEST(to_string(static_cast<fault_code>(fault_code_last + 1)) == "unknown");
}

BOOST_AUTO_TEST_SUITE_END()
