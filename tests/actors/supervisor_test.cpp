// SPDX-License-Identifier: Apache-2.0
// Does the supervisor machine keep OTP's rules: order, counting, budgets, giving up?
#include "actors/supervisor/supervisor.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>

using namespace std::chrono_literals;

namespace holdfast::supervisor::test {

namespace {

const instant t0{1h};

flags three_in_five() {
  return {.name = "root",
          .intensity = 3,
          .period = 5s,
          .pauses = {.min = 100ms, .max = 1s, .jitter_share = 0},
          .steady_after = 10s,
          .kill_budget = 2s};
}

std::vector<child_spec> children(std::initializer_list<const char*> ids,
                                 restart_type restart = restart_type::permanent) {
  std::vector<child_spec> specs;
  for (const auto* id : ids)
    specs.push_back({.id = id, .restart = restart, .shutdown = 1s, .start = 3s});
  return specs;
}

std::vector<supervision_fact> facts(const decision& made) {
  std::vector<supervision_fact> all;
  for (const auto& event : made.events)
    all.push_back(event.what);
  return all;
}

using what = supervision_fact;
using refs = std::vector<child_ref>;
using list_of = std::vector<supervision_fact>;

/// A machine whose children have all come up.
supervisor running(flags chosen, std::vector<child_spec> specs) {
  supervisor root{std::move(chosen), specs};
  auto made = root.on(start_children{}, t0);
  while (!made.starts.empty())
    made = root.on(child_started{made.starts.front()}, t0);
  BOOST_TEST_REQUIRE(made.all_started);
  return root;
}

child_state state_of(const supervisor& root, std::string_view id) {
  for (const auto& one : root.list(t0).children)
    if (one.id == id)
      return one.state;
  return {};
}

} // namespace

BOOST_AUTO_TEST_SUITE(supervisor_machine)

BOOST_AUTO_TEST_CASE(names_the_first_problem_before_anything_starts) {
  struct row {
    const char* reason;
    flags chosen;
    std::vector<child_spec> specs;
  };
  const auto one = [](auto change) {
    auto specs = children({"a", "b"});
    change(specs[1]);
    return specs;
  };
  const auto good = three_in_five();
  auto other = good;
  other.strategy = restart_strategy::one_for_all;
  auto never = good;
  never.period = 0s;
  auto endless = good;
  endless.intensity = 10001;
  auto inverted = good;
  inverted.pauses.max = 1ms;
  for (const auto& [reason, chosen, specs] :
       {row{"invalid_strategy", other, {}}, row{"invalid_period", never, {}},
        row{"invalid_intensity", endless, {}}, row{"invalid_backoff", inverted, {}},
        row{"missing_id", good, one([](child_spec& b) { b.id = ""; })},
        row{"duplicate_child_name", good, children({"a", "b", "a"})},
        row{"invalid_shutdown", good, one([](child_spec& b) { b.shutdown = -1ms; })},
        row{"invalid_start", good, one([](child_spec& b) { b.start = 0ms; })},
        row{"bad_combination", good, one([](child_spec& b) { b.significant = true; })},
        row{"too_many_children", good, std::vector<child_spec>(1001, {.id = "a"})}})
    BOOST_TEST_CONTEXT(reason) {
      const auto checked = check(chosen, specs);
      BOOST_REQUIRE(!checked);
      BOOST_TEST(checked.error().what.find(reason) != std::string::npos);
    }
  BOOST_TEST(bool{check(good, one([](child_spec& b) { b.shutdown = 0ms; }))});
}

BOOST_AUTO_TEST_CASE(starts_in_order_each_after_the_one_before_has_answered) {
  supervisor root{three_in_five(), children({"a", "b"})};
  auto made = root.on(start_children{}, t0);
  BOOST_TEST((made.starts == refs{{"a", 1}}));
  BOOST_TEST((root.on(child_started{{"b", 1}}, t0) == decision{}));
  made = root.on(child_started{{"a", 1}}, t0);
  BOOST_TEST((made.starts == refs{{"b", 1}}));
  BOOST_TEST(!made.all_started);
  made = root.on(child_started{{"b", 1}}, t0);
  BOOST_TEST(made.all_started);
  BOOST_TEST((root.on(start_children{}, t0) == decision{}));
}

BOOST_AUTO_TEST_CASE(a_restart_during_the_start_does_not_let_the_next_child_jump_the_queue) {
  supervisor root{three_in_five(), children({"a", "b", "c"})};
  root.on(start_children{}, t0);
  root.on(child_started{{"a", 1}}, t0);
  const auto died = root.on(child_died{{"a", 1}, ending::crashed}, t0);
  root.on(child_alarm{"a", died.alarms.front().epoch}, t0);
  BOOST_TEST(root.on(child_started{{"a", 2}}, t0).starts.empty());
  BOOST_TEST((root.on(child_started{{"b", 1}}, t0).starts == refs{{"c", 1}}));
}

BOOST_AUTO_TEST_CASE(undoes_the_start_in_reverse_order_when_a_child_does_not_come_up) {
  supervisor root{three_in_five(), children({"a", "b", "c"})};
  root.on(start_children{}, t0);
  root.on(child_started{{"a", 1}}, t0);
  root.on(child_started{{"b", 1}}, t0);
  auto made = root.on(child_died{{"c", 1}, ending::crashed, "no port"}, t0);
  BOOST_TEST((facts(made) == list_of{what::start_failed}));
  BOOST_TEST((made.shutdowns == refs{{"b", 1}}));
  made = root.on(child_died{{"b", 1}, ending::shutdown}, t0);
  BOOST_TEST((made.shutdowns == refs{{"a", 1}}));
  made = root.on(child_died{{"a", 1}, ending::shutdown}, t0);
  BOOST_REQUIRE(made.ended.has_value());
  BOOST_TEST((made.ended->outcome == supervision_outcome::undone));
  BOOST_TEST(made.ended->text == "child 'c' did not start: no port");
  BOOST_TEST((made.ended->causes == std::vector<cause>{{"root", "c", 1, "no port"}}));
}

BOOST_AUTO_TEST_CASE(restarts_by_type_and_ending) {
  struct row {
    restart_type type;
    ending how;
    bool expected;
  };
  for (const auto& [type, how, expected] : {row{restart_type::permanent, ending::normal, true},
                                            row{restart_type::permanent, ending::shutdown, true},
                                            row{restart_type::permanent, ending::crashed, true},
                                            row{restart_type::transient, ending::normal, false},
                                            row{restart_type::transient, ending::shutdown, false},
                                            row{restart_type::transient, ending::crashed, true},
                                            row{restart_type::transient, ending::killed, true},
                                            row{restart_type::temporary, ending::normal, false},
                                            row{restart_type::temporary, ending::crashed, false}})
    BOOST_TEST_CONTEXT(int(type) << ' ' << to_string(how)) {
      auto root = running(three_in_five(), children({"a"}, type));
      const auto made = root.on(child_died{{"a", 1}, how}, t0);
      BOOST_TEST((facts(made).back() == what::restart_due) == expected);
      BOOST_TEST(root.knows("a") == (type != restart_type::temporary));
    }
}

BOOST_AUTO_TEST_CASE(pauses_grow_with_failures_in_a_row_and_start_over_after_a_steady_run) {
  auto root = running(three_in_five(), children({"a"}));
  auto now = t0;
  std::uint64_t incarnation = 1;
  const auto pause_after_a_run_of = [&](std::chrono::milliseconds run) {
    now += run;
    const auto made = root.on(child_died{{"a", incarnation}, ending::crashed}, now);
    const auto pause = made.events.back().pause;
    now += pause;
    const auto again = root.on(child_alarm{"a", made.alarms.front().epoch}, now);
    ++incarnation;
    BOOST_TEST((again.starts == refs{{"a", incarnation}}));
    root.on(child_started{{"a", incarnation}}, now);
    return pause.count();
  };
  BOOST_TEST(pause_after_a_run_of(2s) == 100);
  BOOST_TEST(pause_after_a_run_of(2s) == 200);
  BOOST_TEST(pause_after_a_run_of(2s) == 400);
  BOOST_TEST(pause_after_a_run_of(2s) == 800);
  BOOST_TEST(pause_after_a_run_of(2s) == 1000);
  BOOST_TEST(pause_after_a_run_of(10s) == 100);
}

BOOST_AUTO_TEST_CASE(counts_before_it_restarts_and_gives_up_with_the_causes) {
  auto root = running(three_in_five(), children({"a", "b"}));
  std::uint64_t incarnation = 1;
  for (const auto* text : {"first", "second", "third"}) {
    const auto made = root.on(child_died{{"b", incarnation}, ending::crashed, text}, t0);
    root.on(child_alarm{"b", made.alarms.front().epoch}, t0);
    root.on(child_started{{"b", ++incarnation}}, t0);
  }
  auto made = root.on(child_died{{"b", 4}, ending::crashed, "fourth"}, t0 + 5s);
  BOOST_TEST(made.starts.empty());
  BOOST_TEST((made.shutdowns == refs{{"a", 1}}));
  made = root.on(child_died{{"a", 1}, ending::shutdown}, t0 + 5s);
  BOOST_REQUIRE(made.ended.has_value());
  BOOST_TEST((made.ended->outcome == supervision_outcome::gave_up));
  BOOST_TEST(made.ended->causes.size() == 4U);
  BOOST_TEST((made.ended->causes.front() == cause{"root", "b", 4, "fourth"}));
  BOOST_TEST((facts(made) == list_of{what::stopped, what::gave_up}));
}

BOOST_AUTO_TEST_CASE(a_failed_restart_counts_again) {
  auto root = running(three_in_five(), children({"a"}));
  auto made = root.on(child_died{{"a", 1}, ending::crashed, "x"}, t0);
  for (std::uint64_t incarnation = 2; incarnation <= 4; ++incarnation) {
    made = root.on(child_alarm{"a", made.alarms.front().epoch}, t0);
    made = root.on(child_start_failed{{"a", incarnation}, "no memory"}, t0);
  }
  BOOST_REQUIRE(made.ended.has_value());
  BOOST_TEST((made.ended->outcome == supervision_outcome::gave_up));
}

BOOST_AUTO_TEST_CASE(a_child_that_gave_up_hands_its_causes_on) {
  auto root = running({.name = "root", .intensity = 0, .period = 1s}, children({"a"}));
  const auto made = root.on(
      child_died{{"a", 1}, ending::crashed, "gave up", {{"a", "disk", 3, "I/O error"}}}, t0);
  BOOST_REQUIRE(made.ended.has_value());
  BOOST_TEST((made.ended->causes
              == std::vector<cause>{{"root", "a", 1, "gave up"}, {"a", "disk", 3, "I/O error"}}));
}

BOOST_AUTO_TEST_CASE(stops_in_reverse_order_and_kills_what_overruns_its_budget) {
  auto root = running(three_in_five(), children({"a", "b"}));
  auto made = root.on(stop_children{}, t0);
  BOOST_TEST((made.shutdowns == refs{{"b", 1}}));
  BOOST_TEST((root.on(stop_children{}, t0) == decision{}));
  BOOST_TEST((made.alarms == std::vector<alarm_at>{{t0 + 1s, "b", made.alarms.front().epoch}}));
  made = root.on(child_alarm{"b", made.alarms.front().epoch}, t0 + 1s);
  BOOST_TEST((made.kills == refs{{"b", 1}}));
  BOOST_TEST((made.alarms.front().at == t0 + 3s));
  made = root.on(child_alarm{"b", made.alarms.front().epoch}, t0 + 3s);
  BOOST_TEST((facts(made) == list_of{what::abandoned}));
  BOOST_TEST((made.shutdowns == refs{{"a", 1}}));
  made = root.on(child_died{{"a", 1}, ending::shutdown}, t0 + 3s);
  BOOST_REQUIRE(made.ended.has_value());
  BOOST_TEST((made.ended->outcome == supervision_outcome::stopped));
  BOOST_TEST(made.ended->causes.empty());
  BOOST_TEST((made.ended->abandoned == std::vector<std::string>{"b"}));
}

BOOST_AUTO_TEST_CASE(a_stop_cancels_the_wait_for_a_restart) {
  auto root = running(three_in_five(), children({"a"}));
  const auto died = root.on(child_died{{"a", 1}, ending::crashed}, t0);
  const auto made = root.on(stop_children{}, t0);
  BOOST_TEST(made.ended.has_value());
  BOOST_TEST((root.on(child_alarm{"a", died.alarms.front().epoch}, t0 + 1s) == decision{}));
}

BOOST_AUTO_TEST_CASE(a_budget_of_zero_kills_at_once_and_one_without_limit_sets_no_alarm) {
  auto specs = children({"a", "b"});
  specs[1].shutdown = 0ms;
  specs[0].shutdown = shutdown_without_limit;
  auto root = running(three_in_five(), specs);
  auto made = root.on(stop_children{}, t0);
  BOOST_TEST((made.kills == refs{{"b", 1}}));
  made = root.on(child_died{{"b", 1}, ending::killed}, t0);
  BOOST_TEST((made.shutdowns == refs{{"a", 1}}));
  BOOST_TEST(made.alarms.empty());
}

BOOST_AUTO_TEST_CASE(a_start_that_hangs_is_killed_and_counts_as_failed) {
  auto root = running(three_in_five(), children({"a"}));
  auto made = root.on(child_died{{"a", 1}, ending::crashed, "x"}, t0);
  made = root.on(child_alarm{"a", made.alarms.front().epoch}, t0);
  made = root.on(child_alarm{"a", made.alarms.front().epoch}, t0 + 3s);
  BOOST_TEST((made.kills == refs{{"a", 2}}));
  // Even killed it does not end: its thread is lost, another incarnation takes its place.
  made = root.on(child_alarm{"a", made.alarms.front().epoch}, t0 + 5s);
  BOOST_TEST((facts(made) == list_of{what::abandoned, what::start_failed, what::restart_due}));
  made = root.on(child_alarm{"a", made.alarms.front().epoch}, t0 + 6s);
  BOOST_TEST((made.starts == refs{{"a", 3}}));
  root.on(child_started{{"a", 3}}, t0 + 6s);
  made = root.on(child_died{{"a", 2}, ending::killed}, t0 + 7s);
  BOOST_TEST((facts(made) == list_of{what::stopped}));
  BOOST_TEST((state_of(root, "a") == child_state::running));
}

BOOST_AUTO_TEST_CASE(what_is_told_of_an_earlier_incarnation_changes_nothing) {
  auto root = running(three_in_five(), children({"a"}));
  const auto died = root.on(child_died{{"a", 1}, ending::crashed}, t0);
  root.on(child_alarm{"a", died.alarms.front().epoch}, t0);
  root.on(child_started{{"a", 2}}, t0);
  BOOST_TEST((root.on(child_died{{"a", 1}, ending::crashed}, t0) == decision{}));
  BOOST_TEST((root.on(child_started{{"a", 1}}, t0) == decision{}));
  BOOST_TEST((root.on(child_alarm{"a", died.alarms.front().epoch}, t0) == decision{}));
  BOOST_TEST((state_of(root, "a") == child_state::running));
}

BOOST_AUTO_TEST_CASE(an_alarm_of_an_earlier_state_changes_nothing) {
  supervisor root{three_in_five(), children({"a"})};
  const auto start = root.on(start_children{}, t0);
  root.on(child_started{{"a", 1}}, t0);
  root.on(child_died{{"a", 1}, ending::crashed}, t0);
  BOOST_TEST((root.on(child_alarm{"a", start.alarms.front().epoch}, t0) == decision{}));
  BOOST_TEST((state_of(root, "a") == child_state::backoff));
}

BOOST_AUTO_TEST_CASE(lists_the_newest_first_with_what_is_left_of_the_intensity) {
  auto root = running(three_in_five(), children({"a", "b"}));
  root.on(child_died{{"a", 1}, ending::crashed, "out of memory"}, t0 + 1s);
  const auto all = root.list(t0 + 1020ms);
  BOOST_REQUIRE(all.children.size() == 2U);
  BOOST_TEST(all.children[0].id == "b");
  BOOST_TEST(all.children[0].in_state.count() == 1020);
  BOOST_TEST((all.children[1].state == child_state::backoff));
  BOOST_TEST(all.children[1].retry_in.count() == 80);
  BOOST_TEST(all.children[1].last_cause == "out of memory");
  BOOST_TEST(all.restarts_used == 1U);
  BOOST_TEST((root.count() == child_counts{2, 1, 0, 2}));
}

namespace {

/// A world in which children answer, fail, die and hang by chance, and the rules that no walk
/// through it may break.
struct walk {
  std::mt19937_64 chance;
  std::vector<child_spec> specs;
  flags chosen;
  supervisor root;
  instant now = t0;
  std::map<std::string, std::uint64_t> alive; // incarnation; what the world knows
  std::vector<child_ref> lost;
  std::map<std::string, std::uint64_t> asked; // shutdowns and kills on their way
  std::vector<alarm_at> alarms;
  std::vector<instant> restarts;
  bool stopping = false;
  bool ended = false;

