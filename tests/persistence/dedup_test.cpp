// SPDX-License-Identifier: Apache-2.0
// One event is stored once, however and whenever it is sent again.
#include "tests/persistence/store_fixture.hpp"

namespace holdfast::persistence {
namespace {

std::vector<std::string> words(const std::vector<append_answer>& answers) {
  std::vector<std::string> said;
  for (const auto& one : answers)
    said.push_back(std::string{to_string(one.what)} + "@" + std::to_string(one.at.value));
  return said;
}

std::vector<draft> drafts_of(std::initializer_list<int> numbers) {
  std::vector<draft> drafts;
  for (const auto number : numbers)
    drafts.push_back(draft_of(event_of(number)));
  return drafts;
}

using said = std::vector<std::string>;

draft keyed(int number, const std::string& key) {
  auto one = event_of(number);
  one.key = key;
  return draft_of(one);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(an_event_sent_again, store_fixture)

BOOST_AUTO_TEST_CASE(is_a_duplicate_in_one_batch_and_across_batches_and_restarts) {
  create();
  auto live = open();
  BOOST_TEST(words(append(*live, drafts_of({1, 2, 1}), {1000}))
             == (said{"stored@1", "stored@2", "duplicate@1"}));
  const auto again = append(*live, drafts_of({2, 3}), {2000});
  BOOST_TEST(words(again) == (said{"duplicate@2", "stored@3"}));
  BOOST_TEST(again[0].first_seen == wall_time{1000});
  for (const auto clean : {true, false}) {
    if (clean)
      good(live->close({3000}));
    live.reset();
    live = open();
    BOOST_TEST(words(append(*live, drafts_of({1, 2, 3}), {4000}))
               == (said{"duplicate@1", "duplicate@2", "duplicate@3"}));
  }
  BOOST_TEST(good(live->read().head()).events == 3U);
}

BOOST_AUTO_TEST_CASE(is_a_duplicate_while_the_first_is_in_flight) {
  create();
  auto live = open();
  const auto first = live->prepare(drafts_of({1, 2}), {1000});
  const auto second = live->prepare(drafts_of({2, 3}), {1001});
  BOOST_TEST(words(second->answers) == (said{"duplicate@2", "stored@3"}));
  good(live->commit(*first, {1000}));
  live->settle(*first);
  good(live->commit(*second, {1001}));
  live->settle(*second);
  BOOST_TEST(words(append(*live, drafts_of({1, 2, 3})))
             == (said{"duplicate@1", "duplicate@2", "duplicate@3"}));
}

BOOST_AUTO_TEST_CASE(conflicts_when_its_key_was_used_for_other_content) {
  create();
  auto live = open();
  std::vector<draft> drafts;
  drafts.push_back(keyed(1, "a"));
  drafts.push_back(keyed(1, "a"));
  drafts.push_back(keyed(2, "a"));
  drafts.push_back(keyed(1, "b"));
  const said expected{"stored@1", "duplicate@1", "conflict@1", "stored@2"};
  BOOST_TEST(words(append(*live, std::move(drafts))) == expected);
  live.reset();
  live = open();
  drafts.clear();
  drafts.push_back(keyed(2, "a"));
  drafts.push_back(keyed(1, "a"));
  BOOST_TEST(words(append(*live, std::move(drafts))) == (said{"conflict@1", "duplicate@1"}));
}

BOOST_AUTO_TEST_CASE(is_told_by_what_is_not_volatile) {
  create();
  auto live = open();
  const std::vector<identity_rule> rules{{"orders", {"sent_at"}}};
  const auto sent = [&](int number, int at) {
    auto one = event_of(number);
    one.body.as<object>()->emplace("sent_at", at);
    return make_draft(one, durability::power, {}, rules);
  };
  for (int restart = 0; restart < 2; ++restart) {
    std::vector<draft> drafts;
    drafts.push_back(sent(1, 10 + restart));
    drafts.push_back(sent(1, 20 + restart));
    BOOST_TEST(
        words(append(*live, std::move(drafts)))
        == (restart == 0 ? said{"stored@1", "duplicate@1"} : said{"duplicate@1", "duplicate@1"}));
    live.reset();
    live = open(); // the start derives identities from the records it verifies
  }
}

BOOST_AUTO_TEST_CASE(leaves_the_others_of_its_batch_alone) {
  create();
  auto live = open();
  auto drafts = drafts_of({1, 2, 3});
  drafts[1].refusal = "body: breaks a rule";
  const auto answers = append(*live, std::move(drafts));
  BOOST_TEST(words(answers) == (said{"stored@1", "rejected@0", "stored@2"}));
  BOOST_TEST(answers[1].error == "body: breaks a rule");
}

BOOST_AUTO_TEST_CASE(makes_a_process_event_durable_when_it_is_sent_again_at_power) {
  create();
  auto live = open();
  append(*live, 1, 3, durability::process);
  BOOST_TEST(live->stats().frontier == sequence{0});
  const auto answers = append(*live, 2, 2, durability::power);
  BOOST_TEST(words(answers) == (said{"duplicate@2"}));
  BOOST_TEST(to_string(answers[0].level) == "power");
  BOOST_TEST(live->stats().frontier == sequence{3});
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::persistence
