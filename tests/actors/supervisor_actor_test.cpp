// SPDX-License-Identifier: Apache-2.0
// Does the supervisor's shell spawn, watch, end and kill real actors as its machine says?
#include "tests/actors/supervisor_nursery.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

namespace holdfast::supervisor::test {

BOOST_AUTO_TEST_SUITE(supervisor_shell)

BOOST_FIXTURE_TEST_CASE(starts_in_order_and_stops_in_reverse, nursery) {
  start({worker("a"), worker("b"), worker("c")});
  ask<children_started>(root, await_children{});
  BOOST_TEST((told(supervision_fact::started) == ids{"a", "b", "c"}));
  caf::anon_send_exit(root, caf::exit_reason::user_shutdown);
  const auto end = end_of(root);
  BOOST_REQUIRE(end);
  BOOST_TEST((ending_of(*end) == ending::shutdown));
  BOOST_TEST(!ended_of(*end));
  BOOST_TEST((ends == ids{"c", "b", "a"}));
  BOOST_TEST((history.back().what == supervision_fact::all_stopped));
}

BOOST_FIXTURE_TEST_CASE(a_crash_is_told_with_its_text_and_mended_after_the_pause, nursery) {
  start({worker("a"), worker("b")});
  const auto first = book->find("a");
  BOOST_REQUIRE(first);
  tell(first, do_fail{});
  BOOST_TEST((told(supervision_fact::died) == ids{"a"}));
  BOOST_TEST(history[3].text == "told to fail");
  BOOST_TEST(!book->find("a"));
  BOOST_TEST((try_ask<caf::actor>(root, find_child{"a"}).error().code == fault_code::busy));
  pass(99ms);
  BOOST_TEST(!book->find("a"));
  pass(1ms);
  BOOST_REQUIRE(book->find("a"));
  BOOST_TEST((book->find("a") == first)); // it leads to another incarnation now
  BOOST_TEST((ask<caf::actor>(root, find_child{"a"}) == book->find("a")));
  BOOST_TEST((try_ask<caf::actor>(root, find_child{"x"}).error().code == fault_code::not_found));
  BOOST_TEST(ask<child_list>(root, which_children{}).children.back().restarts == 1U);
  BOOST_TEST((ask<child_counts>(root, count_children{}) == child_counts{2, 2, 0, 2}));
}

BOOST_FIXTURE_TEST_CASE(gives_up_upward_with_the_chain_of_causes, nursery) {
  auto inner = chosen(0);
  inner.name = "inner";
  child branch{{.id = "branch", .shutdown = shutdown_without_limit, .type = child_type::supervisor},
               [=, this](caf::actor_system& system) {
                 auto made = spawn_supervisor(system, inner, {worker("leaf")}, around());
                 return caf::actor_cast<caf::actor>(*made);
               }};
  start({worker("a"), branch}, 1);
  ask<children_started>(root, await_children{});
  tell(book->find("leaf"), do_fail{});
  pass(100ms);
  BOOST_REQUIRE(book->find("leaf"));
  tell(book->find("leaf"), do_fail{});
  const auto end = end_of(root);
  BOOST_REQUIRE(end);
  const auto said = ended_of(*end);
  BOOST_REQUIRE(said);
  BOOST_TEST((said->outcome == supervision_outcome::gave_up));
  BOOST_REQUIRE(said->causes.size() == 2U);
  BOOST_TEST(said->causes[0].child == "branch");
  BOOST_TEST(said->causes[0].earlier.size() == 1U);
  BOOST_TEST(
      (said->causes[1]
       == cause{"inner", "leaf", 1, "told to fail", ending::crashed, "supervisor::test::do_fail"}));
  BOOST_TEST((ends == ids{"leaf", "leaf", "a"}));
}

BOOST_FIXTURE_TEST_CASE(undoes_the_start_when_a_factory_throws, nursery) {
  auto broken = worker("b");
  broken.start = [](caf::actor_system&) -> caf::actor { throw std::runtime_error{"no disk"}; };
  auto made = spawn_supervisor(sys, chosen(), {worker("a"), broken}, around());
  BOOST_REQUIRE(bool{made});
  root = *made;
  auto answer = try_ask<children_started>(root, await_children{});
  BOOST_REQUIRE(!answer);
  BOOST_TEST(answer.error().what == "child 'b' did not start: no disk");
  BOOST_TEST((ended_of(*end_of(root))->outcome == supervision_outcome::undone));
  BOOST_TEST((ends == ids{"a"}));
}

BOOST_FIXTURE_TEST_CASE(undoes_the_start_when_an_actor_fails_in_its_first_step, nursery) {
  auto broken = worker("b");
  broken.start = [](caf::actor_system& system) -> caf::actor {
    return system.spawn(
        [](caf::event_based_actor* actor, const std::string& text) -> caf::behavior {
          furnish(actor);
          throw std::runtime_error{text};
        },
        std::string{"no memory"});
  };
  start({worker("a"), broken});
  const auto said = ended_of(*end_of(root));
  BOOST_REQUIRE(said);
  BOOST_TEST(said->text == "child 'b' did not start: no memory");
}

BOOST_FIXTURE_TEST_CASE(a_restart_loop_uses_up_the_intensity_and_ends, nursery) {
  int starts = 0;
  auto fragile = worker("a");
  fragile.start = [&, good = fragile.start](caf::actor_system& system) -> caf::actor {
    if (++starts > 1)
      throw std::runtime_error{"gone for good"};
    return good(system).actor;
  };
  start({fragile}, 3);
  tell(book->find("a"), do_fail{});
  pass(10s);
  BOOST_TEST((ended_of(*end_of(root))->outcome == supervision_outcome::gave_up));
  BOOST_TEST(starts == 4);
}

BOOST_FIXTURE_TEST_CASE(kills_a_child_that_overruns_its_budget, nursery) {
  start({worker("a"), stubborn("b")});
  caf::anon_send_exit(root, caf::exit_reason::user_shutdown);
  pass(999ms);
  BOOST_TEST(ends.empty());
  pass(1ms);
  BOOST_TEST((ends == ids{"b", "a"}));
  BOOST_TEST((told(supervision_fact::killed) == ids{"b"}));
  BOOST_TEST(ended(root));
}

BOOST_FIXTURE_TEST_CASE(a_child_may_decide_not_to_run, nursery) {
  auto shy = worker("b");
  shy.start = [](caf::actor_system&) { return caf::actor{}; };
  start({worker("a"), shy, worker("c")});
  ask<children_started>(root, await_children{});
  BOOST_TEST((told(supervision_fact::ignored) == ids{"b"}));
  BOOST_TEST((ask<child_counts>(root, count_children{}) == child_counts{3, 2, 0, 3}));
}

BOOST_FIXTURE_TEST_CASE(refuses_bad_specs_before_anything_starts, nursery) {
  auto made = spawn_supervisor(sys, chosen(), {worker("a"), worker("a")}, around());
  BOOST_REQUIRE(!made);
  BOOST_TEST(made.error().what.find("duplicate_child_name") != std::string::npos);
  made = spawn_supervisor(sys, chosen(), {{{.id = "a"}, nullptr}}, around());
  BOOST_REQUIRE(!made);
  BOOST_TEST(made.error().what.find("missing_start") != std::string::npos);
  BOOST_TEST(history.empty());
}

BOOST_FIXTURE_TEST_CASE(a_group_ends_in_reverse_and_starts_in_order, nursery) {
  auto all = chosen();
  all.strategy = restart_strategy::one_for_all;
  root = *spawn_supervisor(sys, all, {worker("a"), worker("b"), worker("c")}, around());
  settle();
  tell(book->find("b"), do_fail{});
  BOOST_TEST((ends == ids{"b", "c", "a"}));
  BOOST_TEST(!book->find("a"));
  history.clear();
  pass(100ms);
  BOOST_TEST((told(supervision_fact::started) == ids{"a", "b", "c"}));
  BOOST_TEST((ask<child_counts>(root, count_children{}) == child_counts{3, 3, 0, 3}));
}

BOOST_FIXTURE_TEST_CASE(who_answers_its_probes_is_left_alone, nursery) {
  auto watched = worker("a");
  watched.spec.hang.probe_every = 1s;
  watched.spec.hang.probe_within = 100ms;
  start({watched});
  pass(1min);
  BOOST_TEST(told(supervision_fact::hung).empty());
  BOOST_TEST(bool{book->find("a")});
}

BOOST_FIXTURE_TEST_CASE(a_killed_supervisor_leaves_no_child_behind, nursery) {
  start({worker("a"), worker("b")});
  caf::anon_send_exit(root, caf::exit_reason::kill);
  settle();
  BOOST_TEST(!book->find("a"));
  BOOST_TEST(ends.size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(takes_back_what_its_history_remembers, nursery) {
  auto given = around();
  given.past = remembered{{1s}, {{"a", {.incarnation = 7, .restarts = 4, .failures = 1}}}};
  root = *spawn_supervisor(sys, chosen(1), {worker("a")}, given);
  settle();
  const auto before = ask<child_list>(root, which_children{});
  BOOST_TEST(before.restarts_used == 1U);
  BOOST_TEST(before.children.front().incarnation == 8U);
  tell(book->find("a"), do_fail{}); // one too many
  const auto end = end_of(root);
  BOOST_REQUIRE(end);
  BOOST_TEST((ended_of(*end)->outcome == supervision_outcome::gave_up));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::supervisor::test
