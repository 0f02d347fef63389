// SPDX-License-Identifier: Apache-2.0
// Does a stop go backwards, keep everybody's budget, end in time, and name who would not leave?
#include "tests/actors/supervisor_stage.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

namespace holdfast::supervisor::test {

using what = supervision_fact;

namespace {

std::vector<std::string> errors_of(const stage& on) {
  std::vector<std::string> all;
  for (const auto& one : on.reports)
    if (one.context == report_context::shutdown_error)
      all.push_back(one.child + ": " + one.reason);
  return all;
}

using texts = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_SUITE(supervisor_stop)

BOOST_AUTO_TEST_CASE(point_30_killed_at_once_or_after_its_budget_or_never) {
  auto specs = specs_of({"never", "later", "at_once"});
  specs[0].shutdown = shutdown_without_limit;
  specs[1].shutdown = 500ms;
  specs[2].shutdown = 0ms;
  auto on = stage::running(flags_of(), specs);
  on.deaf = {"never", "later"};
  on.stop();
  BOOST_TEST(on.said() == "!at_once#1 ~at_once#1 -later#1");
  BOOST_TEST((on.orders[0].by == on.now + 500ms));
  on.pass(499ms);
  BOOST_TEST(on.said() == "");
  on.pass(1ms);
  BOOST_TEST(on.said() == "!later#1 ~later#1 -never#1");
  BOOST_TEST(!on.orders[1].by.has_value());
  on.pass(24h);
  BOOST_TEST(on.said() == "");
  on.die("never", ending::shutdown);
  BOOST_TEST(on.ended.has_value());
}

BOOST_AUTO_TEST_CASE(point_32_what_is_an_acceptable_end_and_what_is_reported) {
  struct row {
    restart_type type;
    std::chrono::milliseconds budget;
    ending how;
    bool reported;
  };
  using type = restart_type;
  for (const auto& [restart, budget, how, reported] :
       {row{type::permanent, 1s, ending::shutdown, false},
        row{type::permanent, 1s, ending::normal, true},
        row{type::transient, 1s, ending::normal, false},
        row{type::temporary, 1s, ending::normal, false},
        row{type::transient, 1s, ending::crashed, true},
        row{type::transient, 1s, ending::killed, true},
        row{type::permanent, 0s, ending::killed, false}})
    BOOST_TEST_CONTEXT(int(restart) << ' ' << budget.count() << ' ' << to_string(how)) {
      auto specs = specs_of({"a"}, restart);
      specs[0].shutdown = budget;
      auto on = stage::running(flags_of(), specs);
      on.last_words["a"] = how;
      on.stop();
      BOOST_TEST(errors_of(on).size() == (reported ? 1U : 0U));
    }
}

BOOST_AUTO_TEST_CASE(point_32_killed_after_its_time_is_an_error) {
  auto on = stage::running(flags_of(), specs_of({"a"}));
  on.deaf = {"a"};
  on.stop();
  on.pass(1s);
  BOOST_TEST((errors_of(on) == texts{"a: killed"}));
}

BOOST_AUTO_TEST_CASE(point_33_backwards_one_by_one_each_with_a_budget_of_its_own) {
  auto on = stage::running(flags_of(), specs_of({"a", "b", "c"}));
  on.deaf = {"a", "b", "c"};
  on.stop();
  on.pass(999ms);
  BOOST_TEST(on.said() == "-c#1");
  on.pass(2s);
  BOOST_TEST(on.said() == "!c#1 ~c#1 -b#1 !b#1 ~b#1 -a#1");
  on.pass(1ms);
  BOOST_TEST(on.said() == "!a#1 ~a#1");
  BOOST_TEST((on.ended->outcome == supervision_outcome::stopped));
  BOOST_TEST(on.ended->causes.empty());
}

BOOST_AUTO_TEST_CASE(point_33_instances_are_asked_all_at_once_killed_together_errors_grouped) {
  stage on{flags_of(restart_strategy::simple_one_for_one), specs_of({"w"})};
  on.start();
  for (int i = 0; i < 5; ++i)
    on.ask(start_child{});
  on.said();
  on.deaf = {"w#2", "w#4", "w#5"};
  on.last_words["w#3"] = ending::crashed;
  on.stop();
  BOOST_TEST(on.said() == "-w#1#1 ~w#1#1 -w#2#1 -w#3#1 ~w#3#1 -w#4#1 -w#5#1");
  on.pass(1s);
  BOOST_TEST(on.said() == "!w#5#1 ~w#5#1 !w#4#1 ~w#4#1 !w#2#1 ~w#2#1");
  BOOST_TEST_REQUIRE(on.ended.has_value());
  BOOST_TEST((errors_of(on) == texts{"w: crashed", "w: killed"}));
  BOOST_TEST(on.reports.back().children == 3U);
}

BOOST_AUTO_TEST_CASE(point_33_instances_that_outlive_their_killing_are_lost_together) {
  stage on{flags_of(restart_strategy::simple_one_for_one), specs_of({"w"})};
  on.start();
  for (int i = 0; i < 3; ++i)
    on.ask(start_child{});
  on.undying = {"w#1", "w#3"};
  on.stop();
  on.pass(3s);
  BOOST_TEST_REQUIRE(on.ended.has_value());
  BOOST_TEST(on.ended->stayed.size() == 2U);
}

BOOST_AUTO_TEST_CASE(point_34_a_child_supervisor_is_told_how_long_it_has) {
  child_spec branch{.id = "branch", .type = child_type::supervisor};
  auto on = stage::running(flags_of(), {branch});
  on.deaf = {"branch"};
  on.stop(20s);
  // Five seconds before the end it must have ended, or it is killed.
  BOOST_TEST((on.orders[0].by == on.now + 18s));
}

BOOST_AUTO_TEST_CASE(point_31_who_died_before_it_was_asked_is_not_waited_for) {
  auto on = stage::running(flags_of(), specs_of({"a", "b"}));
  on.deaf = {"b"};
  on.stop();
  on.die("a", ending::normal);
  on.die("b", ending::shutdown);
  BOOST_TEST(on.said() == "-b#1 ~a#1 ~b#1");
  BOOST_TEST(on.ended.has_value());
}

BOOST_AUTO_TEST_CASE(a_stop_cancels_the_wait_for_a_restart) {
  auto on = stage::running(flags_of(restart_strategy::one_for_all), specs_of({"a", "b"}));
  on.die("a");
  on.said();
  on.stop();
  BOOST_TEST(on.ended.has_value());
  on.pass(1h);
  BOOST_TEST(on.said() == "");
  BOOST_TEST(on.count_of(what::cancelled) == 1U);
  on.stop();
  BOOST_TEST(on.said() == "");
}

BOOST_AUTO_TEST_CASE(who_does_not_even_end_when_killed_is_lost_and_named) {
  auto on = stage::running(flags_of(), specs_of({"a", "b"}));
  on.undying = {"b"};
  on.hear(child_busy{{"b", 1}, "train_model", 90s});
  on.stop();
  on.pass(3s);
  BOOST_TEST(on.said() == "-b#1 !b#1 -a#1 ~a#1");
  BOOST_TEST_REQUIRE(on.ended.has_value());
  BOOST_TEST((on.ended->outcome == supervision_outcome::stopped));
  BOOST_TEST_REQUIRE(on.ended->stayed.size() == 1U);
  BOOST_TEST((on.ended->stayed[0]
              == stayed_child{"root", "b", 1, child_type::worker, "train_model", 90s, 3s}));
}

BOOST_AUTO_TEST_CASE(a_deadline_ends_the_stop_whatever_the_budgets_add_up_to) {
  auto specs = specs_of({"a", "b", "c"});
  for (auto& spec : specs)
    spec.shutdown = shutdown_without_limit;
  auto on = stage::running(flags_of(), specs);
  on.undying = {"b"};
  on.deaf = {"a", "c"};
  on.stop(10s);
  on.pass(7999ms);
  BOOST_TEST(on.said() == "-c#1");
  on.pass(1ms); // the kill budget before the end, nobody is asked any more
  BOOST_TEST(on.said() == "!c#1 ~c#1 !b#1 !a#1 ~a#1");
  BOOST_TEST(!on.ended.has_value());
  on.pass(2s);
  BOOST_TEST_REQUIRE(on.ended.has_value());
  BOOST_TEST_REQUIRE(on.ended->stayed.size() == 1U);
  BOOST_TEST(on.ended->stayed[0].child == "b");
}

/// Killed with the others they could not say who below them would not leave.
BOOST_AUTO_TEST_CASE(supervisors_whose_turn_has_not_come_get_half_of_what_is_left) {
  auto specs = specs_of({"a", "b", "c"});
  specs[0].type = specs[1].type = child_type::supervisor;
  for (auto& spec : specs)
    spec.shutdown = shutdown_without_limit;
  auto on = stage::running(flags_of(), specs);
  on.deaf = {"b", "c"};
  on.stop(10s);
  on.pass(7999ms);
  BOOST_TEST(on.said() == "-c#1");
  on.orders.clear();
  on.pass(1ms);
  BOOST_TEST(on.said() == "-b#1 -a#1 ~a#1 !c#1 ~c#1");
  BOOST_TEST_REQUIRE(on.orders.size() == 2U);
  BOOST_TEST((on.orders[0].by == t0 + 9s));
  on.pass(1s);
  BOOST_TEST(on.said() == "!b#1 ~b#1");
  BOOST_TEST(on.ended.has_value());
}

BOOST_AUTO_TEST_CASE(a_short_deadline_leaves_half_of_it_for_asking_and_zero_none) {
  auto on = stage::running(flags_of(), specs_of({"a", "b"}));
  on.deaf = {"a", "b"};
  on.stop(100ms);
  on.pass(49ms);
  BOOST_TEST(on.said() == "-b#1");
  on.pass(1ms);
  BOOST_TEST(on.said() == "!b#1 ~b#1 !a#1 ~a#1");

  auto at_once = stage::running(flags_of(), specs_of({"a"}));
  at_once.undying = {"a"};
  at_once.stop(0ms);
  at_once.pass(0ms);
  BOOST_TEST_REQUIRE(at_once.ended.has_value());
  BOOST_TEST(at_once.ended->stayed.size() == 1U);
}

BOOST_AUTO_TEST_CASE(asked_again_only_an_earlier_end_counts) {
  auto specs = specs_of({"a"});
  for (const auto budget : {0ms, shutdown_without_limit}) {
    specs[0].shutdown = budget; // also of who has been killed already
    auto on = stage::running(flags_of(), specs);
    on.undying = {"a"};
    on.stop();
    on.stop(10s);
    on.stop(1s);
    on.stop(1h);
    on.pass(999ms);
    BOOST_TEST(!on.ended.has_value());
    on.pass(1ms);
    BOOST_TEST(on.ended.has_value());
  }
}

BOOST_AUTO_TEST_CASE(who_stayed_below_is_named_up_the_tree) {
  auto on = stage::running(flags_of(), specs_of({"branch"}));
  on.deaf = {"branch"};
  on.stop();
  child_died told{.child = {"branch", 1}, .how = ending::shutdown};
  told.stayed.push_back({"branch", "leaf", 4, child_type::worker, "m", 1s, 2s});
  on.hear(told);
  BOOST_TEST_REQUIRE(on.ended->stayed.size() == 1U);
  BOOST_TEST(on.ended->stayed[0].child == "leaf");
}

BOOST_AUTO_TEST_CASE(points_41_any_significant_ends_the_supervisor_with_the_first) {
  struct row {
    restart_type type;
    ending how;
    bool ends;
  };
  using type = restart_type;
  for (const auto& [restart, how, ends] :
       {row{type::transient, ending::normal, true}, row{type::transient, ending::shutdown, true},
        row{type::transient, ending::crashed, false}, row{type::temporary, ending::normal, true},
        row{type::temporary, ending::crashed, true}})
    BOOST_TEST_CONTEXT(int(restart) << ' ' << to_string(how)) {
      auto chosen = flags_of();
      chosen.shuts_down = auto_shutdown::any_significant;
      auto specs = specs_of({"a", "s", "c"});
      specs[1].restart = restart;
      specs[1].significant = true;
      auto on = stage::running(chosen, specs);
      on.die("s", how);
      BOOST_TEST(on.ended.has_value() == ends);
      if (!ends)
        continue;
      BOOST_TEST(on.said() == "~s#1 -c#1 ~c#1 -a#1 ~a#1");
      BOOST_TEST((on.ended->outcome == supervision_outcome::ended_itself));
      BOOST_TEST(on.ended->causes.empty());
    }
}

BOOST_AUTO_TEST_CASE(point_41_all_significant_waits_for_the_last_one_also_in_a_restart_loop) {
  auto chosen = flags_of();
  chosen.shuts_down = auto_shutdown::all_significant;
  auto specs = specs_of({"s", "t", "other"}, restart_type::transient);
  specs[0].significant = specs[1].significant = true;
  auto on = stage::running(chosen, specs);
  on.die("other", ending::normal);
  on.die("s", ending::crashed);
  on.die("t", ending::normal);
  BOOST_TEST(!on.ended.has_value());
  on.pass(1s);
  on.die("s", ending::normal);
  BOOST_TEST(on.ended.has_value());
}

BOOST_AUTO_TEST_CASE(point_41_neither_a_stop_by_hand_nor_a_siblings_failure_ends_it) {
  auto chosen = flags_of(restart_strategy::one_for_all);
  chosen.shuts_down = auto_shutdown::any_significant;
  auto specs = specs_of({"s", "other"}, restart_type::transient);
  specs[0].significant = true;
  auto on = stage::running(chosen, specs);
  on.die("other");
  on.pass(1s);
  BOOST_TEST(on.said() == "~other#1 -s#1 ~s#1 +s#2 +other#2");
  on.verdict(terminate_child{"s"});
  BOOST_TEST(!on.ended.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::supervisor::test
