// SPDX-License-Identifier: Apache-2.0
// Does a supervisor that comes back after a crash of its process still know what it has used up?
#include "actors/supervisor/history.hpp"
#include "tests/actors/supervisor_stage.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

namespace holdfast::supervisor::test {

namespace {

/// The wall clock at a moment on a stage, `apart` from the stage's own.
wall_time wall(instant now, std::chrono::milliseconds apart = 100h) {
  return {std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch() + apart)
              .count()};
}

/// The process crashes and another takes over: nothing but the records is left.
stage after_a_crash(const stage& before, supervisor_flags chosen, std::vector<child_spec> specs,
                    std::chrono::milliseconds away, std::chrono::milliseconds clock_set_by = 0ms) {
  history past;
  for (const auto& event : before.history)
    past.apply(event, wall(event.at));
  stage made{chosen, std::move(specs)};
  made.now = instant{7min}; // another boot, another clock
  made.root.restore(past.recall(chosen.name, wall(before.now + away + clock_set_by)), made.now);
  made.start();
  made.said();
  return made;
}

} // namespace

BOOST_AUTO_TEST_SUITE(supervisor_history)

BOOST_AUTO_TEST_CASE(gap_5_a_restart_limit_is_not_laundered_by_a_crash_of_the_process) {
  const auto chosen = flags_of(restart_strategy::one_for_one, 2);
  for (const auto& [away, gives_up] : {std::pair{1s, true}, std::pair{5s, false}})
    BOOST_TEST_CONTEXT(away.count() << " s away") {
      auto before = stage::running(chosen, specs_of({"a", "b"}));
      before.die("a");
      before.pass(100ms);
      before.die("b"); // two restarts are used, the second not even performed
      auto after = after_a_crash(before, chosen, specs_of({"a", "b"}), away);
      BOOST_TEST(after.root.list(after.now).restarts_used == (gives_up ? 2U : 1U));
      after.die("a");
      BOOST_TEST(after.ended.has_value() == gives_up);
    }
}

/// A fold that failed too often rests; a crash of the process gave it all its restarts again, as
/// it is added by a call.
BOOST_AUTO_TEST_CASE(a_child_that_a_call_adds_again_finds_its_own_budget) {
  const auto chosen = flags_of(restart_strategy::one_for_one, 1000);
  auto brittle = specs_of({"brittle"}).front();
  brittle.budget = restart_budget{2, 10min};
  brittle.when_spent = spent_action::rest;
  const auto add = [&](stage& to) {
    BOOST_TEST((to.verdict(start_child{brittle, {}}) == child_verdict::done));
  };
  auto before = stage::running(chosen, {});
  add(before);
  before.die("brittle");
  before.pass(100ms);
  before.die("brittle");
  auto after = after_a_crash(before, chosen, {}, 1s);
  add(after);
  const auto found = after.root.status_of("brittle", after.now);
  BOOST_TEST_REQUIRE(bool(found));
  BOOST_TEST(found->restarts == 2U);
  BOOST_TEST(found->incarnation == 3U);
  after.die("brittle");
  BOOST_TEST((after.root.status_of("brittle", after.now)->state == child_state::gave_up));
}

BOOST_AUTO_TEST_CASE(forgets_who_was_not_heard_of_for_longest) {
  history past;
  const auto tell = [&](std::size_t number) {
    supervision_event event;
    event.what = supervision_fact::started;
    event.supervisor = "root";
    event.child = std::to_string(number);
    event.incarnation = 1;
    past.apply(event, wall_time{});
  };
  for (std::size_t i = 0; i < children_remembered_max; ++i)
    tell(i);
  tell(0);
  tell(children_remembered_max);
  const auto kept = past.recall("root", wall_time{}).children;
  BOOST_TEST(kept.size() == children_remembered_max / 2 + 1);
  BOOST_TEST(kept.contains("0"));
  BOOST_TEST(!kept.contains("1"));
  BOOST_TEST(kept.contains(std::to_string(children_remembered_max)));
}

