// SPDX-License-Identifier: Apache-2.0
// Do the calls give OTP's answers, also in the middle of other things?
#include "tests/actors/supervisor_stage.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

namespace holdfast::supervisor::test {

using what = supervision_fact;
using verdict = child_verdict;

BOOST_AUTO_TEST_SUITE(supervisor_calls)

BOOST_AUTO_TEST_CASE(point_35_start_child_answers_when_the_child_is_up) {
  auto on = stage::running(flags_of(), specs_of({"a"}));
  on.hanging = {"b"};
  BOOST_TEST(!on.ask(start_child{spec_of("b")}).has_value());
  on.hear(child_started{{"b", 1}, false, "port 8080"});
  const auto told = on.answer_to(on.last_call());
  BOOST_TEST_REQUIRE(told.has_value());
  BOOST_TEST((*told == child_answer{verdict::done, "b", 1, "port 8080", {}}));
  BOOST_TEST(on.said() == "+b#1");
}

BOOST_AUTO_TEST_CASE(point_35_already_started_or_present_by_what_the_child_does) {
  auto on = stage::running(flags_of(restart_strategy::one_for_one, 100), specs_of({"a"}));
  const auto told = on.ask(start_child{spec_of("a")});
  BOOST_TEST((told->what == verdict::already_started));
  BOOST_TEST(told->incarnation == 1U);
  on.die("a");
  BOOST_TEST((on.verdict(start_child{spec_of("a")}) == verdict::already_present));
  on.verdict(terminate_child{"a"});
  BOOST_TEST((on.verdict(start_child{spec_of("a")}) == verdict::already_present));
}

BOOST_AUTO_TEST_CASE(point_35_of_a_failed_start_nothing_is_kept_and_nothing_counted) {
  auto on = stage::running(flags_of(restart_strategy::one_for_one, 0), specs_of({"a"}));
  on.failing = {"b"};
  const auto told = on.ask(start_child{spec_of("b")});
  BOOST_TEST((told->what == verdict::failed));
  BOOST_TEST(told->text == "does not come up");
  BOOST_TEST_REQUIRE(told->spec.has_value());
  BOOST_TEST(told->spec->id == "b");
  BOOST_TEST(!on.root.knows("b"));
  BOOST_TEST(!on.ended.has_value());
  BOOST_TEST((on.verdict(start_child{{.id = ""}}) == verdict::invalid));
}

BOOST_AUTO_TEST_CASE(point_35_a_temporary_child_that_ignores_its_start_is_not_kept) {
  auto on = stage::running(flags_of(), specs_of({}));
  on.shy = {"a", "b"};
  BOOST_TEST((on.verdict(start_child{spec_of("a")}) == verdict::ignored));
  BOOST_TEST((on.verdict(start_child{spec_of("b", restart_type::temporary)}) == verdict::ignored));
  BOOST_TEST(on.root.knows("a"));
  BOOST_TEST(!on.root.knows("b"));
}

BOOST_AUTO_TEST_CASE(point_36_restart_child_only_for_a_stopped_one) {
  auto on = stage::running(flags_of(), specs_of({"a", "b"}));
  BOOST_TEST((on.verdict(restart_child{"x"}) == verdict::not_found));
  BOOST_TEST((on.verdict(restart_child{"a"}) == verdict::running));
  on.die("a");
  BOOST_TEST((on.verdict(restart_child{"a"}) == verdict::restarting));
  on.verdict(terminate_child{"b"});
  on.failing = {"b"};
  BOOST_TEST((on.verdict(restart_child{"b"}) == verdict::failed));
  BOOST_TEST((on.state("b") == child_state::stopped)); // its spec is kept
  on.failing.clear();
  const auto told = on.ask(restart_child{"b"});
  BOOST_TEST((told->what == verdict::done));
  BOOST_TEST(told->incarnation == 3U);
  BOOST_TEST(on.root.list(on.now).restarts_used == 1U);
}

BOOST_AUTO_TEST_CASE(point_37_delete_child_only_for_a_stopped_one) {
  auto on = stage::running(flags_of(), specs_of({"a", "b"}));
  BOOST_TEST((on.verdict(delete_child{"x"}) == verdict::not_found));
  BOOST_TEST((on.verdict(delete_child{"a"}) == verdict::running));
  on.die("a");
  BOOST_TEST((on.verdict(delete_child{"a"}) == verdict::restarting));
  on.verdict(terminate_child{"a"});
  BOOST_TEST((on.verdict(delete_child{"a"}) == verdict::done));
  BOOST_TEST(!on.root.knows("a"));
  BOOST_TEST((on.verdict(terminate_child{"a"}) == verdict::not_found));
}

BOOST_AUTO_TEST_CASE(point_38_terminate_child_is_done_also_when_nothing_lives) {
  auto on = stage::running(flags_of(), specs_of({"a", "b"}));
  on.deaf = {"a"};
  BOOST_TEST(!on.ask(terminate_child{"a"}).has_value());
  BOOST_TEST(!on.ask(terminate_child{"a"}).has_value());
  BOOST_TEST(on.said() == "-a#1");
  on.die("a", ending::shutdown);
  BOOST_TEST((on.told(1).what == verdict::done));
  BOOST_TEST((on.told(2).what == verdict::done));
  BOOST_TEST((on.verdict(terminate_child{"a"}) == verdict::done));
  on.die("b");
  BOOST_TEST((on.verdict(terminate_child{"b"}) == verdict::done)); // cancels the loop
  BOOST_TEST((on.state("b") == child_state::stopped));
  BOOST_TEST((on.verdict(terminate_child{"x"}) == verdict::not_found));
}

BOOST_AUTO_TEST_CASE(point_38_a_terminated_temporary_child_is_forgotten) {
  auto on = stage::running(flags_of(), specs_of({"a"}, restart_type::temporary));
  on.verdict(terminate_child{"a"});
  BOOST_TEST(!on.root.knows("a"));
}

BOOST_AUTO_TEST_CASE(point_38_a_call_may_name_the_incarnation_it_means) {
  auto on = stage::running(flags_of(), specs_of({"a"}));
  on.die("a");
  on.pass(1s);
  on.said();
  BOOST_TEST((on.verdict(terminate_child{"a", 1}) == verdict::done)); // that one has ended
  BOOST_TEST((on.verdict(terminate_child{"a", 3}) == verdict::not_found));
  BOOST_TEST(on.said() == "");
  BOOST_TEST((on.verdict(terminate_child{"a", 2}) == verdict::done));
  BOOST_TEST(on.said() == "-a#2 ~a#2");
}

BOOST_AUTO_TEST_CASE(points_36_37_and_38_what_simple_one_for_one_allows) {
  stage on{flags_of(restart_strategy::simple_one_for_one), specs_of({"w"})};
  on.start();
  BOOST_TEST(on.ask(start_child{})->child == "w#1");
  BOOST_TEST((on.verdict(restart_child{"w#1"}) == verdict::not_valid));
  BOOST_TEST((on.verdict(delete_child{"w#1"}) == verdict::not_valid));
  BOOST_TEST((on.verdict(terminate_child{"w"}) == verdict::not_valid));
  BOOST_TEST((on.verdict(terminate_child{"w#1"}) == verdict::not_valid));
  BOOST_TEST((on.verdict(terminate_child{"w#1", 1}) == verdict::done));
  BOOST_TEST((on.verdict(terminate_child{"w#1", 1}) == verdict::done)); // dead is done
  for (const auto* foreign : {"w#2", "x#1", "w#", "w#0", "w#1x", "w"})
    BOOST_TEST((on.verdict(terminate_child{foreign, 1}) == verdict::not_found), foreign);
  on.failing = {"w#2"};
  BOOST_TEST((on.verdict(start_child{}) == verdict::failed));
  BOOST_TEST(on.root.list(on.now).children.empty());
}

BOOST_AUTO_TEST_CASE(point_39_which_count_and_get) {
  auto specs = specs_of({"a", "b", "c"});
  specs[1].type = child_type::supervisor;
  specs[1].shutdown.reset();
  auto on = stage::running(flags_of(), specs);
  on.pass(1s);
  on.die("a", ending::crashed, "out of memory");
  on.pass(20ms);
  const auto all = on.root.list(on.now);
  BOOST_TEST_REQUIRE(all.children.size() == 3U);
  BOOST_TEST(all.children[0].id == "c"); // newest first
  BOOST_TEST(all.children[0].in_state.count() == 1020);
  BOOST_TEST((all.children[2].state == child_state::backoff));
  BOOST_TEST(all.children[2].retry_in.count() == 80);
  BOOST_TEST(all.children[2].last_cause == "out of memory");
  BOOST_TEST(all.children[2].failures == 1U);
  BOOST_TEST(all.restarts_used == 1U);
  BOOST_TEST((on.root.count() == child_counts{3, 2, 1, 2}));
  BOOST_TEST((on.root.spec_of("b")->shutdown == shutdown_without_limit));
  BOOST_TEST(!on.root.spec_of("x"));
  BOOST_TEST(!on.root.status_of("x", on.now));
}

BOOST_AUTO_TEST_CASE(point_39_the_counts_of_simple_one_for_one) {
  stage on{flags_of(restart_strategy::simple_one_for_one), specs_of({"w"})};
  on.start();
  BOOST_TEST((on.root.count() == child_counts{1, 0, 0, 0}));
  on.ask(start_child{});
  on.ask(start_child{});
  on.die("w#1");
  BOOST_TEST((on.root.count() == child_counts{1, 1, 0, 2}));
  BOOST_TEST(on.root.spec_of("w")->id == "w");
}

BOOST_AUTO_TEST_CASE(point_40_calls_go_on_while_starts_and_stops_are_under_way) {
  // Unlike OTP's, which answers nobody until the start or stop is over.
  auto on = stage::running(flags_of(), specs_of({"a"}));
  on.hanging = {"slow"};
  on.deaf = {"a"};
  BOOST_TEST(!on.ask(start_child{spec_of("slow")}).has_value());
  BOOST_TEST(!on.ask(terminate_child{"a"}).has_value());
  BOOST_TEST((on.verdict(start_child{spec_of("c")}) == verdict::done));
  BOOST_TEST((on.verdict(restart_child{"a"}) == verdict::running));
  on.pass(3s);
  BOOST_TEST((on.told(1).what == verdict::failed));
  BOOST_TEST((on.told(2).what == verdict::done));
}

BOOST_AUTO_TEST_CASE(every_caller_is_answered_when_the_supervisor_ends) {
  auto on = stage::running(flags_of(restart_strategy::one_for_all), specs_of({"a"}));
  on.hanging = {"b"};
  on.ask(start_child{spec_of("b")});
  on.ask(start_child{spec_of("c")}); // waits for b
  on.stop();
  BOOST_TEST((on.told(1).what == verdict::stopping));
  BOOST_TEST((on.told(2).what == verdict::stopping));
  for (const auto& told : {on.verdict(start_child{spec_of("d")}), on.verdict(restart_child{"a"})})
    BOOST_TEST((told == verdict::stopping));
}

BOOST_AUTO_TEST_CASE(who_joins_a_group_that_is_down_waits_for_it) {
  auto on = stage::running(flags_of(restart_strategy::one_for_all), specs_of({"a", "b"}));
  on.die("a");
  BOOST_TEST(!on.ask(start_child{spec_of("c")}).has_value());
  on.said();
  on.pass(100ms);
  BOOST_TEST(on.said() == "+a#2 +b#2 +c#1");
  BOOST_TEST((on.told(1).what == verdict::done));
}

BOOST_AUTO_TEST_CASE(a_start_that_is_overtaken_by_a_stop_of_its_child_is_answered) {
  auto on = stage::running(flags_of(), specs_of({}));
  on.hanging = {"a"};
  on.ask(start_child{spec_of("a")});
  BOOST_TEST((on.verdict(terminate_child{"a"}) == verdict::done));
  BOOST_TEST((on.told(1).what == verdict::stopping));
  BOOST_TEST((on.state("a") == child_state::stopped));
}

BOOST_AUTO_TEST_CASE(a_start_of_somebody_elses_while_its_group_fails_is_answered_once_it_is_up) {
  auto on = stage::running(flags_of(restart_strategy::one_for_all), specs_of({"a"}));
  on.hanging = {"b"};
  on.ask(start_child{spec_of("b")});
  on.die("a");
  on.hanging.clear();
  on.pass(100ms);
  BOOST_TEST(on.said() == "+b#1 ~a#1 -b#1 ~b#1 +a#2 +b#2");
  BOOST_TEST((on.told(1).what == verdict::done));
}

BOOST_AUTO_TEST_CASE(an_id_that_comes_back_does_not_hear_what_was_told_of_its_former_bearer) {
  auto on = stage::running(flags_of(), specs_of({"a"}));
  on.undying = {"a"};
  on.ask(terminate_child{"a"});
  on.pass(3s);
  BOOST_TEST((on.told(1).what == verdict::failed));
  BOOST_TEST((on.state("a") == child_state::abandoned));
  BOOST_TEST((on.verdict(delete_child{"a"}) == verdict::done));
  BOOST_TEST(on.ask(start_child{spec_of("a")})->incarnation == 2U);
  on.hear(child_died{.child = {"a", 1}});
  BOOST_TEST((on.state("a") == child_state::running));
}

BOOST_AUTO_TEST_CASE(who_is_lost_and_must_not_live_twice_counts_as_running) {
  auto specs = specs_of({"a"});
  specs[0].when_lost = lost_action::give_up;
  auto on = stage::running(flags_of(), specs);
  on.undying = {"a"};
  on.ask(terminate_child{"a"});
  on.pass(3s);
  BOOST_TEST((on.verdict(restart_child{"a"}) == verdict::running));
  on.hear(child_died{.child = {"a", 1}, .how = ending::killed});
  BOOST_TEST((on.verdict(restart_child{"a"}) == verdict::done));
}

BOOST_AUTO_TEST_CASE(point_42_a_change_merges_and_leaves_children_running) {
  auto on = stage::running(flags_of(), specs_of({"a", "b", "c"}));
  on.die("c");
  on.pass(1s);
  on.said();
  auto specs = specs_of({"n", "c", "a"});
  specs[1].shutdown = 0ms;
  auto chosen = flags_of(restart_strategy::rest_for_one, 1);
  chosen.name = "another";
  auto made = on.root.change({chosen, specs}, on.now);
  BOOST_TEST_REQUIRE(bool{made});
  on.take(*made);
  BOOST_TEST(on.said() == "");
  BOOST_TEST(on.root.flags().name == "root"); // its history hangs on it
  BOOST_TEST((on.state("n") == child_state::stopped));
  BOOST_TEST(on.status("c").incarnation == 2U);
  BOOST_TEST((on.root.spec_of("c")->shutdown == 0ms));
  // Listed ones in their order, then the others; what the budget has used, it has used.
  on.verdict(restart_child{"n"});
  on.said();
  on.die("a");
  BOOST_TEST_REQUIRE(on.ended.has_value());
  BOOST_TEST(on.said() == "~a#1 -b#1 ~b#1 !c#2 ~c#2 -n#1 ~n#1");
}

/// A limit that was lowered and raised again had forgotten what it had used.
BOOST_AUTO_TEST_CASE(point_42_a_limit_that_goes_down_and_up_forgets_no_restart) {
  auto on = stage::running(flags_of(restart_strategy::one_for_one, 4), specs_of({"a"}));
  for (int i = 0; i < 4; ++i) {
    on.die("a");
    on.pass(1s);
  }
  for (const auto limit : {1U, 4U})
    on.take(
        *on.root.change({flags_of(restart_strategy::one_for_one, limit), specs_of({"a"})}, on.now));
  BOOST_TEST(!on.ended.has_value());
  on.die("a");
  BOOST_TEST(on.ended.has_value());
}

BOOST_AUTO_TEST_CASE(point_42_with_any_problem_the_old_configuration_stays_in_force) {
  auto on = stage::running(flags_of(), specs_of({"a"}));
  const auto refused = [&](supervisor_flags chosen, std::vector<child_spec> specs) {
    return !on.root.change({std::move(chosen), std::move(specs)}, on.now);
  };
  auto bad = flags_of();
  bad.period = 0ms;
  BOOST_TEST(refused(bad, specs_of({"a", "n"})));
  BOOST_TEST(refused(flags_of(), specs_of({"n", "n"})));
  BOOST_TEST(refused(flags_of(restart_strategy::simple_one_for_one), specs_of({"a"})));
  BOOST_TEST(!on.root.knows("n"));
  BOOST_TEST((on.root.flags() == flags_of()));
}

BOOST_AUTO_TEST_CASE(point_42_a_change_in_the_middle_of_a_groups_restart_loses_nobody) {
  auto on = stage::running(flags_of(restart_strategy::one_for_all), specs_of({"a", "b", "c"}));
  on.deaf = {"b"};
  on.die("a");
  BOOST_TEST(on.said() == "~a#1 -c#1 ~c#1 -b#1");
  auto made =
      on.root.change({flags_of(restart_strategy::one_for_all), specs_of({"c", "b", "a"})}, on.now);
  on.take(*made);
  on.pass(1s);
  BOOST_TEST(on.said() == "!b#1 ~b#1 +c#2 +b#2 +a#2");
}

BOOST_AUTO_TEST_CASE(point_42_a_new_order_in_the_middle_of_the_start_lets_nobody_start_early) {
  // The first in the new order was started beside the one that was being started already.
  stage on{flags_of(), specs_of({"a", "b", "c"})};
  on.hanging = {"b"};
  on.start();
  on.take(*on.root.change({flags_of(), specs_of({"c", "a", "b"})}, on.now));
  BOOST_TEST(on.said() == "+a#1 +b#1");
  on.hear(child_started{{"b", 1}});
  BOOST_TEST(on.said() == "+c#1");
}

BOOST_AUTO_TEST_CASE(point_42_instances_follow_their_new_spec) {
  stage on{flags_of(restart_strategy::simple_one_for_one), specs_of({"w"})};
  on.start();
  on.ask(start_child{});
  auto made = on.root.change(
      {flags_of(restart_strategy::simple_one_for_one), specs_of({"w"}, restart_type::temporary)},
      on.now);
  BOOST_TEST_REQUIRE(bool{made});
  on.take(*made);
  on.die("w#1");
  BOOST_TEST(!on.root.knows("w#1"));
}

BOOST_AUTO_TEST_CASE(point_43_reports_name_context_reason_and_offender) {
  auto specs = specs_of({"a"});
  auto on = stage{flags_of(), specs};
  on.start();
  BOOST_TEST_REQUIRE(on.reports.size() == 1U);
  BOOST_TEST((on.reports[0].context == report_context::progress));
  BOOST_TEST((on.reports[0].level == report_level::info));
  on.verdict(start_child{spec_of("b")});
  BOOST_TEST((on.reports[1].level == report_level::debug)); // what a call starts
  on.die("b", ending::crashed, "no memory");
  BOOST_TEST_REQUIRE(on.reports.size() == 3U);
  BOOST_TEST((on.reports[2]
              == supervision_report{report_context::child_terminated, report_level::error, "root",
                                    "no memory", "b", 1, 1, restart_type::permanent,
                                    child_type::worker, false, 1s}));
  on.failing = {"b"};
  on.pass(100ms);
  BOOST_TEST((on.reports[3].context == report_context::start_error));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::supervisor::test
