// SPDX-License-Identifier: Apache-2.0
// Who is restarted after a death, after what pause, and when is it enough?
#include "tests/actors/supervisor_stage.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

namespace holdfast::supervisor::test {

using what = supervision_fact;

BOOST_AUTO_TEST_SUITE(supervisor_restart)

BOOST_AUTO_TEST_CASE(points_12_13_and_14_restart_report_and_spec_by_type_and_ending) {
  struct row {
    restart_type type;
    ending how;
    bool restarts;
    bool reports;
  };
  using type = restart_type;
  for (const auto& [restart, how, restarts, reports] :
       {row{type::permanent, ending::normal, true, true},
        row{type::permanent, ending::shutdown, true, true},
        row{type::permanent, ending::crashed, true, true},
        row{type::transient, ending::normal, false, false},
        row{type::transient, ending::shutdown, false, false},
        row{type::transient, ending::crashed, true, true},
        row{type::transient, ending::killed, true, true},
        row{type::temporary, ending::normal, false, false},
        row{type::temporary, ending::crashed, false, true}})
    BOOST_TEST_CONTEXT(int(restart) << ' ' << to_string(how)) {
      auto on = stage::running(flags_of(), specs_of({"a"}, restart));
      on.die("a", how);
      BOOST_TEST((on.count_of(what::restart_due) == 1U) == restarts);
      BOOST_TEST(on.root.knows("a") == (restart != type::temporary));
      const bool reported =
          !on.reports.empty() && on.reports[0].context == report_context::child_terminated;
      BOOST_TEST(reported == reports);
      on.pass(1s);
      BOOST_TEST(on.said() == (restarts ? "~a#1 +a#2" : "~a#1"));
      if (restart == type::transient && !restarts)
        BOOST_TEST((on.verdict(restart_child{"a"}) == child_verdict::done));
    }
}

BOOST_AUTO_TEST_CASE(point_11_what_is_told_of_somebody_unknown_or_gone_changes_nothing) {
  auto on = stage::running(flags_of(), specs_of({"a"}));
  BOOST_TEST((on.root.on(child_died{.child = {"x", 1}}, on.now) == decision{}));
  BOOST_TEST((on.root.on(child_started{{"x", 1}}, on.now) == decision{}));
  on.die("a");
  on.pass(100ms);
  BOOST_TEST((on.root.on(child_died{.child = {"a", 1}}, on.now) == decision{}));
  BOOST_TEST((on.root.on(child_start_failed{{"a", 1}, "late"}, on.now) == decision{}));
  BOOST_TEST((on.root.on(child_busy{{"a", 1}, "m", 1h}, on.now) == decision{}));
  BOOST_TEST((on.state("a") == child_state::running));
}

BOOST_AUTO_TEST_CASE(points_15_and_17_the_restart_beyond_the_intensity_is_never_performed) {
  for (const std::uint32_t intensity : {0U, 1U, 3U})
    BOOST_TEST_CONTEXT("intensity " << intensity) {
      auto on =
          stage::running(flags_of(restart_strategy::one_for_one, intensity), specs_of({"a", "b"}));
      for (std::uint32_t i = 0; i < intensity; ++i) {
        on.die(i % 2 == 0 ? "a" : "b"); // of all children together
        on.pass(500ms);
      }
      BOOST_TEST(!on.ended.has_value());
      on.die("a");
      BOOST_TEST_REQUIRE(on.ended.has_value());
      BOOST_TEST((on.ended->outcome == supervision_outcome::gave_up));
      BOOST_TEST(on.count_of(what::restart_due) == intensity);
    }
}

BOOST_AUTO_TEST_CASE(point_16_the_window_slides_and_is_exact_to_the_millisecond) {
  // Unlike OTP's, whose seconds make a period of 5 last up to 6.
  for (const auto& [gap, gives_up] : {std::pair{5000ms, true}, std::pair{5001ms, false}})
    BOOST_TEST_CONTEXT(gap.count() << " ms") {
      auto chosen = flags_of(restart_strategy::one_for_one, 1);
      auto on = stage::running(chosen, specs_of({"a"}));
      on.die("a");
      on.pass(gap);
      on.die("a");
      BOOST_TEST(on.ended.has_value() == gives_up);
    }
}

BOOST_AUTO_TEST_CASE(point_16_a_period_may_be_shorter_than_a_second) {
  auto chosen = flags_of(restart_strategy::one_for_one, 1);
  chosen.period = 50ms;
  chosen.pauses = {.min = 0ms, .max = 0ms};
  auto on = stage::running(chosen, specs_of({"a"}));
  for (int i = 0; i < 10; ++i) {
    on.die("a");
    on.pass(51ms);
  }
  BOOST_TEST(!on.ended.has_value());
  on.die("a");
  on.pass(50ms);
  on.die("a");
  BOOST_TEST(on.ended.has_value());
}

BOOST_AUTO_TEST_CASE(point_18_every_failed_attempt_counts_again) {
  auto on = stage::running(flags_of(), specs_of({"a"}));
  on.failing = {"a"};
  on.die("a");
  on.pass(10s);
  BOOST_TEST(on.said() == "~a#1 +a#2 +a#3 +a#4");
  BOOST_TEST_REQUIRE(on.ended.has_value());
  BOOST_TEST((on.ended->outcome == supervision_outcome::gave_up));
}

BOOST_AUTO_TEST_CASE(point_19_giving_up_stops_the_others_in_reverse_and_is_reported) {
  auto on = stage::running(flags_of(restart_strategy::one_for_one, 0), specs_of({"a", "b", "c"}));
  on.die("b", ending::crashed, "no memory");
  BOOST_TEST(on.said() == "~b#1 -c#1 ~c#1 -a#1 ~a#1");
  BOOST_TEST((on.reports[1].context == report_context::shutdown));
  BOOST_TEST(on.reports[1].reason == "reached_max_restart_intensity");
  BOOST_TEST((on.facts().back() == what::gave_up));
  BOOST_TEST(on.history.back().child == "b");
}

BOOST_AUTO_TEST_CASE(point_20_giving_up_is_no_clean_end_so_a_transient_parent_entry_restarts_it) {
  auto on = stage::running(flags_of(), specs_of({"branch"}, restart_type::transient));
  on.hear(child_died{.child = {"branch", 1},
                     .how = ending::crashed,
                     .text = "gave up",
                     .causes = {{"branch", "disk", 3, "I/O error"}}});
  BOOST_TEST(on.count_of(what::restart_due) == 1U);
}

BOOST_AUTO_TEST_CASE(the_chain_of_causes_reaches_from_the_top_to_the_root_with_what_came_before) {
  auto on = stage::running(flags_of(restart_strategy::one_for_one, 1), specs_of({"branch", "b"}));
  on.die("b", ending::crashed, "earlier");
  on.hear(child_died{.child = {"branch", 1},
                     .how = ending::crashed,
                     .text = "gave up",
                     .causes = {{"branch", "disk", 3, "I/O error", ending::crashed, "write_block"}},
                     .last_message = "child_alarm"});
  BOOST_TEST_REQUIRE(on.ended.has_value());
  const auto& causes = on.ended->causes;
  BOOST_TEST_REQUIRE(causes.size() == 2U);
  BOOST_TEST(
      (causes[0]
       == cause{"root", "branch", 1, "gave up", ending::crashed, "child_alarm", {"b#1: earlier"}}));
  BOOST_TEST(causes[1].last_message == "write_block");
}

BOOST_AUTO_TEST_CASE(a_long_chain_keeps_both_its_ends) {
  auto on = stage::running(flags_of(restart_strategy::one_for_one, 0), specs_of({"a"}));
  std::vector<cause> below;
  for (int i = 0; i < 100; ++i)
    below.push_back({"s" + std::to_string(i), "c", 1, "x"});
  on.hear(child_died{.child = {"a", 1}, .how = ending::crashed, .text = "top", .causes = below});
  BOOST_TEST(on.ended->causes.size() == chain_max);
  BOOST_TEST(on.ended->causes.front().text == "top");
  BOOST_TEST(on.ended->causes.back().supervisor == "s99");
}

BOOST_AUTO_TEST_CASE(pauses_grow_with_failures_in_a_row_and_start_over_after_a_steady_run) {
  auto on = stage::running(flags_of(restart_strategy::one_for_one, 1000), specs_of({"a"}));
  const auto pause_after_a_run_of = [&](std::chrono::milliseconds run) {
    on.pass(run);
    on.die("a");
    const auto pause = on.history.back().pause;
    on.pass(pause - 1ms);
    BOOST_TEST((on.state("a") == child_state::backoff));
    on.pass(1ms);
    BOOST_TEST((on.state("a") == child_state::running));
    return pause.count();
  };
  for (const auto expected : {100, 200, 400, 800, 1000, 1000})
    BOOST_TEST(pause_after_a_run_of(2s) == expected);
  BOOST_TEST(pause_after_a_run_of(10s) == 100);
}

BOOST_AUTO_TEST_CASE(jitter_only_shortens_a_pause_and_a_child_may_have_pauses_of_its_own) {
  auto specs = specs_of({"a", "b"});
  specs[1].pauses = {.min = 3s, .max = 4s, .jitter_share = 0.5};
  auto on = stage::running(flags_of(restart_strategy::one_for_one, 1000), specs);
  const auto pause_of = [&](const char* id, double jitter) {
    const auto made = on.root.on(child_died{.child = {id, on.alive[id]}, .jitter = jitter}, on.now);
    for (const auto& event : made.events)
      if (event.what == what::restart_due) {
        on.take(made);
        on.pass(event.pause);
        return event.pause.count();
      }
    return std::int64_t{-1};
  };
  BOOST_TEST(pause_of("a", 1) == 100);
  BOOST_TEST(pause_of("b", 0) == 3000);
  BOOST_TEST(pause_of("b", 0) == 4000);
  BOOST_TEST(pause_of("b", 1) == 2000);
  BOOST_TEST(pause_of("b", 7) == 2000);
}

BOOST_AUTO_TEST_CASE(a_childs_own_budget_lets_it_rest_and_spares_the_others) {
  auto specs = specs_of({"flaky", "b"});
  specs[0].budget = {2, 1min};
  specs[0].when_spent = spent_action::rest;
  auto on = stage::running(flags_of(restart_strategy::one_for_one, 100), specs);
  for (int i = 0; i < 3; ++i) {
    on.die("flaky", ending::crashed, "again");
    on.pass(1s);
  }
  BOOST_TEST(on.said() == "~flaky#1 +flaky#2 ~flaky#2 +flaky#3 ~flaky#3");
  BOOST_TEST((on.state("flaky") == child_state::gave_up));
  BOOST_TEST((on.routes["flaky"] == route::closed));
  BOOST_TEST((on.state("b") == child_state::running));
  BOOST_TEST(on.count_of(what::child_gave_up) == 1U);
  BOOST_TEST(on.root.list(on.now).restarts_used == 2U);
  BOOST_TEST(on.status("flaky").budget_used == 3U);
  // By hand it starts again, on what its budget has left: nothing, until its period is over.
  BOOST_TEST((on.verdict(restart_child{"flaky"}) == child_verdict::done));
  on.die("flaky");
  BOOST_TEST((on.state("flaky") == child_state::gave_up));
  on.pass(2min);
  on.verdict(restart_child{"flaky"});
  on.die("flaky");
  BOOST_TEST((on.state("flaky") == child_state::backoff));
}

BOOST_AUTO_TEST_CASE(a_childs_own_budget_escalates_unless_told_to_rest) {
  auto specs = specs_of({"a", "b"});
  specs[0].budget = {0, 1min};
  auto on = stage::running(flags_of(restart_strategy::one_for_one, 100), specs);
  on.die("a", ending::crashed, "once is enough");
  BOOST_TEST_REQUIRE(on.ended.has_value());
  BOOST_TEST((on.ended->outcome == supervision_outcome::gave_up));
  BOOST_TEST(on.ended->causes.front().text == "once is enough");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::supervisor::test
