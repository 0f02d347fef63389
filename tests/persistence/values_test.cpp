// SPDX-License-Identifier: Apache-2.0
// Tests of the small values: golden bytes, and that no harm goes unnoticed.
#include "persistence/values.hpp"

#include "persistence/keys.hpp"
#include "persistence/sha256.hpp"
#include "tests/support/expect.hpp"
#include "tests/support/hex.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <string>

using namespace holdfast;
using namespace holdfast::persistence;
using namespace holdfast::testing;

namespace {

template <std::size_t Size>
std::array<std::uint8_t, Size> counted() {
  std::array<std::uint8_t, Size> made{};
  for (std::size_t i = 0; i < Size; ++i)
    made[i] = static_cast<std::uint8_t>(i);
  return made;
}

/// The golden bytes, their way back, and the refusal of every harmed form.
template <class Given, class Encode, class Decode>
void holds(const Given& given, Encode encode, Decode decode, const std::string& golden) {
  BOOST_TEST(hex(encode(given)) == golden);
  BOOST_TEST(hex(encode(good(decode(encode(given))))) == golden);
  harm(encode(given), [&](const std::string& harmed, const std::string& how) {
    BOOST_TEST(!decode(harmed), how);
  });
}

} // namespace

BOOST_AUTO_TEST_SUITE(small_values)

BOOST_AUTO_TEST_CASE(have_golden_bytes_and_show_every_harm) {
  const head_value head{.last = sequence{7},
                        .chain = counted<16>(),
                        .floor = sequence{2},
                        .events = 5,
                        .seen = 4,
                        .duplicates = 3,
                        .small_states = counted<32>()};
  holds(head, encode_head, decode_head,
        "010700000000000000000102030405060708090a0b0c0d0e0f020000000000000005000000000000"
        "0004000000000000000300000000000000000102030405060708090a0b0c0d0e0f10111213141516"
        "1718191a1b1c1d1e1f291e2c33");
  BOOST_TEST((good(decode_head(encode_head(head))) == head));

  const identity_value identity{.instance = counted<16>(), .created = wall_time{1700000000000000}};
  holds(identity, encode_identity, decode_identity,
        "01000102030405060708090a0b0c0d0e0f0100010000401e18240a0600f715d8bb");

  snapshot_value snapshot;
  snapshot.info = {.owner = "o",
                   .covered = sequence{7},
                   .record = sequence{8},
                   .chain = counted<16>(),
                   .schema = 3,
                   .size = 100,
                   .state_sha = counted<32>(),
                   .parent = sequence{6},
                   .time = wall_time{9},
                   .reason = "events"};
  snapshot.stored_size = 50;
  const auto decode = [](std::string_view encoded) {
    return decode_snapshot("o", sequence{7}, encoded);
  };
  holds(snapshot, encode_snapshot, decode,
        "010800000000000000000102030405060708090a0b0c0d0e0f030064000000000000003200000000"
        "000000000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0600000000"
        "000000090000000000000006006576656e7473b9ae2b94");
  BOOST_TEST(good(decode(encode_snapshot(snapshot))).info == snapshot.info);

  const cursor_value cursor{
      .position = sequence{5}, .record = sequence{6}, .time = wall_time{7}, .has_state = true};
  holds(cursor, encode_cursor, decode_cursor,
        "01050000000000000006000000000000000700000000000000015a4a629b");

  const control_value control{.record = sequence{6}, .time = wall_time{7}, .value = "\xc3"};
  holds(control, encode_control, decode_control, "0106000000000000000700000000000000c3166b4714");
}

BOOST_AUTO_TEST_CASE(of_deduplication_come_back_with_and_without_a_payload) {
  const seen_value plain{.at = sequence{7}, .first_seen = wall_time{9}};
  BOOST_TEST(hex(encode_seen(plain)) == "00000000000000070000000000000009");
  BOOST_TEST((good(decode_seen(encode_seen(plain))) == plain));
  const seen_value keyed{.at = sequence{7}, .first_seen = wall_time{-9}, .payload = counted<32>()};
  BOOST_TEST((good(decode_seen(encode_seen(keyed))) == keyed));
  BOOST_TEST(!decode_seen("short"));
}

