// SPDX-License-Identifier: Apache-2.0
// Who is restarted together with a child that failed, in what order, and what may come between?
#include "tests/actors/supervisor_stage.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

namespace holdfast::supervisor::test {

using what = supervision_fact;

BOOST_AUTO_TEST_SUITE(supervisor_groups)

BOOST_AUTO_TEST_CASE(point_21_one_for_one_starts_only_the_failed_one_in_its_place) {
  auto on = stage::running(flags_of(), specs_of({"a", "b", "c"}));
  on.die("b");
  BOOST_TEST((on.state("b") == child_state::backoff));
  on.pass(100ms);
  BOOST_TEST(on.said() == "~b#1 +b#2");
  on.stop();
  BOOST_TEST(on.said() == "-c#1 ~c#1 -b#2 ~b#2 -a#1 ~a#1");
}

BOOST_AUTO_TEST_CASE(point_22_one_for_all_ends_all_in_reverse_then_starts_all_in_order) {
  auto specs = specs_of({"a", "b", "c", "d"});
  specs[2].restart = restart_type::temporary;
  auto on = stage::running(flags_of(restart_strategy::one_for_all), specs);
  on.die("b");
  BOOST_TEST(on.said() == "~b#1 -d#1 ~d#1 -c#1 ~c#1 -a#1 ~a#1");
  BOOST_TEST(!on.root.knows("c"));
  on.pass(99ms);
  BOOST_TEST(on.said() == "");
  on.pass(1ms);
  BOOST_TEST(on.said() == "+a#2 +b#2 +d#2");
  BOOST_TEST(on.root.list(on.now).restarts_used == 1U);
  BOOST_TEST(on.status("a").restarts == 0U);
}

BOOST_AUTO_TEST_CASE(point_22_nobody_starts_while_somebody_has_still_to_end) {
  auto on = stage::running(flags_of(restart_strategy::one_for_all), specs_of({"a", "b", "c"}));
  on.deaf = {"a"};
  on.die("b");
  on.pass(999ms); // the pause is long over
  BOOST_TEST(on.said() == "~b#1 -c#1 ~c#1 -a#1");
  on.pass(1ms);
  BOOST_TEST(on.said() == "!a#1 ~a#1 +a#2 +b#2 +c#2");
}

BOOST_AUTO_TEST_CASE(point_22_a_group_restart_starts_also_those_that_were_stopped_before) {
  for (const auto strategy : {restart_strategy::one_for_all, restart_strategy::rest_for_one}) {
    auto on = stage::running(flags_of(strategy), specs_of({"a", "b"}));
    BOOST_TEST((on.verdict(terminate_child{"b"}) == child_verdict::done));
    on.said();
    on.die("a");
    on.pass(100ms);
    BOOST_TEST(on.said() == "~a#1 +a#2 +b#2");
  }
}

BOOST_AUTO_TEST_CASE(point_23_rest_for_one_leaves_those_before_alone) {
  auto specs = specs_of({"a", "b", "c", "d"});
  specs[3].restart = restart_type::temporary;
  auto on = stage::running(flags_of(restart_strategy::rest_for_one), specs);
  on.die("b");
  BOOST_TEST(on.said() == "~b#1 -d#1 ~d#1 -c#1 ~c#1");
  on.pass(100ms);
  BOOST_TEST(on.said() == "+b#2 +c#2");
  BOOST_TEST(on.status("a").incarnation == 1U);
}

BOOST_AUTO_TEST_CASE(point_24_instances_restart_alone_with_the_same_arguments) {
  stage on{flags_of(restart_strategy::simple_one_for_one), specs_of({"w"})};
  on.start();
  BOOST_TEST(on.all_started);
  const auto first = on.ask(start_child{.spec = {}, .arguments = value{7}});
  const auto second = on.ask(start_child{.spec = {}, .arguments = value{8}});
  BOOST_TEST((first->what == child_verdict::done));
  BOOST_TEST(first->child == "w#1");
  on.said();
  on.die("w#1");
  on.pass(100ms);
  BOOST_TEST(on.said() == "~w#1#1 +w#1#2");
  BOOST_TEST((on.root.arguments_of("w#1") == value{7}));
  BOOST_TEST((on.root.arguments_of(second->child) == value{8}));
}

BOOST_AUTO_TEST_CASE(points_7_and_24_an_instance_that_ignores_its_start_is_dropped) {
  stage on{flags_of(restart_strategy::simple_one_for_one), specs_of({"w"})};
  on.start();
  on.shy = {"w#1"};
  BOOST_TEST((on.verdict(start_child{}) == child_verdict::ignored));
  BOOST_TEST(on.root.list(on.now).children.empty());
  on.ask(start_child{});
  on.shy = {"w#2"};
  on.die("w#2");
  on.pass(1s);
  BOOST_TEST(on.root.list(on.now).children.empty());
}

BOOST_AUTO_TEST_CASE(point_24_an_instance_that_is_not_restarted_is_forgotten) {
  stage on{flags_of(restart_strategy::simple_one_for_one),
           specs_of({"w"}, restart_type::transient)};
  on.start();
  on.ask(start_child{});
  on.die("w#1", ending::normal);
  BOOST_TEST(!on.root.knows("w#1"));
  BOOST_TEST(on.ask(start_child{})->child == "w#2");
}

BOOST_AUTO_TEST_CASE(point_25_a_stop_by_hand_triggers_no_strategy) {
  for (const auto strategy : {restart_strategy::one_for_one, restart_strategy::one_for_all,
                              restart_strategy::rest_for_one}) {
    auto on = stage::running(flags_of(strategy), specs_of({"a", "b", "c"}));
    BOOST_TEST((on.verdict(terminate_child{"a"}) == child_verdict::done));
    on.pass(1min);
    BOOST_TEST(on.said() == "-a#1 ~a#1");
    BOOST_TEST(on.root.list(on.now).restarts_used == 0U);
  }
}

BOOST_AUTO_TEST_CASE(point_26_calls_and_a_stop_are_served_in_the_middle_of_a_restart_loop) {
  auto chosen = flags_of(restart_strategy::one_for_one, 1000);
  auto on = stage::running(chosen, specs_of({"a", "b"}));
  on.failing = {"a"};
  on.die("a");
  on.pass(10s);
  BOOST_TEST((on.state("a") == child_state::backoff));
  BOOST_TEST((on.verdict(restart_child{"a"}) == child_verdict::restarting));
  BOOST_TEST((on.verdict(start_child{spec_of("c")}) == child_verdict::done));
  BOOST_TEST((on.root.count() == child_counts{3, 2, 0, 3}));
  on.said();
  on.stop();
  BOOST_TEST(on.said() == "-c#1 ~c#1 -b#1 ~b#1");
  BOOST_TEST((on.ended->outcome == supervision_outcome::stopped));
}

BOOST_AUTO_TEST_CASE(point_27_one_for_all_ends_what_came_up_and_starts_again_from_the_first) {
  auto chosen = flags_of(restart_strategy::one_for_all, 10);
  auto on = stage::running(chosen, specs_of({"a", "b", "c", "d"}));
  on.failing = {"c"};
  on.die("d");
  on.pass(100ms);
  BOOST_TEST(on.said() == "~d#1 -c#1 ~c#1 -b#1 ~b#1 -a#1 ~a#1 +a#2 +b#2 +c#2 -b#2 ~b#2 -a#2 ~a#2");
  on.failing.clear();
  on.pass(100ms);
  BOOST_TEST(on.said() == "+a#3 +b#3 +c#3 +d#2");
}

BOOST_AUTO_TEST_CASE(point_28_rest_for_one_goes_on_from_the_one_that_failed) {
  auto chosen = flags_of(restart_strategy::rest_for_one, 10);
  auto on = stage::running(chosen, specs_of({"a", "b", "c", "d"}));
  on.failing = {"c"};
  on.die("b");
  on.pass(100ms);
  BOOST_TEST(on.said() == "~b#1 -d#1 ~d#1 -c#1 ~c#1 +b#2 +c#2");
  BOOST_TEST((on.state("b") == child_state::running));
  BOOST_TEST((on.state("d") == child_state::waiting));
  on.failing.clear();
  on.pass(100ms);
  BOOST_TEST(on.said() == "+c#3 +d#2");
}

BOOST_AUTO_TEST_CASE(points_29_and_38_a_stop_by_hand_cancels_the_loop_and_the_groups_restart) {
  for (const auto strategy : {restart_strategy::one_for_one, restart_strategy::rest_for_one,
                              restart_strategy::one_for_all}) {
    auto on = stage::running(flags_of(strategy, 10), specs_of({"a", "b", "c"}));
    on.failing = {"b"};
    on.die("b");
    on.pass(150ms);
    on.said();
    BOOST_TEST((on.verdict(terminate_child{"b"}) == child_verdict::done));
    on.pass(1h);
    BOOST_TEST(on.said() == "");
    BOOST_TEST((on.state("b") == child_state::stopped));
    on.failing.clear();
    BOOST_TEST((on.verdict(restart_child{"b"}) == child_verdict::done));
    BOOST_TEST(on.said() == "+b#3");
  }
}

BOOST_AUTO_TEST_CASE(an_earlier_failure_takes_over_the_restart_of_a_later_one) {
  auto on = stage::running(flags_of(restart_strategy::rest_for_one, 10), specs_of({"a", "b", "c"}));
  on.die("b");
  on.pass(50ms);
  on.die("a");
  on.pass(99ms);
  BOOST_TEST(on.said() == "~b#1 -c#1 ~c#1 ~a#1");
  on.pass(1ms);
  BOOST_TEST(on.said() == "+a#2 +b#2 +c#2");
}

BOOST_AUTO_TEST_CASE(who_dies_while_its_turn_to_end_has_not_come_is_neither_counted_nor_asked) {
  auto on = stage::running(flags_of(restart_strategy::one_for_all), specs_of({"a", "b", "c"}));
  on.deaf = {"c"};
  on.die("b");
  on.die("a", ending::crashed, "meanwhile");
  BOOST_TEST(on.said() == "~b#1 -c#1 ~a#1");
  on.pass(1s);
  BOOST_TEST(on.said() == "!c#1 ~c#1 +a#2 +b#2 +c#2");
  BOOST_TEST(on.root.list(on.now).restarts_used == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::supervisor::test
