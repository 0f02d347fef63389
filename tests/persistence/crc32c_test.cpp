// SPDX-License-Identifier: Apache-2.0
// Tests of CRC-32C against published values.
#include "persistence/crc32c.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using holdfast::persistence::crc32c;

BOOST_AUTO_TEST_SUITE(crc_32c)

BOOST_AUTO_TEST_CASE(gives_the_values_of_rfc_3720) {
  BOOST_TEST(crc32c("123456789") == 0xE3069283U);
  BOOST_TEST(crc32c(std::string(32, '\0')) == 0x8A9136AAU);
  BOOST_TEST(crc32c(std::string(32, '\xff')) == 0x62A8AB43U);
  BOOST_TEST(crc32c("") == 0U);
}

BOOST_AUTO_TEST_CASE(goes_on_from_any_place) {
  const std::string text = "The quick brown fox jumps over the lazy dog, twice.";
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    BOOST_TEST(crc32c(text.substr(cut), crc32c(text.substr(0, cut))) == crc32c(text));
}

BOOST_AUTO_TEST_SUITE_END()