BOOST_AUTO_TEST_CASE(of_an_index_come_back) {
  const index_value kept{.since = sequence{5}, .entries = 6};
  const auto encoded = encode_index(kept);
  BOOST_TEST(hex(encoded.substr(0, 17)) == "0105000000000000000600000000000000");
  BOOST_TEST((good(decode_index(encoded)) == kept));
  harm(encoded, [](const std::string& harmed, const std::string& how) {
    BOOST_TEST(!decode_index(harmed), how);
  });
}

BOOST_AUTO_TEST_CASE(of_a_newer_version_are_not_called_damaged) {
  // Version 2 with a fitting checksum.
  BOOST_TEST((code_of(decode_cursor(from_hex("02a62346b3"))) == fault_code::unsupported));
}

BOOST_AUTO_TEST_CASE(add_up_to_a_digest_that_forgets_what_is_taken_away) {
  const auto one = entry_digest("snap", "k", "v");
  BOOST_TEST(hex(as_chars(one))
             == "7705376b1fd41c5cca4fb37df1664da05888cd894ae90acb31ffdc9717c72bf3");
  BOOST_TEST((entry_digest("snap", "kv", "") != one));
  const auto other = entry_digest("state", "k", "v");
  digest sum{};
  combine(sum, one);
  combine(sum, other);
  combine(sum, one);
  BOOST_TEST((sum == other));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(keys)

BOOST_AUTO_TEST_CASE(have_golden_bytes_and_come_back) {
  BOOST_TEST(hex(as_chars(event_key(sequence{258}))) == "0000000000000102");
  BOOST_TEST(good(decode_event_key(as_chars(event_key(sequence{258})))) == sequence{258});
  BOOST_TEST(hex(stream_key("ab", sequence{1})) == "6162000000000000000001");
  BOOST_TEST(
      (good(decode_stream_key(stream_key("ab", sequence{1}))) == stream_place{"ab", sequence{1}}));
  BOOST_TEST(hex(snapshot_key("ab", sequence{1})) == "616200fffffffffffffffe");
  BOOST_TEST((good(decode_snapshot_key(snapshot_key("ab", sequence{1})))
              == snapshot_place{"ab", sequence{1}}));
  BOOST_TEST(hex(state_key(state_kind::cursor, "c")) == "0163");
  BOOST_TEST(hex(state_key(state_kind::control, "c")) == "0263");
  BOOST_TEST(hex(state_key(state_kind::index, "c*")) == "03632a");
  BOOST_TEST((good(decode_state_key("\x02"
                                    "ab"))
              == state_place{state_kind::control, "ab"}));
  BOOST_TEST((good(decode_seen_key(as_chars(counted<32>()))) == counted<32>()));
}

BOOST_AUTO_TEST_CASE(sort_as_their_numbers_do) {
  BOOST_TEST(as_chars(event_key(sequence{255})) < as_chars(event_key(sequence{256})));
  BOOST_TEST(stream_key("a", sequence{255}) < stream_key("a", sequence{256}));
  BOOST_TEST(stream_key("a", sequence{UINT64_MAX}) < stream_key("ab", sequence{0}));
  BOOST_TEST(snapshot_key("a", sequence{256}) < snapshot_key("a", sequence{255}));
}

BOOST_AUTO_TEST_CASE(that_nobody_writes_are_refused) {
  BOOST_TEST(!decode_event_key("1234567"));
  BOOST_TEST(!decode_stream_key("12345678"));
  BOOST_TEST(!decode_stream_key(std::string("\0\0"
                                            "12345678",
                                            10)));
  BOOST_TEST(!decode_stream_key("a_12345678"));
  BOOST_TEST(!decode_seen_key("x"));
  BOOST_TEST(!decode_state_key("\x04name"));
  BOOST_TEST(!decode_state_key("\x01"));
}

BOOST_AUTO_TEST_SUITE_END()
