// SPDX-License-Identifier: Apache-2.0
// Holds this source tree against the rules of the house.
#include "tests/house/rules.hpp"

#include <boost/test/unit_test.hpp>

namespace {

const house::tree& this_house() {
  static const auto all = house::read_tree(HOLDFAST_SOURCE);
  return all;
}

/// Names every violation before it fails.
void expect_none(const house::violations& found) {
  for (const auto& [file, line, rule, what] : found)
    BOOST_ERROR(file << ":" << line << ": " << rule << ": " << what);
  BOOST_TEST(found.empty());
}

} // namespace

BOOST_AUTO_TEST_SUITE(this_source_tree)

BOOST_AUTO_TEST_CASE(is_really_looked_at) {
  BOOST_TEST(this_house().files.size() > 20U);
  BOOST_TEST(this_house().find("messages/event.hpp") != nullptr);
}

BOOST_AUTO_TEST_CASE(keeps_the_include_table) {
  expect_none(house::includes(this_house()));
}

BOOST_AUTO_TEST_CASE(says_no_banned_word) {
  expect_none(house::banned_words(this_house()));
}

BOOST_AUTO_TEST_CASE(has_no_orphans) {
  expect_none(house::orphans(this_house()));
}

BOOST_AUTO_TEST_CASE(is_not_too_wide) {
  expect_none(house::layout(this_house()));
}

BOOST_AUTO_TEST_CASE(has_no_unfinished_business) {
  expect_none(house::markers(this_house()));
}

BOOST_AUTO_TEST_CASE(says_first_what_each_file_is) {
  expect_none(house::first_lines(this_house()));
}

BOOST_AUTO_TEST_CASE(tells_of_every_behaviour_of_a_supervisor) {
  expect_none(house::histories(this_house()));
}

BOOST_AUTO_TEST_CASE(is_formatted) {
  if (house::clang_format())
    expect_none(house::formatting(this_house()));
  else
    BOOST_TEST_MESSAGE("skipped: clang-format 14 is not installed (tools/check installs it)");
}

BOOST_AUTO_TEST_SUITE_END()