BOOST_AUTO_TEST_CASE(a_budget_that_was_used_up_is_still_used_up_after_the_crash) {
  const auto chosen = flags_of(restart_strategy::one_for_one, 1);
  auto before = stage::running(chosen, specs_of({"a"}));
  before.die("a");
  before.pass(100ms);
  before.die("a");
  BOOST_TEST_REQUIRE(before.ended.has_value());
  auto after = after_a_crash(before, chosen, specs_of({"a"}), 1s);
  BOOST_TEST(after.all_started); // whoever started the process wanted it to run
  after.die("a");
  BOOST_TEST(after.ended.has_value());
}

BOOST_AUTO_TEST_CASE(a_childs_own_budget_its_failures_and_its_number_come_back) {
  auto specs = specs_of({"a", "b"});
  specs[0].budget = {3, 1min};
  specs[0].when_spent = spent_action::rest;
  const auto chosen = flags_of(restart_strategy::one_for_one, 100);
  auto before = stage::running(chosen, specs);
  for (int i = 0; i < 3; ++i) {
    before.die("a", ending::crashed, "disk");
    before.pass(1s);
  }
  auto after = after_a_crash(before, chosen, specs, 10s);
  const auto status = after.status("a");
  BOOST_TEST(status.budget_used == 3U);
  BOOST_TEST(status.restarts == 3U);
  BOOST_TEST(status.failures == 3U);
  BOOST_TEST(status.incarnation == 5U); // one more than the last before the crash
  BOOST_TEST(status.last_cause == "disk");
  BOOST_TEST(after.status("b").budget_used == 0U);
  after.die("a");
  BOOST_TEST((after.state("a") == child_state::gave_up));
}

BOOST_AUTO_TEST_CASE(pauses_go_on_growing_after_the_crash) {
  const auto chosen = flags_of(restart_strategy::one_for_one, 100);
  auto before = stage::running(chosen, specs_of({"a"}));
  before.die("a");
  before.pass(100ms);
  before.die("a");
  auto after = after_a_crash(before, chosen, specs_of({"a"}), 1s);
  after.die("a");
  BOOST_TEST(after.history.back().pause.count() == 400);
}

BOOST_AUTO_TEST_CASE(a_wall_clock_that_goes_back_makes_no_budget_larger) {
  const auto chosen = flags_of(restart_strategy::one_for_one, 1);
  auto before = stage::running(chosen, specs_of({"a"}));
  before.die("a");
  auto after = after_a_crash(before, chosen, specs_of({"a"}), 1h, -2h);
  BOOST_TEST(after.root.list(after.now).restarts_used == 1U);
  after.pass(5001ms); // nor does it keep it small for as long as it went back
  BOOST_TEST(after.root.list(after.now).restarts_used == 0U);
}

BOOST_AUTO_TEST_CASE(the_history_of_one_supervisor_is_not_anothers) {
  auto chosen = flags_of(restart_strategy::one_for_one, 1);
  auto before = stage::running(chosen, specs_of({"a"}));
  before.die("a");
  chosen.name = "another";
  auto after = after_a_crash(before, chosen, specs_of({"a"}), 0s);
  BOOST_TEST(after.root.list(after.now).restarts_used == 0U);
  BOOST_TEST(after.status("a").incarnation == 1U);
}

BOOST_AUTO_TEST_CASE(it_keeps_no_more_restarts_than_the_largest_budget_needs) {
  history past;
  for (int i = 0; i < 30000; ++i)
    past.apply({.what = supervision_fact::restart_due, .supervisor = "root", .child = "a"},
               {i * 1000});
  const auto told = past.recall("root", {30000000});
  BOOST_TEST(told.ages.size() == restarts_remembered_max);
  BOOST_TEST(told.ages.back().count() == 1);
  BOOST_TEST(told.children.at("a").restarts == 30000U);
  past.apply({.what = supervision_fact::removed, .supervisor = "root", .child = "a"}, {30000000});
  BOOST_TEST(past.recall("root", {30000000}).children.empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::supervisor::test
