// SPDX-License-Identifier: Apache-2.0
// Does any walk through crashes, hangs, stops, calls and changes break a promise of supervision?
#include "tests/actors/supervisor_promises.hpp"

#include <boost/test/unit_test.hpp>

namespace holdfast::supervisor::test {

namespace {

/// A world in which everything happens by chance.
struct walk : promises {
  walk(std::uint64_t seed, std::size_t children, bool lasting) : promises{seed, children, lasting} {
    take(root.on(start_children{}, now));
  }

  std::map<std::string, living>::iterator somebody() {
    auto found = alive.begin();
    if (!alive.empty())
      std::advance(found, long(roll(alive.size())));
    return found;
  }

  void answer_start(std::map<std::string, living>::iterator who) {
    const child_ref ref{who->first, who->second.incarnation};
    if (who->second.answered)
      return;
    if (!obedient && !who->second.asked && (!sturdy || all_started) && one_in(12)) {
      alive.erase(who);
      take(one_in(3) ? root.on(child_started{ref, true, {}}, now)
                     : root.on(child_start_failed{ref, "chance", jitter()}, now));
      return;
    }
    who->second.answered = true;
    take(root.on(child_started{ref}, now));
  }

  void die(std::map<std::string, living>::iterator who, ending how) {
    const child_ref ref{who->first, who->second.incarnation};
    alive.erase(who);
    ++seen["deaths"];
    take(root.on(child_died{.child = ref, .how = how, .jitter = jitter()}, now));
  }

  void next_alarm() {
    if (alarms.empty())
      return;
    const auto next = std::min_element(alarms.begin(), alarms.end(),
                                       [](const auto& a, const auto& b) { return a.at < b.at; });
    const auto due = *next;
    alarms.erase(next);
    now = std::max(now, due.at);
    if (old_alarms.size() < 20)
      old_alarms.push_back({due.id, due.epoch, 0});
    take(root.on(child_alarm{due.id, due.epoch, jitter()}, now));
  }

  /// What is told of the past changes nothing.
  void tell_something_stale() {
    const auto who = somebody();
    if (who != alive.end() && who->second.incarnation > 1) {
      const child_ref old{who->first, who->second.incarnation - 1};
      if (lost.count({old.id, old.incarnation}) == 0) {
        BOOST_TEST_REQUIRE((root.on(child_died{.child = old}, now) == decision{}));
        BOOST_TEST_REQUIRE((root.on(child_started{old}, now) == decision{}));
        BOOST_TEST_REQUIRE((root.on(child_busy{old, "m", 1h}, now) == decision{}));
      }
    }
    if (!lost.empty() && one_in(2)) { // a lost one ends at last: nobody is touched by it
      const auto [id, incarnation] = *lost.begin();
      lost.erase(lost.begin());
      ++seen["returned"];
      const auto made = root.on(child_died{.child = {id, incarnation}}, now);
      BOOST_TEST_REQUIRE((made.starts.empty() && made.kills.empty() && made.shutdowns.empty()));
      take(made);
    }
    if (!old_alarms.empty())
      BOOST_TEST_REQUIRE((root.on(old_alarms[roll(old_alarms.size())], now) == decision{}),
                         "a stale alarm rang");
  }

  void call_something() {
    const auto all = root.list(now).children;
    const auto id = all.empty() ? std::string{"nobody"} : all[roll(all.size())].id;
    const caller by{++calls};
    open_calls.insert(by.number);
    const bool simple = flags.strategy == strategy::simple_one_for_one;
    switch (roll(5)) {
    case 0:
    case 1:
      if (all.size() < 200) {
        take(root.on(
            start_child{simple ? child_spec{}
                               : spec_by_chance(
                                   "n" + std::to_string(one_in(3) ? roll(names + 1) : ++names))},
            by, now));
        return;
      }
      [[fallthrough]];
    case 2: {
      const auto found = alive.find(id);
      take(root.on(
               terminate_child{id, simple && found != alive.end() ? found->second.incarnation : 0},
               by, now),
           id);
      return;
    }
    case 3:
      take(root.on(restart_child{id}, by, now));
      return;
    default:
      take(root.on(delete_child{id}, by, now));
    }
  }

  /// Instances get other budgets with their spec, or are others of the same number.
  void forget_instances() {
    if (flags.strategy == strategy::simple_one_for_one)
      for (auto& one : restarts)
        one.id.clear();
  }

  void change_something() {
    auto next = flags;
    next.intensity = sturdy ? 10000 : std::uint32_t(5 + roll(100));
    // Who is behind whom changes only while nobody is being stopped: else it cannot be judged.
    const bool at_rest =
        std::none_of(alive.begin(), alive.end(), [](const auto& one) { return one.second.asked; });
    if (at_rest && !sturdy && flags.strategy != strategy::simple_one_for_one && one_in(2))
      next.strategy = strategy(1 + roll(3));
    std::vector<child_spec> specs;
    for (const auto& one : standing())
      if (!at_rest || one_in(2))
        if (const auto spec = root.spec_of(one.id)) {
          specs.push_back(*spec);
          specs.back().shutdown = std::chrono::milliseconds{roll(500)};
        }
    if (at_rest)
      std::shuffle(specs.begin(), specs.end(), chance);
    if (flags.strategy == strategy::simple_one_for_one)
      specs.assign(1, spec_by_chance("c1"));
    const auto made = root.change({next, specs}, now);
    if (!made)
      return;
    ++seen["changes"];
    flags = next;
    forget_instances();
    take(*made);
  }