  walk(std::uint64_t seed, std::vector<child_spec> all, flags how)
      : chance{seed}, specs{all}, chosen{how}, root{how, all} {
    take(root.on(start_children{}, now));
  }

  std::size_t roll(std::size_t sides) { return std::size_t(chance() % sides); }
  double jitter() { return double(roll(1000)) / 1000; }

  void take(const decision& made) {
    BOOST_TEST_REQUIRE((!ended || made == decision{}));
    BOOST_TEST_REQUIRE(made.shutdowns.size() + made.kills.size() <= 1U);
    for (const auto& event : made.events) {
      if (event.what == what::restart_due)
        restarts.push_back(now);
      if (event.what == what::abandoned) {
        lost.push_back({event.child, event.incarnation});
        alive.erase(event.child);
        asked.erase(event.child);
      }
    }
    for (const auto& ref : made.starts) {
      BOOST_TEST_REQUIRE(!stopping);
      BOOST_TEST_REQUIRE(alive.count(ref.id) == 0U);
      if (ref.incarnation == 1)
        for (const auto& spec : specs) {
          if (spec.id == ref.id)
            break;
          // Whoever stands before it has answered at least once.
          for (const auto& other : root.list(now).children)
            if (other.id == spec.id)
              BOOST_TEST_REQUIRE((other.state != child_state::waiting));
        }
      alive[ref.id] = ref.incarnation;
    }
    for (const auto* wanted : {&made.shutdowns, &made.kills})
      for (const auto& ref : *wanted) {
        BOOST_TEST_REQUIRE(alive.at(ref.id) == ref.incarnation);
        asked[ref.id] = ref.incarnation;
      }
    for (const auto& ref : made.shutdowns) {
      stopping = true;
      // Everybody behind it has ended or was given up.
      for (auto spec = specs.rbegin(); spec->id != ref.id; ++spec)
        BOOST_TEST_REQUIRE(alive.count(spec->id) == 0U);
    }
    alarms.insert(alarms.end(), made.alarms.begin(), made.alarms.end());
    const auto within = std::count_if(restarts.begin(), restarts.end(),
                                      [&](instant when) { return when >= now - chosen.period; });
    BOOST_TEST_REQUIRE(within <= long(chosen.intensity));
    if (made.ended) {
      ended = true;
      BOOST_TEST_REQUIRE(alive.empty());
      BOOST_TEST_REQUIRE(made.ended->abandoned.size() == lost.size());
      BOOST_TEST_REQUIRE(
          ((made.ended->outcome == supervision_outcome::stopped) == made.ended->causes.empty()));
    }
  }

