// SPDX-License-Identifier: Apache-2.0
// Is each call of a supervisor answered once, by what happened, and is what it says true?
#include "tests/actors/supervisor_nursery.hpp"

namespace holdfast::supervisor::test {

namespace {

supervisor_flags pool_flags() {
  return {.name = "pool",
          .strategy = restart_strategy::simple_one_for_one,
          .intensity = 3,
          .pauses = {.min = 100ms, .max = 1s, .jitter_share = 0}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(supervisor_shell_calls)

BOOST_FIXTURE_TEST_CASE(adds_a_child_and_answers_when_it_is_up, nursery) {
  start({worker("a")});
  auto told = add(worker("b"));
  BOOST_TEST((told == child_answer{child_verdict::done, "b", 1}));
  BOOST_TEST(bool{book->find("b")});
  told = add(worker("b"));
  BOOST_TEST((told.what == child_verdict::already_started));
  BOOST_TEST(told.incarnation == 1U);
  BOOST_TEST((ask<child_counts>(root, count_children{}) == child_counts{2, 2, 0, 2}));
}

BOOST_FIXTURE_TEST_CASE(gives_the_arguments_to_each_start_and_the_information_back, nursery) {
  start({});
  std::vector<value> given;
  auto one = worker("b");
  one.start = [&, good = one.start](caf::actor_system& system, const value& arguments) {
    given.push_back(arguments);
    return newborn{good(system).actor, "listens on 80"};
  };
  BOOST_TEST(add(one, value{7}).text == "listens on 80");
  tell(find("b"), do_fail{});
  pass(100ms);
  BOOST_TEST((given == std::vector<value>{value{7}, value{7}}));
}

BOOST_FIXTURE_TEST_CASE(keeps_nothing_of_a_child_that_does_not_come_up, nursery) {
  start({worker("a")});
  auto broken = worker("b");
  broken.start = [](caf::actor_system&) -> caf::actor { throw std::runtime_error{"no port"}; };
  const auto told = add(broken);
  BOOST_TEST((told.what == child_verdict::failed));
  BOOST_TEST(told.text == "no port");
  BOOST_TEST_REQUIRE(told.spec.has_value());
  BOOST_TEST(told.spec->id == "b");
  BOOST_TEST(!book->counters_of("b"));
  // Neither is its way of starting: the next `b` is another.
  BOOST_TEST((add(worker("b")).what == child_verdict::done));
}

BOOST_FIXTURE_TEST_CASE(refuses_a_child_that_cannot_be_made, nursery) {
  start({});
  auto told = add({{.id = "b"}, nullptr});
  BOOST_TEST((told.what == child_verdict::invalid));
  BOOST_TEST(told.text.find("missing_start") != std::string::npos);
  auto handing = worker("b");
  handing.spec.messages.queued = message_fate::hand_over;
  BOOST_TEST(add(handing).text.find("missing_hook") != std::string::npos);
  handing = worker("b");
  handing.spec.mailbox.messages_max = 0;
  BOOST_TEST(add(handing).text.find("invalid_mailbox") != std::string::npos);
  BOOST_TEST(!book->counters_of("b"));
}

BOOST_FIXTURE_TEST_CASE(stops_starts_and_deletes_by_hand, nursery) {
  start({worker("a"), worker("b")});
  BOOST_TEST((call(restart_child{"b"}).what == child_verdict::running));
  BOOST_TEST((call(delete_child{"b"}).what == child_verdict::running));
  BOOST_TEST((call(terminate_child{"b"}).what == child_verdict::done));
  BOOST_TEST((ends == ids{"b"}));
  BOOST_TEST(!book->find("b"));
  BOOST_TEST(bool{book->counters_of("b")});
  BOOST_TEST((call(terminate_child{"b"}).what == child_verdict::done));
  BOOST_TEST((add(worker("b")).what == child_verdict::already_present));
  BOOST_TEST((call(restart_child{"b"}) == child_answer{child_verdict::done, "b", 2}));
  call(terminate_child{"b"});
  BOOST_TEST((call(delete_child{"b"}).what == child_verdict::done));
  BOOST_TEST(!book->counters_of("b"));
  BOOST_TEST((call(delete_child{"b"}).what == child_verdict::not_found));
  BOOST_TEST((call(restart_child{"x"}).what == child_verdict::not_found));
  BOOST_TEST((call(terminate_child{"x"}).what == child_verdict::not_found));
}

BOOST_FIXTURE_TEST_CASE(a_stop_by_hand_ends_a_restart_loop, nursery) {
  start({worker("a")});
  tell(find("a"), do_fail{});
  BOOST_TEST((call(restart_child{"a"}).what == child_verdict::restarting));
  BOOST_TEST((call(terminate_child{"a"}).what == child_verdict::done));
  pass(10s);
  BOOST_TEST((status("a").state == child_state::stopped));
}

BOOST_FIXTURE_TEST_CASE(answers_one_that_waits_for_a_start_when_the_supervisor_ends, nursery) {
  start({});
  auto slow = worker("b");
  slow.start = [this](caf::actor_system& system) {
    return system.spawn(
        [this](caf::event_based_actor* actor, int) -> caf::behavior {
          furnish(actor);
          pass(2s); // its start takes so long
          return {[](do_fail) {}};
        },
        0);
  };
  caf::scoped_actor other{sys, true};
  auto answer = other->request(root, caf::infinite, carried{child_to_start{slow, {}}});
  caf::anon_send(root, stop_children{});
  pass(10s);
  BOOST_REQUIRE(other->has_next_message());
  answer.receive(
      [](const carried<child_answer>& told) {
        BOOST_TEST((told->what == child_verdict::stopping));
      },
      [](const caf::error& problem) { BOOST_ERROR(text_of(problem)); });
}

BOOST_FIXTURE_TEST_CASE(answers_who_waits_when_it_is_killed, nursery) {
  start({stubborn("a")});
  caf::scoped_actor other{sys, true};
  auto answer = other->request(root, caf::infinite, terminate_child{"a"});
  settle();
  BOOST_TEST(!other->has_next_message());
  caf::anon_send_exit(root, caf::exit_reason::kill);
  settle();
  bool told = false;
  BOOST_REQUIRE(other->has_next_message());
  answer.receive([](const carried<child_answer>&) { BOOST_ERROR("it was not stopped"); },
                 [&](const caf::error&) { told = true; });
  BOOST_TEST(told);
  BOOST_TEST((ends == ids{"a"})); // killed with it, as in OTP
}

BOOST_FIXTURE_TEST_CASE(tells_of_one_child_and_its_spec, nursery) {
  start({worker("a")});
  BOOST_TEST((status("a").state == child_state::running));
  BOOST_TEST((try_ask<child_status>(root, which_child{"x"}).error().code == fault_code::not_found));
  auto sparse = worker("b");
  sparse.spec.shutdown.reset();
  add(sparse);
  BOOST_TEST((*ask<carried<child_spec>>(root, get_childspec{"b"})->shutdown == 5s));
  BOOST_TEST(!try_ask<carried<child_spec>>(root, get_childspec{"x"}));
}

BOOST_FIXTURE_TEST_CASE(makes_instances_from_one_spec, nursery) {
  std::vector<value> given;
  auto one = worker("w", restart_type::transient);
  one.start = [&, good = one.start](caf::actor_system& system, const value& arguments) {
    given.push_back(arguments);
    return good(system);
  };
  root = *spawn_supervisor(sys, pool_flags(), {one}, around());
  settle();
  BOOST_TEST((add({}, value{"x"}) == child_answer{child_verdict::done, "w#1", 1}));
  BOOST_TEST((add({}, value{"y"}) == child_answer{child_verdict::done, "w#2", 1}));
  BOOST_TEST((ask<child_counts>(root, count_children{}) == child_counts{1, 2, 0, 2}));
  const auto second = find("w#2");
  tell(second, do_fail{});
  pass(100ms);
  BOOST_TEST((find("w#2") == second));
  BOOST_TEST((given == std::vector<value>{value{"x"}, value{"y"}, value{"y"}}));
  BOOST_TEST((call(terminate_child{"w#1"}).what == child_verdict::not_valid));
  BOOST_TEST((call(terminate_child{"w#1", 1}).what == child_verdict::done));
  BOOST_TEST((call(restart_child{"w#2"}).what == child_verdict::not_valid));
  tell(second, do_end{});
  BOOST_TEST(!try_ask<caf::actor>(root, find_child{"w#2"}));
  BOOST_TEST((ask<child_counts>(root, count_children{}) == child_counts{1, 0, 0, 0}));
  BOOST_TEST(book->all().empty());
}

BOOST_FIXTURE_TEST_CASE(changes_specs_while_children_run, nursery) {
  start({worker("a"), worker("b")});
  auto wider = worker("a");
  wider.spec.mailbox.messages_max = 7;
  wider.start = nullptr; // as it was
  auto flags = chosen(9);
  ask<supervision_changed>(root, carried{supervision_change{flags, {worker("c"), wider}}});
  BOOST_TEST(book->counters_of("a")->read().queued_max == 7U);
  const auto list = ask<child_list>(root, which_children{});
  BOOST_TEST(list.intensity == 9U);
  BOOST_REQUIRE(list.children.size() == 3U);
  BOOST_TEST(list.children[2].id == "c"); // first in order, so last here; not started
  BOOST_TEST((list.children[2].state == child_state::stopped));
  BOOST_TEST(ends.empty());
  BOOST_TEST((call(restart_child{"c"}).what == child_verdict::done));
  auto unknown = worker("d");
  unknown.start = nullptr;
  const auto refused =
      try_ask<supervision_changed>(root, carried{supervision_change{flags, {unknown}}});
  BOOST_REQUIRE(!refused);
  BOOST_TEST(refused.error().what.find("missing_start") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_call_before_the_first_start_waits_for_its_turn, nursery) {
  root = *spawn_supervisor(sys, chosen(), {worker("a")}, around());
  caf::anon_send(root, carried{child_to_start{worker("b"), {}}});
  settle();
  BOOST_TEST((told(supervision_fact::started) == ids{"a", "b"}));
}

BOOST_FIXTURE_TEST_CASE(logs_what_otp_logs, nursery) {
  start({worker("a", restart_type::temporary), worker("b")});
  add(worker("c"));
  tell(find("a"), do_end{}); // nothing to say
  tell(find("b"), do_fail{});
  BOOST_REQUIRE(reports.size() == 4U);
  BOOST_TEST((reports[1].context == report_context::progress));
  BOOST_TEST((reports[1].level == report_level::info));
  BOOST_TEST((reports[2].level == report_level::debug)); // started by a call
  BOOST_TEST((reports[3].context == report_context::child_terminated));
  BOOST_TEST(reports[3].child == "b");
  BOOST_TEST(reports[3].reason == "told to fail");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::supervisor::test
