// SPDX-License-Identifier: Apache-2.0
// Do children start in order, one after the other, and is a start that fails undone?
#include "tests/actors/supervisor_stage.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

namespace holdfast::supervisor::test {

using what = supervision_fact;

BOOST_AUTO_TEST_SUITE(supervisor_start)

BOOST_AUTO_TEST_CASE(point_5_each_start_completes_before_the_next_begins) {
  for (const auto strategy : {restart_strategy::one_for_one, restart_strategy::one_for_all,
                              restart_strategy::rest_for_one}) {
    stage on{flags_of(strategy), specs_of({"c", "a", "b"})};
    on.hanging = {"a"};
    on.start();
    BOOST_TEST(on.said() == "+c#1 +a#1");
    BOOST_TEST(!on.all_started);
    on.hear(child_started{{"b", 1}});
    BOOST_TEST(on.said() == "");
    on.hear(child_started{{"a", 1}});
    BOOST_TEST(on.said() == "+b#1");
    BOOST_TEST(on.all_started);
    on.start();
    BOOST_TEST(on.said() == "");
  }
}

BOOST_AUTO_TEST_CASE(point_6_a_start_may_fail_at_once_or_by_ending_or_by_hanging) {
  struct row {
    const char* how;
    std::function<void(stage&)> play;
    const char* text;
  };
  for (const auto& [how, play, text] : {row{"error",
                                            [](stage& on) {
                                              on.failing = {"b"};
                                              on.start();
                                            },
                                            "does not come up"},
                                        row{"end",
                                            [](stage& on) {
                                              on.hanging = {"b"};
                                              on.start();
                                              on.die("b", ending::crashed, "no port");
                                            },
                                            "no port"},
                                        row{"a normal end",
                                            [](stage& on) {
                                              on.hanging = {"b"};
                                              on.start();
                                              on.die("b", ending::normal, "");
                                            },
                                            "normal"},
                                        row{"no answer",
                                            [](stage& on) {
                                              on.hanging = {"b"};
                                              on.start();
                                              on.pass(3s);
                                            },
                                            "no answer within 3000 ms of its start"}})
    BOOST_TEST_CONTEXT(how) {
      stage on{flags_of(), specs_of({"a", "b", "c"})};
      play(on);
      BOOST_TEST_REQUIRE(on.ended.has_value());
      BOOST_TEST((on.ended->outcome == supervision_outcome::undone));
      BOOST_TEST(on.ended->text == std::string{"child 'b' did not start: "} + text);
      BOOST_TEST(on.count_of(what::restart_due) == 0U);
    }
}

BOOST_AUTO_TEST_CASE(point_7_a_child_that_ignores_its_start_keeps_its_spec_unless_temporary) {
  auto specs = specs_of({"a", "b", "c"});
  specs[1].restart = restart_type::temporary;
  stage on{flags_of(), specs};
  on.shy = {"a", "b"};
  on.start();
  BOOST_TEST(on.said() == "+a#1 +b#1 +c#1");
  BOOST_TEST(on.all_started);
  BOOST_TEST((on.state("a") == child_state::stopped));
  BOOST_TEST(!on.root.knows("b"));
  BOOST_TEST((on.root.count() == child_counts{2, 1, 0, 2}));
  on.shy.clear();
  BOOST_TEST((on.verdict(restart_child{"a"}) == child_verdict::done));
  BOOST_TEST((on.state("a") == child_state::running));
}

BOOST_AUTO_TEST_CASE(point_8_those_already_started_are_stopped_in_reverse_and_nothing_is_counted) {
  stage on{flags_of(), specs_of({"a", "b", "c", "d"})};
  on.failing = {"c"};
  on.start();
  BOOST_TEST(on.said() == "+a#1 +b#1 +c#1 -b#1 ~b#1 -a#1 ~a#1");
  BOOST_TEST_REQUIRE(on.ended.has_value());
  BOOST_TEST(on.ended->text == "child 'c' did not start: does not come up");
  BOOST_TEST_REQUIRE(on.ended->causes.size() == 1U);
  BOOST_TEST(on.ended->causes[0].child == "c");
  BOOST_TEST(on.root.list(on.now).restarts_used == 0U);
  BOOST_TEST((on.reports.back().context == report_context::start_error));
}

BOOST_AUTO_TEST_CASE(a_stop_in_the_middle_of_the_start_stops_those_that_are_there) {
  stage on{flags_of(), specs_of({"a", "b", "c"})};
  on.hanging = {"b"};
  on.start();
  on.stop();
  BOOST_TEST(on.said() == "+a#1 +b#1 -b#1 ~b#1 -a#1 ~a#1");
  BOOST_TEST((on.ended->outcome == supervision_outcome::stopped));
  BOOST_TEST(!on.all_started);
}

BOOST_AUTO_TEST_CASE(a_restart_during_the_start_does_not_let_the_next_child_jump_the_queue) {
  stage on{flags_of(), specs_of({"a", "b", "c"})};
  on.hanging = {"b"};
  on.start();
  on.die("a");
  on.pass(100ms);
  BOOST_TEST(on.said() == "+a#1 +b#1 ~a#1 +a#2");
  on.hear(child_started{{"b", 1}});
  BOOST_TEST(on.said() == "+c#1");
}

BOOST_AUTO_TEST_CASE(a_death_during_the_start_takes_the_whole_group_back) {
  stage on{flags_of(restart_strategy::one_for_all), specs_of({"a", "b", "c"})};
  on.hanging = {"b"};
  on.start();
  on.die("a");
  BOOST_TEST(on.said() == "+a#1 +b#1 ~a#1 -b#1 ~b#1");
  on.hanging.clear();
  on.pass(100ms);
  BOOST_TEST(on.said() == "+a#2 +b#2 +c#1");
  BOOST_TEST(on.all_started);
}

BOOST_AUTO_TEST_CASE(an_empty_supervisor_is_up_at_once) {
  stage on{flags_of(), {}};
  on.start();
  BOOST_TEST(on.all_started);
  on.stop();
  BOOST_TEST(on.ended.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::supervisor::test