  void die(std::string id, ending how) {
    const auto incarnation = alive.at(id);
    alive.erase(id);
    asked.erase(id);
    take(root.on(child_died{{id, incarnation}, how, "chance", {}, jitter()}, now));
  }

  void step() {
    auto someone = alive.begin();
    if (!alive.empty())
      std::advance(someone, long(roll(alive.size())));
    switch (roll(6)) {
    case 0:
    case 1:
      if (someone != alive.end())
        take(root.on(child_started{{someone->first, someone->second}}, now));
      break;
    case 2:
      if (someone != alive.end() && roll(3) == 0)
        die(someone->first, roll(4) == 0 ? ending::normal : ending::crashed);
      break;
    case 3:
      if (!asked.empty() && roll(3) != 0)
        die(asked.begin()->first, ending::shutdown);
      break;
    case 4: // something old is told again
      if (someone != alive.end() && someone->second > 1) {
        const child_ref old{someone->first, someone->second - 1};
        std::erase(lost, old);
        take(root.on(child_died{old}, now));
      }
      break;
    default:
      pass();
    }
  }

  /// Time moves to the next alarm.
  void pass() {
    if (alarms.empty())
      return;
    const auto next = std::min_element(alarms.begin(), alarms.end(),
                                       [](const auto& a, const auto& b) { return a.at < b.at; });
    const auto due = *next;
    alarms.erase(next);
    now = std::max(now, due.at);
    take(root.on(child_alarm{due.id, due.epoch, jitter()}, now));
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(no_walk_breaks_the_rules_and_every_walk_ends_after_a_stop) {
  std::map<bool, int> by_itself;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed)
    BOOST_TEST_CONTEXT("seed " << seed) {
      auto specs = children({"a", "b", "c", "d"});
      specs[1].restart = restart_type::transient;
      specs[2].shutdown = 500ms;
      auto chosen = three_in_five();
      chosen.intensity = std::uint32_t(seed % 20 + 1);
      walk through{seed, specs, chosen};
      for (int i = 0; i < 200 && !through.ended; ++i)
        through.step();
      ++by_itself[through.ended];
      if (!through.ended)
        through.take(through.root.on(stop_children{}, through.now));
      through.stopping = true;
      for (int i = 0; i < 200 && !through.ended; ++i)
        through.pass(); // nobody answers any more: budgets alone must end it
      BOOST_TEST_REQUIRE(through.ended);
    }
  // The walks are of use only if both kinds of end are among them.
  BOOST_TEST(by_itself[true] > 50);
  BOOST_TEST(by_itself[false] > 50);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::supervisor::test
