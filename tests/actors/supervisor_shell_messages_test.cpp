// SPDX-License-Identifier: Apache-2.0
// Does a child's address lead where its supervisor says, and is every message accounted for?
#include "tests/actors/supervisor_nursery.hpp"

namespace holdfast::supervisor::test {

namespace {

child keeping(child one) {
  one.spec.messages.queued = message_fate::redeliver;
  return one;
}

} // namespace

BOOST_AUTO_TEST_SUITE(supervisor_shell_messages)

BOOST_FIXTURE_TEST_CASE(one_address_leads_to_every_incarnation, nursery) {
  start({worker("a")});
  const auto a = find("a");
  tell(a, do_note{1});
  tell(a, do_fail{});
  const auto refused = try_ask<do_note>(a, do_note{2});
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == fault_code::busy));
  BOOST_TEST(refused.error().what == "'a' refused: it is being started");
  pass(100ms);
  BOOST_TEST(ask<do_note>(a, do_note{3}).number == 3);
  BOOST_TEST((noted["a"] == std::vector<int>{1, 3}));
  const auto seen = book->counters_of("a")->read();
  BOOST_TEST(seen.incarnation == 2U);
  BOOST_TEST(seen.received == 4U);
  BOOST_TEST(seen.handled + seen.left.refused == 4U);
}

BOOST_FIXTURE_TEST_CASE(what_comes_during_a_restart_waits_where_the_spec_says_so, nursery) {
  start({keeping(worker("a"))});
  const auto a = find("a");
  caf::anon_send(a, do_note{1});
  caf::anon_send(a, do_fail{});
  caf::anon_send(a, do_note{2}); // left behind
  settle();
  tell(a, do_note{3}); // comes while it waits for its restart
  BOOST_TEST(!book->find("a"));
  pass(100ms);
  BOOST_TEST((noted["a"] == std::vector<int>{1, 2, 3}));
  BOOST_TEST(status("a").messages.redelivered == 1U);
  BOOST_TEST(status("a").messages.refused == 1U); // the one that ended it
}

BOOST_FIXTURE_TEST_CASE(what_was_held_is_refused_once_it_is_stopped_by_hand, nursery) {
  start({keeping(worker("a"))});
  const auto a = find("a");
  tell(a, do_fail{});
  caf::scoped_actor other{sys, true};
  auto answer = other->request(a, caf::infinite, do_note{1});
  settle();
  BOOST_TEST(!other->has_next_message());
  call(terminate_child{"a"});
  bool refused = false;
  answer.receive([](do_note) {},
                 [&](const caf::error& problem) {
                   refused = to_fault(problem).what == "'a' refused: it does not run";
                 });
  BOOST_TEST(refused);
  BOOST_TEST((call(restart_child{"a"}).what == child_verdict::done));
  BOOST_TEST(ask<do_note>(a, do_note{2}).number == 2);
}

BOOST_FIXTURE_TEST_CASE(the_hook_gets_what_a_child_leaves_behind, nursery) {
  std::vector<std::string> handed;
  auto one = worker("a");
  one.spec.messages = {message_fate::hand_over, message_fate::hand_over, 1};
  one.hand_over = [&](const addressing::left_message& left) {
    handed.push_back(left.child + (left.in_flight ? ": in flight" : ": queued"));
  };
  start({one});
  const auto a = find("a");
  caf::anon_send(a, do_fail{});
  caf::anon_send(a, do_note{1});
  settle();
  BOOST_TEST((handed == std::vector<std::string>{"a: queued", "a: in flight"}
              || handed == std::vector<std::string>{"a: in flight", "a: queued"}));
  BOOST_TEST(status("a").messages.handed_over == 2U);
}

BOOST_FIXTURE_TEST_CASE(a_hook_is_needed_where_a_spec_hands_over, nursery) {
  auto one = worker("a");
  one.spec.messages.in_flight = message_fate::hand_over;
  const auto made = spawn_supervisor(sys, chosen(), {one}, around());
  BOOST_REQUIRE(!made);
  BOOST_TEST(made.error().what.find("missing_hook") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_bounded_mailbox_refuses_and_counts, nursery) {
  auto one = worker("a");
  one.spec.mailbox = {2, overflow::drop_oldest};
  start({one});
  const auto a = find("a");
  for (int number = 1; number <= 5; ++number)
    caf::anon_send(a, do_note{number});
  settle();
  BOOST_TEST((noted["a"] == std::vector<int>{4, 5}));
  BOOST_TEST(status("a").messages.dropped == 3U);
  BOOST_TEST(ask<child_list>(root, which_children{}).children[0].messages.dropped == 3U);
}

BOOST_FIXTURE_TEST_CASE(tells_what_a_child_was_handling_when_it_died, nursery) {
  start({worker("a")}, 0);
  tell(find("a"), do_fail{});
  BOOST_REQUIRE(history.size() >= 3U);
  BOOST_TEST((history[2].what == supervision_fact::died));
  BOOST_TEST(history[2].last_message == "supervisor::test::do_fail");
  const auto said = ended_of(*end_of(root));
  BOOST_REQUIRE(said);
  BOOST_TEST(said->causes.front().last_message == "supervisor::test::do_fail");
}

BOOST_FIXTURE_TEST_CASE(an_address_ends_with_its_spec, nursery) {
  start({worker("a", restart_type::temporary)});
  const auto a = find("a");
  BOOST_TEST(bool{book->counters_of("a")});
  tell(a, do_end{});
  BOOST_TEST(!book->counters_of("a"));
  BOOST_TEST(ended(a));
  BOOST_TEST(!try_ask<do_note>(a, do_note{1}));
}

BOOST_FIXTURE_TEST_CASE(a_child_that_is_lost_gives_up_its_messages, nursery) {
  auto one = keeping(stubborn("a"));
  one.spec.hang.handler_max = 1s;
  one.spec.hang.patience = 500ms;
  start({one});
  const auto a = find("a");
  caf::anon_send(a, do_block{20s});
  caf::anon_send(a, do_note{1});
  settle();
  BOOST_TEST((told(supervision_fact::hung) == ids{"a"}));
  BOOST_TEST((told(supervision_fact::abandoned) == ids{"a"}));
  BOOST_TEST((noted["a"] == std::vector<int>{1, -1})); // by the one that took its place
  BOOST_TEST(status("a").messages.redelivered == 1U);
  BOOST_TEST(status("a").incarnation == 2U);
  BOOST_TEST(status("a").lost == 0U); // its handler returned after all, and it ended
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::supervisor::test