  /// The process dies with all its actors; another begins from the records.
  void crash_the_process() {
    std::vector<child_spec> specs;
    for (const auto& one : standing())
      if (const auto spec = root.spec_of(one.id);
          spec && flags.strategy != strategy::simple_one_for_one)
        specs.push_back(*spec);
    if (flags.strategy == strategy::simple_one_for_one)
      specs.push_back(*root.spec_of("c1"));
    if (!check(flags, specs))
      return;
    ++seen["process crashes"];
    alive.clear();
    used.clear();
    lost.clear();
    alarms.clear();
    old_alarms.clear();
    probes.clear();
    open_calls.clear();
    all_started = false;
    forget_instances();
    now += std::chrono::milliseconds{roll(500)};
    root = supervisor{flags, specs};
    root.restore(past.recall("root", {std::chrono::duration_cast<std::chrono::microseconds>(
                                          now.time_since_epoch())
                                          .count()}),
                 now);
    take(root.on(start_children{}, now));
  }

  void step() {
    const auto who = somebody();
    switch (roll(20)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
      for (auto one = alive.begin(); one != alive.end(); ++one)
        if (!one->second.answered) {
          answer_start(one);
          break;
        }
      break;
    case 6:
      if (who != alive.end() && one_in(2))
        die(who, ending(1 + roll(4)));
      break;
    case 7:
    case 8:
      for (auto one = alive.begin(); one != alive.end(); ++one)
        if (one->second.asked && !one_in(4)) {
          die(one, one_in(3) ? ending::crashed : ending::shutdown);
          break;
        }
      break;
    case 9:
      tell_something_stale();
      break;
    case 10:
      call_something();
      break;
    case 11:
      if (one_in(6))
        change_something();
      break;
    case 12:
      if (!probes.empty()) {
        const auto order = probes[roll(probes.size())];
        take(root.on(child_answered{order.child, order.number}, now));
      }
      break;
    case 13:
      if (who != alive.end() && one_in(10))
        take(root.on(child_busy{{who->first, who->second.incarnation}, "m", 500ms}, now));
      break;
    case 14:
      if (one_in(30))
        crash_the_process();
      break;
    default:
      now += std::chrono::milliseconds{roll(20)};
      next_alarm();
    }
  }

  /// From here on everybody behaves. Then everything must come to rest, and nobody be forgotten.
  void come_to_rest() {
    obedient = true;
    for (int i = 0; i < 100000 && !ended; ++i) {
      const auto waits = std::find_if(alive.begin(), alive.end(), [](const auto& one) {
        return one.second.asked || !one.second.answered;
      });
      if (waits != alive.end()) {
        if (waits->second.asked)
          die(waits, ending::shutdown);
        else
          answer_start(waits);
        continue;
      }
      for (const auto& order : std::exchange(probes, {}))
        take(root.on(child_answered{order.child, order.number}, now));
      const auto all = root.list(now).children;
      if (std::all_of(all.begin(), all.end(), [](const child_status& one) {
            return one.state == child_state::running || one.state == child_state::stopped
                   || one.state == child_state::gave_up || one.state == child_state::abandoned;
          })) {
        BOOST_TEST_REQUIRE(open_calls.empty(), "a caller still waits");
        return;
      }
      BOOST_TEST_REQUIRE(!alarms.empty(), "somebody is forgotten");
      next_alarm();
    }
    BOOST_TEST_REQUIRE(ended.has_value(), "it does not come to rest");
  }

  /// Nobody answers any more: budgets, or the deadline alone, must end it.
  void stop() {
    if (ended)
      return;
    const bool hurried = one_in(2);
    const auto deadline = now + 2s;
    take(root.on(hurried ? stop_children{2s} : stop_children{}, now));
    stopping = true;
    for (int i = 0; i < 10000 && !ended; ++i)
      next_alarm();
    BOOST_TEST_REQUIRE(ended.has_value());
    if (hurried)
      BOOST_TEST_REQUIRE((now <= deadline));
  }
};

struct sums {
  std::map<std::string, int> seen;

  void play(std::uint64_t seed, std::size_t children, int steps, bool lasting = false) {
    BOOST_TEST_CONTEXT("seed " << seed << ", " << children << " children") {
      walk through{seed, children, lasting};
      for (int i = 0; i < steps && !through.ended; ++i)
        through.step();
      if (seed % 2 == 0 && !through.ended)
        through.come_to_rest();
      through.stop();
      for (const auto& [key, count] : through.seen)
        seen[key] += count;
    }
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(supervisor_walks)

BOOST_AUTO_TEST_CASE(no_walk_breaks_a_promise_and_every_walk_ends_after_a_stop) {
  sums all;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed)
    all.play(seed, 1 + seed % 12, 300);
  // The walks are of use only if everything happens on them.
  for (const auto* key :
       {"started",         "start_failed", "died",        "restart_due",   "stopped",
        "killed",          "abandoned",    "all_started", "all_stopped",   "gave_up",
        "start_undone",    "ignored",      "hung",        "child_gave_up", "ended_itself",
        "added",           "removed",      "changed",     "cancelled",     "changes",
        "process crashes", "returned",     "ended 1",     "ended 2",       "ended 3",
        "ended 4"})
    BOOST_TEST(all.seen[key] > 5, key << " happened " << all.seen[key] << " times");
}

BOOST_AUTO_TEST_CASE(no_long_walk_through_a_tree_of_two_hundred_breaks_a_promise) {
  sums all;
  for (std::uint64_t seed = 100001; seed <= 100012; ++seed)
    all.play(seed, 200, 10000, true);
  for (const auto* key : {"restart_due", "hung", "abandoned", "cancelled", "changes"})
    BOOST_TEST(all.seen[key] > 50, key << " happened " << all.seen[key] << " times");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::supervisor::test
