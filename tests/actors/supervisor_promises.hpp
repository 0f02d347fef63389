// SPDX-License-Identifier: Apache-2.0
// The promises of supervision, held against every decision on a walk through chance.
#pragma once

#include "actors/supervisor/history.hpp"
#include "actors/supervisor/supervisor.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace holdfast::supervisor::test {

using namespace std::chrono_literals;
using what = supervision_fact;
using strategy = restart_strategy;

/// A supervisor made by chance, and a memory of its own of what was ordered: each decision is held
/// against that memory, never against what the machine believes.
struct promises {
  std::mt19937_64 chance;
  bool sturdy = false; ///< Made to last: it hardly ever ends by itself.
  std::uint64_t names = 0;
  supervisor_flags flags;
  supervisor root;
  instant now{1h};

  struct living {
    std::uint64_t incarnation = 0;
    bool answered = false;
    bool asked = false;
  };
  std::map<std::string, living> alive;
  std::map<std::string, std::uint64_t> used; ///< The highest incarnation of each id.
  std::set<std::pair<std::string, std::uint64_t>> lost;
  std::vector<alarm_at> alarms;
  std::vector<probe_order> probes;
  std::vector<child_alarm> old_alarms;
  struct restart_time {
    instant at;
    std::string id;
  };
  std::vector<restart_time> restarts;
  history past;
  std::set<std::uint64_t> open_calls;
  std::uint64_t calls = 0;
  bool stopping = false; ///< The whole stop has begun.
  bool obedient = false;
  bool all_started = false;
  std::optional<supervision_ended> ended;
  std::map<std::string, int> seen; ///< How often what happened, over all walks.

  promises(std::uint64_t seed, std::size_t children, bool lasting)
      : chance{seed}, sturdy{lasting}, flags{flags_by_chance()}, root{flags,
                                                                      specs_by_chance(children)} {}

  std::size_t roll(std::size_t sides) { return std::size_t(chance() % sides); }
  bool one_in(std::size_t sides) { return roll(sides) == 0; }
  double jitter() { return double(roll(1001)) / 1000; }

  supervisor_flags flags_by_chance() {
    supervisor_flags made{.name = "root", .strategy = strategy(1 + roll(4))};
    made.intensity = std::uint32_t(one_in(4) ? roll(3) : 5 + roll(100));
    made.period = std::chrono::milliseconds{1 + roll(5000)};
    made.pauses = {.min = std::chrono::milliseconds{roll(100)},
                   .max = 500ms,
                   .jitter_share = 0.5,
                   .steady_after = 2s};
    made.kill_budget = 500ms;
    if (sturdy)
      made.intensity = 10000;
    else if (made.strategy != strategy::simple_one_for_one)
      made.shuts_down = one_in(4) ? auto_shutdown(2 + roll(2)) : auto_shutdown::never;
    return made;
  }

  child_spec spec_by_chance(std::string id) {
    child_spec made{.id = std::move(id), .restart = restart_type(1 + roll(3))};
    made.shutdown = std::chrono::milliseconds{one_in(5) ? 0 : roll(1000)};
    made.start = 1s;
    made.significant = flags.shuts_down != auto_shutdown::never
                       && made.restart != restart_type::permanent && one_in(8);
    if (one_in(3))
      made.budget = restart_budget{std::uint32_t(roll(5)), 10s};
    const bool alone =
        flags.strategy == strategy::one_for_one || flags.strategy == strategy::simple_one_for_one;
    if (made.budget && alone && !made.significant && !one_in(4))
      made.when_spent = spent_action::rest;
    if (one_in(3))
      made.hang = {
          .probe_every = 700ms, .probe_within = 300ms, .handler_max = 400ms, .patience = 100ms};
    if (sturdy && made.when_spent != spent_action::rest)
      made.budget.reset();
    if (!sturdy && one_in(20))
      made.when_lost = lost_action::give_up;
    return made;
  }

  std::vector<child_spec> specs_by_chance(std::size_t children) {
    if (flags.strategy == strategy::simple_one_for_one)
      children = 1;
    std::vector<child_spec> made;
    while (made.size() < children)
      made.push_back(spec_by_chance("c" + std::to_string(++names)));
    return made;
  }

  bool has_group() const {
    return flags.strategy == strategy::one_for_all || flags.strategy == strategy::rest_for_one;
  }

  // ---- the promises ----------------------------------------------------------------------------

  /// Where each child stands, the first to start first.
  std::vector<child_status> standing() const {
    auto all = root.list(now).children;
    std::reverse(all.begin(), all.end());
    return all;
  }

