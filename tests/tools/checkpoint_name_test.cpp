// SPDX-License-Identifier: Apache-2.0
// How a person names a state.
#include "tools/checkpoint_name.hpp"

#include <boost/test/unit_test.hpp>

using namespace holdfast;
using namespace holdfast::tools;

BOOST_AUTO_TEST_SUITE(a_checkpoint_name)

BOOST_AUTO_TEST_CASE(is_an_owner_a_sequence_or_both) {
  BOOST_TEST(
      (*parse_checkpoint_name("learning@1200") == checkpoint_name{"learning", sequence{1200}}));
  BOOST_TEST((*parse_checkpoint_name("learning") == checkpoint_name{"learning", std::nullopt}));
  BOOST_TEST((*parse_checkpoint_name("1200") == checkpoint_name{"", sequence{1200}}));
  BOOST_TEST((*parse_checkpoint_name("a@b@7") == checkpoint_name{"a@b", sequence{7}}));
  for (const auto* text :
       {"", "@7", "learning@", "learning@x", "learning@-1", "99999999999999999999"})
    BOOST_TEST(!parse_checkpoint_name(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
