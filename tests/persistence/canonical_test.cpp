// SPDX-License-Identifier: Apache-2.0
// Tests of canonical values: golden bytes, limits, and that nothing else is decoded.
#include "persistence/canonical.hpp"

#include "tests/support/expect.hpp"
#include "tests/support/hex.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <string>

using namespace holdfast;
using namespace holdfast::persistence;
using namespace holdfast::testing;

namespace {

value nested(std::size_t levels) {
  value made;
  for (std::size_t i = 0; i < levels; ++i)
    made = array{made};
  return made;
}

std::string refusal(const value& given) {
  const auto encoded = encode_canonical(given);
  BOOST_REQUIRE(!encoded);
  BOOST_TEST((encoded.error().code == fault_code::invalid));
  return encoded.error().what;
}

} // namespace

BOOST_AUTO_TEST_SUITE(canonical)

BOOST_AUTO_TEST_CASE(gives_every_value_its_golden_bytes_and_takes_them_back) {
  struct row {
    value given;
    std::string expected;
  };
  const row rows[] = {
      {nullptr, "c0"},
      {false, "c2"},
      {true, "c3"},
      {0, "00"},
      {127, "7f"},
      {128, "cc80"},
      {255, "ccff"},
      {256, "cd0100"},
      {65535, "cdffff"},
      {65536, "ce00010000"},
      {4294967295U, "ceffffffff"},
      {4294967296U, "cf0000000100000000"},
      {std::numeric_limits<std::int64_t>::max(), "cf7fffffffffffffff"},
      {std::numeric_limits<std::uint64_t>::max(), "cfffffffffffffffff"},
      {-1, "ff"},
      {-32, "e0"},
      {-33, "d0df"},
      {-128, "d080"},
      {-129, "d1ff7f"},
      {-32768, "d18000"},
      {-32769, "d2ffff7fff"},
      {-2147483648LL, "d280000000"},
      {-2147483649LL, "d3ffffffff7fffffff"},
      {1.0, "cb3ff0000000000000"},
      {-0.0, "cb8000000000000000"},
      {0.1, "cb3fb999999999999a"},
      {"", "a0"},
      {"h\xc3\xa9", "a368c3a9"},
      {std::string(32, 'a'), "d920" + hex(std::string(32, 'a'))},
      {std::string(256, 'a'), "da0100" + hex(std::string(256, 'a'))},
      {bytes{""}, "c400"},
      {bytes{std::string("\x00\xff", 2)}, "c40200ff"},
      {bytes{std::string(256, 'b')}, "c50100" + hex(std::string(256, 'b'))},
      {array{}, "90"},
      {array{1, "a", nullptr}, "9301a161c0"},
      {array(16, value{0}), "dc0010" + std::string(32, '0')},
      {object{}, "80"},
      {object{{"b", 1}, {"a", 2}, {"aa", object{{"x", false}}}}, "83a16102a2616181a178c2a16201"},
      {object{{"model", "g"}, {"tokens", 12}}, "82a56d6f64656ca167a6746f6b656e730c"},
  };
  for (const auto& [given, expected] : rows)
    BOOST_TEST_CONTEXT(expected) {
      BOOST_TEST(hex(good(encode_canonical(given))) == expected);
      BOOST_TEST((good(decode_canonical(from_hex(expected))) == given));
    }
}

BOOST_AUTO_TEST_CASE(decodes_into_used_memory_as_into_new) {
  const value shapes[] = {
      nullptr,
      7,
      "text",
      bytes{"raw"},
      array{},
      array{1, "a", array{2}},
      array{object{{"b", 1}}, 2},
      object{},
      object{{"b", 1}},
      object{{"a", "x"}, {"b", array{1, 2, 3}}, {"c", object{{"d", nullptr}, {"e", 0.5}}}},
      object{{"a", "y"}, {"b", array{1}}, {"c", object{{"e", 0.25}, {"f", true}}}},
      object{{"aa", 1}, {"b", object{}}, {"d", 2}},
  };
  for (const auto& before : shapes)
    for (const auto& given : shapes)
      BOOST_TEST_CONTEXT(hex(good(encode_canonical(before)))
                         << " then " << hex(good(encode_canonical(given)))) {
        auto used = before;
        good(decode_canonical(good(encode_canonical(given)), used));
        BOOST_TEST((used == given));
      }
  value used = object{{"a", 1}, {"b", 2}};
  BOOST_TEST((code_of(decode_canonical(from_hex("82a16200a16100"), used)) == fault_code::corrupt));
}

