// SPDX-License-Identifier: Apache-2.0
// Are children that hang found by their counters and probes, and told of with what they were doing?
#include "tests/actors/supervisor_nursery.hpp"

namespace holdfast::supervisor::test {

BOOST_AUTO_TEST_SUITE(supervisor_shell_watch)

BOOST_FIXTURE_TEST_CASE(finds_a_handler_that_takes_too_long, nursery) {
  auto one = worker("a");
  one.spec.hang.handler_max = 1s;
  start({one});
  tell(find("a"), do_block{1400ms});
  BOOST_TEST((told(supervision_fact::hung) == ids{"a"}));
  const auto hung = std::find_if(history.begin(), history.end(), [](const auto& event) {
    return event.what == supervision_fact::hung;
  });
  BOOST_TEST(hung->text == "hung: handles supervisor::test::do_block for 1000 ms");
  BOOST_TEST(hung->last_message == "supervisor::test::do_block");
  pass(1s); // it ended when it could, and is started again
  BOOST_TEST((status("a").state == child_state::running));
  BOOST_TEST(status("a").incarnation == 2U);
}

BOOST_FIXTURE_TEST_CASE(lets_a_handler_be_that_is_done_in_time, nursery) {
  auto one = worker("a");
  one.spec.hang.handler_max = 1s;
  start({one});
  for (int i = 0; i < 5; ++i)
    tell(find("a"), do_block{900ms});
  BOOST_TEST(told(supervision_fact::hung).empty());
}

BOOST_FIXTURE_TEST_CASE(finds_one_that_does_not_answer_its_probe, nursery) {
  auto one = worker("a");
  one.spec.hang.probe_every = 1s;
  one.spec.hang.probe_within = 500ms;
  start({one});
  tell(find("a"), do_block{3s});
  BOOST_TEST((told(supervision_fact::hung) == ids{"a"}));
}

BOOST_FIXTURE_TEST_CASE(names_who_would_not_leave_and_what_it_was_doing, nursery) {
  start({worker("a"), worker("b")});
  caf::scoped_actor other{sys, true};
  std::optional<supervision_ended> said;
  other->monitor(root);
  caf::anon_send(root, stop_children{4s});
  tell(book->find("b"), do_block{30s});
  pass(1s);
  other->receive([&](const caf::down_msg& down) {
    BOOST_TEST((ending_of(down.reason) == ending::shutdown)); // it was told to end
    said = ended_of(down.reason);
  });
  BOOST_REQUIRE(said);
  BOOST_TEST((said->outcome == supervision_outcome::stopped));
  BOOST_REQUIRE(said->stayed.size() == 1U);
  BOOST_TEST(said->stayed[0].child == "b");
  BOOST_TEST(said->stayed[0].message == "supervisor::test::do_block");
  BOOST_TEST(said->stayed[0].handling.count() == 4000);
  BOOST_TEST(said->stayed[0].leaving.count() == 4000);
}

BOOST_FIXTURE_TEST_CASE(ends_the_process_where_a_child_must_not_be_lost, nursery) {
  std::string why;
  auto one = worker("a");
  one.spec.hang = {.handler_max = 1s, .patience = 100ms};
  one.spec.when_lost = lost_action::exit_process;
  auto given = around();
  given.exit_process = [&](const std::string& reason) { why = reason; };
  root = *spawn_supervisor(sys, chosen(), {one}, given);
  settle();
  tell(book->find("a"), do_block{30s});
  BOOST_TEST(why == "child 'a' does not end although it was killed");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::supervisor::test