  void check_start(const child_ref& ref) {
    ++seen["starts"];
    BOOST_TEST_REQUIRE(!stopping);
    BOOST_TEST_REQUIRE(alive.count(ref.id) == 0U, ref.id << " would live twice");
    BOOST_TEST_REQUIRE(ref.incarnation > used[ref.id], "an incarnation is used twice");
    used[ref.id] = ref.incarnation;
    if (!has_group())
      return;
    for (const auto& other : standing()) {
      if (other.id == ref.id)
        break;
      // Whoever stands before it is up, or rests.
      BOOST_TEST_REQUIRE((other.state != child_state::waiting && other.state != child_state::backoff
                          && other.state != child_state::starting),
                         other.id << " before " << ref.id << " is " << to_string(other.state));
    }
  }

  void check_down(const child_ref& ref, bool by_itself) {
    const auto found = alive.find(ref.id);
    BOOST_TEST_REQUIRE((found != alive.end() && found->second.incarnation == ref.incarnation));
    found->second.asked = true;
    const bool ordered = has_group() || flags.strategy == strategy::one_for_one;
    if (by_itself || !ordered)
      return;
    // It goes because others go: then everybody behind it has gone.
    bool behind = false;
    for (const auto& other : standing()) {
      if (behind)
        BOOST_TEST_REQUIRE(alive.count(other.id) == 0U,
                           other.id << " lives behind " << ref.id << ", which is stopped");
      behind = behind || other.id == ref.id;
    }
  }

  void check_budgets(const supervision_event& due) {
    restarts.push_back({now, due.child});
    const auto within = [&](auto period, auto wanted) {
      return std::count_if(restarts.begin(), restarts.end(), [&](const restart_time& one) {
        return one.at >= now - period && wanted(one.id);
      });
    };
    ++seen["restarts"];
    BOOST_TEST_REQUIRE(within(flags.period, [](const auto&) { return true; })
                       <= long(flags.intensity));
    if (const auto spec = root.spec_of(due.child); spec && spec->budget)
      BOOST_TEST_REQUIRE(
          within(spec->budget->period, [&](const auto& id) { return id == due.child; })
              <= long(spec->budget->intensity),
          due.child << " is restarted beyond its own budget");
  }

  void check_end() {
    ++seen[std::string{"ended "} + std::to_string(int(ended->outcome))];
    BOOST_TEST_REQUIRE(open_calls.empty(), "a caller was never answered");
    // No orphans: whoever lives is named.
    std::set<std::pair<std::string, std::uint64_t>> named;
    for (const auto& one : ended->stayed)
      named.insert({one.child, one.incarnation});
    BOOST_TEST_REQUIRE((named == lost));
    BOOST_TEST_REQUIRE(alive.empty());
    const bool clean = ended->outcome == supervision_outcome::stopped
                       || ended->outcome == supervision_outcome::ended_itself;
    BOOST_TEST_REQUIRE(ended->causes.empty() == clean);
  }

  void take(const decision& made, const std::string& about = {}) {
    if (ended) {
      auto only_replies = decision{};
      only_replies.replies = made.replies;
      BOOST_TEST_REQUIRE((made == only_replies));
    }
    std::set<std::string> hung;
    bool ends = false;
    for (const auto& event : made.events) {
      past.apply(
          event,
          {std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count()});
      ++seen[std::string{to_string(event.what)}];
      if (event.what == what::restart_due)
        check_budgets(event);
      if (event.what == what::hung)
        hung.insert(event.child);
      if (event.what == what::removed) // another of that id begins with a budget of its own
        for (auto& one : restarts)
          if (one.id == event.child)
            one.id.clear();
      if (event.what == what::abandoned) {
        lost.insert({event.child, event.incarnation});
        alive.erase(event.child);
      }
      ends = ends || event.what == what::all_stopped;
    }
    for (const auto& order : made.shutdowns) {
      BOOST_TEST_REQUIRE((!order.by || *order.by >= now));
      check_down(order.child, order.child.id == about || hung.count(order.child.id) != 0);
    }
    for (const auto& ref : made.kills)
      check_down(ref, true);
    for (const auto& ref : made.starts) {
      check_start(ref);
      alive[ref.id] = {ref.incarnation, false, false};
    }
    for (const auto& order : made.probes) {
      BOOST_TEST_REQUIRE(alive.at(order.child.id).incarnation == order.child.incarnation);
      probes.push_back(order);
    }
    for (const auto& ref : made.looks)
      BOOST_TEST_REQUIRE(alive.at(ref.id).incarnation == ref.incarnation);
    for (const auto& one : made.replies)
      BOOST_TEST_REQUIRE(open_calls.erase(one.to.number) == 1U, "answered twice, or unasked");
    for (const auto& alarm : made.alarms)
      BOOST_TEST_REQUIRE((alarm.at >= now));
    alarms.insert(alarms.end(), made.alarms.begin(), made.alarms.end());
    all_started = all_started || made.all_started;
    if (made.ended) {
      ended = made.ended;
      check_end();
    }
    // Never more that live than were specified, and nobody whom the machine does not know.
    for (const auto& [id, one] : alive)
      BOOST_TEST_REQUIRE(root.knows(id), id << " is an orphan");
  }
};

} // namespace holdfast::supervisor::test
