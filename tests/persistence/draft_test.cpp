// SPDX-License-Identifier: Apache-2.0
// Tests of drafts: what is refused and how it is said, and what makes two events the same.
#include "persistence/draft.hpp"

#include "persistence/canonical.hpp"
#include "persistence/record.hpp"
#include "persistence/sha256.hpp"
#include "tests/support/expect.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <limits>
#include <string>
#include <vector>

using namespace holdfast;
using namespace holdfast::persistence;
using holdfast::testing::good;

namespace {

event sample() {
  event made;
  made.stream = "llm.usage";
  made.type = "usage";
  made.time = wall_time{1700000000000000};
  made.body = object{{"model", "g"}, {"tokens", 12}, {"request_id", "r1"}};
  return made;
}

draft drafted(const event& given, const std::vector<identity_rule>& rules = {}) {
  return make_draft(given, durability::power, {}, rules);
}

} // namespace

BOOST_AUTO_TEST_SUITE(drafts)

BOOST_AUTO_TEST_CASE(are_refused_with_field_and_rule) {
  struct row {
    std::function<void(event&)> harm;
    std::string expected;
  };
  const row rows[] = {
      {[](event& e) { e.stream.clear(); }, "stream: is missing or empty"},
      {[](event& e) { e.stream = std::string(201, 's'); },
       "stream: has 201 bytes, at most 200 are taken"},
      {[](event& e) { e.stream = "a\nb"; }, "stream: holds a control character"},
      {[](event& e) { e.stream = std::string("a\0b", 3); }, "stream: holds a control character"},
      {[](event& e) { e.stream = "\xff"; }, "stream: is not valid UTF-8"},
      {[](event& e) { e.stream = "$audit"; },
       "stream: begins with `$`, which is kept for Holdfast's own records"},
      {[](event& e) { e.type.clear(); }, "type: is missing or empty"},
      {[](event& e) { e.type = std::string(101, 't'); },
       "type: has 101 bytes, at most 100 are taken"},
      {[](event& e) { e.schema = 0; }, "schema: is 0, versions begin with 1"},
      {[](event& e) { e.key = std::string(201, 'k'); },
       "key: has 201 bytes, at most 200 are taken"},
      {[](event& e) { e.time.us = std::numeric_limits<std::int64_t>::max(); },
       "time: is outside of the years 1 to 9999"},
      {[](event& e) { e.trace = "4bf92f3577b34da6a3ce929d0e0e4736"; },
       "trace: must be 32 and 16 small hexadecimal digits with a `-` between, neither all zeros"},
      {[](event& e) {
         e.body = object{{"a", std::numeric_limits<double>::infinity()}};
       },
       "body.a: is not a finite number"},
      {[](event& e) { e.body = "\xff"; }, "body: is not valid UTF-8"},
      {[](event& e) { e.body = std::string((1U << 20U) - 4, 'b'); },
       "body: has 1048577 bytes when encoded, at most 1048576 are taken"},
  };
  BOOST_TEST(drafted(sample()).refusal == "");
  for (const auto& [harm, expected] : rows) {
    auto given = sample();
    harm(given);
    const auto made = drafted(given);
    BOOST_TEST(made.refusal == expected);
    BOOST_TEST(made.body.empty());
  }
  auto largest = sample();
  largest.body = std::string((1U << 20U) - 5, 'b');
  BOOST_TEST(drafted(largest).refusal == "");
}

BOOST_AUTO_TEST_CASE(are_the_same_when_names_and_body_are_whatever_the_time) {
  const auto first = drafted(sample());
  auto later = sample();
  later.time.us += 1;
  later.causation = sequence{9};
  later.trace = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";
  BOOST_TEST((drafted(later).identity == first.identity));
  BOOST_TEST((first.identity == first.content));
  for (const auto& change : std::vector<std::function<void(event&)>>{
           [](event& e) { e.stream += "x"; }, [](event& e) { e.type += "x"; },
           [](event& e) { e.schema = 2; }, [](event& e) { e.key = "k"; },
           [](event& e) { (*e.body.as<object>())["tokens"] = 12.0; }}) {
    auto other = sample();
    change(other);
    BOOST_TEST((drafted(other).identity != first.identity));
  }
}