BOOST_AUTO_TEST_CASE(takes_nothing_that_it_would_not_have_written) {
  for (const auto* other : {
           "",                   // nothing
           "c000",               // something behind
           "cc7f",               // 127 in two bytes
           "cd00ff",             // 255 in three
           "ce0000ffff",         // 65535 in five
           "cf00000000ffffffff", // 2^32-1 in nine
           "d001",               // positive in a signed form
           "d0e0",               // -32 in two bytes
           "d1ff80",             // -128 in three
           "d2ffff8000",         // -32768 in five
           "d3ffffffff80000000", // -2^31 in nine
           "ca3f800000",         // a 32-bit float
           "cb7ff0000000000000", // infinity
           "cb7ff8000000000000", // not a number
           "d90161",             // short text in a longer form
           "da000161",           // the same, longer still
           "a1ff",               // not UTF-8
           "a3eda080",           // a surrogate
           "a2c080",             // an overlong form
           "c50001aa",           // short bytes in a longer form
           "dc000100",           // a short array in a longer form
           "dd0000000100",       // the same, longer still
           "de0001a16100",       // a short map in a longer form
           "82a16200a16100",     // names out of order
           "82a16100a16100",     // a name twice
           "810000",             // a name that is no text
           "81c4016100",         // a name in bytes
           "c1",                 // never used
           "d40000",             // an extension
           "dfffffffff",         // four billion members, it says
           "ddffffffff00",       // four billion items
           "a5616263",           // text that is cut short
       })
    BOOST_TEST_CONTEXT(other)
  BOOST_TEST((code_of(decode_canonical(from_hex(other))) == fault_code::corrupt));
}

BOOST_AUTO_TEST_CASE(refuses_what_has_no_encoding_and_says_where) {
  BOOST_TEST(refusal(object{{"a", array{1, std::nan("")}}}) == ".a[1]: is not a finite number");
  BOOST_TEST(refusal("\xff") == "is not valid UTF-8");
  BOOST_TEST(refusal(object{{"x\xff", 1}}) == ".x?: has a name that is not valid UTF-8");
  BOOST_TEST(refusal(object{{std::string(100, 'n'), -HUGE_VAL}})
             == "." + std::string(60, 'n') + ": is not a finite number");
  good(encode_canonical(nested(depth_max)));
  BOOST_TEST(refusal(nested(depth_max + 1)).find("is nested deeper than 64 levels")
             != std::string::npos);
  BOOST_TEST((code_of(decode_canonical(std::string(depth_max + 1, '\x91') + '\xc0'))
              == fault_code::corrupt));
  std::string untouched = "before";
  BOOST_TEST(!encode_canonical(array{1, 2, "\xff"}, untouched));
  BOOST_TEST(untouched == "before");
}

BOOST_AUTO_TEST_CASE(leaves_named_members_out) {
  std::string out;
  good(encode_canonical_without(object{{"a", 1}, {"b", 2}, {"c", object{{"a", 3}}}}, {"a", "z"},
                                out));
  BOOST_TEST(out == good(encode_canonical(object{{"b", 2}, {"c", object{{"a", 3}}}})));
}

BOOST_AUTO_TEST_CASE(knows_utf8_at_its_edges) {
  for (const auto* text : {"", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
                           "12345678\xc3\xa9"
                           "1234567"})
    BOOST_TEST(is_utf8(text));
  for (const auto* text :
       {"\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "1234567\xff"})
    BOOST_TEST(!is_utf8(text));
}

BOOST_AUTO_TEST_SUITE_END()
