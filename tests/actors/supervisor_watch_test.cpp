// SPDX-License-Identifier: Apache-2.0
// Are hung children found, taken down the ladder and replaced, or the loss of a thread told?
#include "tests/actors/supervisor_stage.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

namespace holdfast::supervisor::test {

using what = supervision_fact;

namespace {

std::vector<child_spec> watched(std::initializer_list<const char*> ids) {
  auto specs = specs_of(ids);
  for (auto& spec : specs)
    spec.hang = {.probe_every = 10s, .probe_within = 2s, .handler_max = 0ms, .patience = 500ms};
  return specs;
}

} // namespace

BOOST_AUTO_TEST_SUITE(supervisor_watch)

BOOST_AUTO_TEST_CASE(who_answers_its_probes_is_left_alone_for_ever) {
  auto on = stage::running(flags_of(), watched({"a"}));
  on.pass(1min);
  BOOST_TEST(on.said() == "?a#1 ?a#1 ?a#1 ?a#1 ?a#1 ?a#1");
  BOOST_TEST(on.history.empty());
}

BOOST_AUTO_TEST_CASE(gap_2_who_does_not_answer_is_asked_then_killed_then_replaced) {
  auto on = stage::running(flags_of(), watched({"a", "b"}));
  on.silent = on.deaf = {"a"};
  on.pass(12s - 1ms);
  BOOST_TEST(on.said() == "?a#1 ?b#1");
  on.pass(1ms);
  BOOST_TEST(on.said() == "-a#1");
  BOOST_TEST((on.routes["a"] == route::refusing));
  on.pass(500ms);
  BOOST_TEST(on.said() == "!a#1 ~a#1");
  BOOST_TEST((on.state("a") == child_state::backoff));
  on.pass(100ms);
  BOOST_TEST(on.said() == "+a#2");
  BOOST_TEST((on.routes["a"] == route::open));
  BOOST_TEST(on.status("a").last_cause == "hung: a probe was not answered within 2000 ms");
  BOOST_TEST(on.root.list(on.now).restarts_used == 1U);
}

BOOST_AUTO_TEST_CASE(gap_2_who_does_not_end_even_when_killed_loses_its_place_to_another) {
  auto on = stage::running(flags_of(), watched({"a"}));
  on.silent = on.undying = {"a"};
  on.pass(12s + 500ms + 2s - 1ms);
  BOOST_TEST(on.said() == "?a#1 -a#1 !a#1");
  on.silent.clear();
  on.pass(1ms);
  BOOST_TEST(on.count_of(what::abandoned) == 1U);
  on.pass(100ms);
  BOOST_TEST(on.said() == "+a#2");
  BOOST_TEST(on.status("a").lost == 1U);
  // When the handler returns at last, nothing happens to its successor.
  on.hear(child_died{.child = {"a", 1}, .how = ending::killed});
  BOOST_TEST((on.state("a") == child_state::running));
  BOOST_TEST(on.status("a").lost == 0U);
  BOOST_TEST((on.history.back().what == what::stopped));
}

BOOST_AUTO_TEST_CASE(who_must_not_live_twice_is_not_replaced_and_its_supervisor_gives_up) {
  auto specs = watched({"a", "writer"});
  specs[1].when_lost = lost_action::give_up;
  auto on = stage::running(flags_of(), specs);
  on.silent = on.undying = {"writer"};
  on.pass(20s);
  BOOST_TEST_REQUIRE(on.ended.has_value());
  BOOST_TEST((on.ended->outcome == supervision_outcome::gave_up));
  BOOST_TEST(on.ended->stayed.size() == 1U);
  BOOST_TEST(on.ended->causes.front().text == "hung: a probe was not answered within 2000 ms");
  BOOST_TEST(on.said().find("+writer") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_process_ends_where_a_spec_says_so_or_too_many_threads_are_lost) {
  auto specs = watched({"writer"});
  specs[0].when_lost = lost_action::exit_process;
  auto on = stage::running(flags_of(), specs);
  on.silent = on.undying = {"writer"};
  on.pass(20s);
  BOOST_TEST(on.exit_process == "child 'writer' does not end although it was killed");

  auto chosen = flags_of(restart_strategy::one_for_one, 100);
  chosen.lost_max = 1;
  auto many = stage::running(chosen, watched({"a"}));
  many.silent = many.undying = {"a"};
  many.pass(20s);
  BOOST_TEST(many.exit_process == "");
  many.pass(20s);
  BOOST_TEST(many.exit_process == "more than 1 children are lost, the last is 'a'");
}

BOOST_AUTO_TEST_CASE(gap_2_one_message_that_takes_too_long_is_found_by_the_counters) {
  auto specs = specs_of({"a"});
  specs[0].hang = {.probe_every = 0ms, .probe_within = 0ms, .handler_max = 4s, .patience = 0ms};
  auto on = stage::running(flags_of(), specs);
  on.pass(2s);
  BOOST_TEST((on.looks == std::vector<child_ref>{{"a", 1}}));
  on.hear(child_busy{{"a", 1}, "embed", 3999ms});
  BOOST_TEST((on.state("a") == child_state::running));
  on.pass(2s);
  BOOST_TEST(on.looks.size() == 2U);
  on.hear(child_busy{{"a", 1}, "embed", 4s});
  BOOST_TEST(on.said() == "!a#1 ~a#1");
  BOOST_TEST(on.status("a").last_cause == "hung: handles embed for 4000 ms");
  BOOST_TEST(on.history.front().last_message == "embed");
}

BOOST_AUTO_TEST_CASE(a_hung_child_that_ends_when_asked_counts_as_crashed_for_every_type) {
  for (const auto& [type, restarts] :
       {std::pair{restart_type::permanent, true}, std::pair{restart_type::transient, true},
        std::pair{restart_type::temporary, false}}) {
    auto specs = watched({"a"});
    specs[0].restart = type;
    auto on = stage::running(flags_of(), specs);
    on.silent = {"a"};
    on.pass(12s);
    BOOST_TEST((on.count_of(what::restart_due) == 1U) == restarts);
  }
}

BOOST_AUTO_TEST_CASE(a_steady_run_makes_up_for_earlier_failures_also_when_it_ends_in_a_hang) {
  auto on = stage::running(flags_of(), watched({"a"}));
  on.die("a");
  on.pass(100ms);
  on.silent = {"a"};
  on.pass(12s);
  BOOST_TEST(on.history.back().pause.count() == 100);
}

BOOST_AUTO_TEST_CASE(a_stop_by_hand_overtakes_the_ladder) {
  auto on = stage::running(flags_of(), watched({"a"}));
  on.silent = on.deaf = {"a"};
  on.pass(12s);
  BOOST_TEST(!on.ask(terminate_child{"a"}).has_value());
  on.pass(500ms);
  BOOST_TEST((on.told(on.last_call()).what == child_verdict::done));
  BOOST_TEST((on.state("a") == child_state::stopped));
  on.pass(1h);
  BOOST_TEST(on.said() == "?a#1 -a#1 !a#1 ~a#1");
}

BOOST_AUTO_TEST_CASE(answers_to_a_former_probe_or_from_a_former_incarnation_are_stale) {
  auto on = stage::running(flags_of(restart_strategy::one_for_one, 100), watched({"a"}));
  on.silent = {"a"};
  on.pass(10s);
  on.hear(child_answered{{"a", 1}, 1});
  on.hear(child_answered{{"a", 2}, 12345});
  on.pass(2s);
  BOOST_TEST(on.count_of(what::hung) == 1U);
}

BOOST_AUTO_TEST_CASE(who_waits_for_its_turn_to_end_is_not_found_hung) {
  // Its probe's alarm rang again and again, each time with a record of another hang.
  auto specs = watched({"a", "b", "c"});
  specs[2].shutdown = 5s;
  auto on = stage::running(flags_of(restart_strategy::one_for_all), specs);
  on.silent = {"b"};
  on.deaf = {"c"};
  on.pass(10s);
  on.die("a");
  on.said();
  on.pass(4s);
  BOOST_TEST(on.said() == "");
  BOOST_TEST(on.count_of(what::hung) == 0U);
}

BOOST_AUTO_TEST_CASE(a_start_without_an_answer_is_killed_and_counts_as_failed) {
  auto on = stage::running(flags_of(), specs_of({"a"}));
  on.hanging = on.undying = {"a"};
  on.die("a");
  on.pass(100ms + 3s);
  BOOST_TEST(on.said() == "~a#1 +a#2 !a#2");
  on.hanging.clear();
  on.pass(2s);
  BOOST_TEST(on.count_of(what::start_failed) == 1U);
  on.pass(200ms);
  BOOST_TEST(on.said() == "+a#3");
  BOOST_TEST((on.state("a") == child_state::running));
}

BOOST_AUTO_TEST_CASE(a_sibling_that_will_not_end_is_replaced_with_its_group) {
  auto on = stage::running(flags_of(restart_strategy::one_for_all), specs_of({"a", "b"}));
  on.undying = {"b"};
  on.die("a");
  on.pass(2999ms);
  BOOST_TEST(on.said() == "~a#1 -b#1 !b#1");
  on.pass(1ms);
  BOOST_TEST(on.said() == "+a#2 +b#2");
}

BOOST_AUTO_TEST_CASE(gap_6_each_childs_address_leads_where_its_spec_says_while_it_is_away) {
  auto specs = specs_of({"refuses", "holds", "hands"});
  specs[1].messages.queued = message_fate::redeliver;
  specs[2].messages.queued = message_fate::hand_over;
  auto on = stage::running(flags_of(), specs);
  for (const auto& [id, away] :
       {std::pair{"refuses", route::refusing}, std::pair{"holds", route::holding},
        std::pair{"hands", route::handing}}) {
    BOOST_TEST((on.routes[id] == route::open));
    on.die(id);
    BOOST_TEST((on.routes[id] == away));
    on.pass(1s);
    BOOST_TEST((on.routes[id] == route::open));
  }
  on.verdict(terminate_child{"holds"});
  BOOST_TEST((on.routes["holds"] == route::closed));
  on.hear(messages_settled{"hands", {1, 2, 3, 4}});
  on.hear(messages_settled{"hands", {1, 0, 0, 0}});
  BOOST_TEST((on.status("hands").messages == message_counts{2, 2, 3, 4}));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::supervisor::test