BOOST_AUTO_TEST_CASE(with_a_key_are_found_by_it_and_compared_by_payload) {
  auto given = sample();
  given.key = "k";
  const auto first = drafted(given);
  BOOST_TEST((first.identity == key_identity("llm.usage", "k")));
  (*given.body.as<object>())["tokens"] = 13;
  const auto second = drafted(given);
  BOOST_TEST((second.identity == first.identity));
  BOOST_TEST((second.payload_identity != first.payload_identity));
}

BOOST_AUTO_TEST_CASE(leave_volatile_fields_out_of_their_identity_but_not_of_their_content) {
  const std::vector<identity_rule> rules{{"llm.*", {"request_id", "absent"}}};
  const auto first = drafted(sample(), rules);
  auto again = sample();
  (*again.body.as<object>())["request_id"] = "r2";
  const auto second = drafted(again, rules);
  BOOST_TEST(first.explicit_identity);
  BOOST_TEST((first.identity == second.identity));
  BOOST_TEST((first.content != second.content));
  BOOST_TEST(!drafted(sample(), {{"other", {"request_id"}}}).explicit_identity);
  auto without = sample();
  without.body.as<object>()->erase("request_id");
  BOOST_TEST(!drafted(without, rules).explicit_identity);
  BOOST_TEST((drafted(without, rules).identity == first.identity));
}

BOOST_AUTO_TEST_CASE(of_our_own_records_state_what_they_carry) {
  const auto state = good(encode_canonical(object{{"total", 5}}));
  const state_attachment taken{
      .owner = "learning", .covered = sequence{7}, .schema = 2, .reason = "events", .state = state};
  const auto checkpoint = make_checkpoint(taken, wall_time{1});
  BOOST_TEST(checkpoint.refusal == "");
  BOOST_TEST((checkpoint.kind == record_kind::checkpoint));
  const auto body = good(decode_canonical(checkpoint.body));
  BOOST_TEST(body.text_at("owner") == "learning");
  BOOST_TEST(body.integer_at("covered") == 7);
  BOOST_TEST((*body.find("sha256") == value{bytes{std::string{as_chars(sha256(state))}}}));
  BOOST_TEST(
      (content_of("$checkpoint", "checkpoint", 1, "", checkpoint.body) == checkpoint.content));

  const auto cursor =
      make_cursor({.consumer = "c", .position = sequence{3}, .expected = {}, .state = taken}, {});
  BOOST_TEST(good(decode_canonical(cursor.body)).find("state")->text_at("owner") == "learning");
  BOOST_TEST(make_cursor({.consumer = "", .position = sequence{3}}, {}).refusal
             == "consumer: is missing or empty");

  const auto control = make_control({"breaker/x", state}, durability::process, {});
  BOOST_TEST((control.level == durability::process));
  BOOST_TEST(good(decode_canonical(control.body)).find("value")->integer_at("total") == 5);
  BOOST_TEST(make_control({"x", "\xcc\x01"}, durability::power, {}).refusal.find("value: ") == 0U);

  const auto gap = good(decode_canonical(make_gap(sequence{5}, sequence{9}, "disk", {}).body));
  BOOST_TEST(gap.integer_at("to") == 9);
  BOOST_TEST((make_audit("floor", object{}, {}).kind == record_kind::audit));

  const auto died = make_supervision("died", object{{"child", "model"}}, wall_time{7});
  BOOST_TEST((died.kind == record_kind::supervision && died.level == durability::power));
  BOOST_TEST(died.stream == "$supervision");
  BOOST_TEST(died.type == "died");
  BOOST_TEST((died.time == wall_time{7}));
}

BOOST_AUTO_TEST_SUITE_END()
