// SPDX-License-Identifier: Apache-2.0
// A stage for the supervisor machine: scripted children, time by hand, and a transcript of it all.
#pragma once

#include "actors/supervisor/supervisor.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace holdfast::supervisor::test {

inline const instant t0{std::chrono::hours{1}};

inline child_spec spec_of(std::string id, restart_type restart = restart_type::permanent) {
  return {.id = std::move(id),
          .restart = restart,
          .shutdown = std::chrono::seconds{1},
          .start = std::chrono::seconds{3}};
}

inline std::vector<child_spec> specs_of(std::initializer_list<const char*> ids,
                                        restart_type restart = restart_type::permanent) {
  std::vector<child_spec> all;
  for (const auto* id : ids)
    all.push_back(spec_of(id, restart));
  return all;
}

inline supervisor_flags flags_of(restart_strategy strategy = restart_strategy::one_for_one,
                                 std::uint32_t intensity = 3) {
  using namespace std::chrono_literals;
  return {.name = "root",
          .strategy = strategy,
          .intensity = intensity,
          .period = 5s,
          .pauses = {.min = 100ms, .max = 1s, .jitter_share = 0, .steady_after = 10s},
          .kill_budget = 2s};
}

/// Plays every child by its script, at once; by default a child comes up and ends when asked.
///
/// The transcript has one word for each thing that happens: `+a#1` is started, `-a#1` asked to
/// end, `!a#1` killed, `?a#1` probed, `~a#1` ends.
struct stage {
  supervisor root;
  instant now = t0;

  std::set<std::string> failing;            ///< Do not come up.
  std::set<std::string> hanging;            ///< Never answer their start.
  std::set<std::string> shy;                ///< Decide not to run.
  std::set<std::string> deaf;               ///< Do not end when asked.
  std::set<std::string> undying;            ///< Do not even end when killed.
  std::set<std::string> silent;             ///< Do not answer probes.
  std::map<std::string, ending> last_words; ///< How they end when asked; else by shutdown.

  std::vector<supervision_event> history;
  std::vector<supervision_report> reports;
  std::map<std::string, route> routes;
  std::map<std::uint64_t, child_answer> answers;
  std::vector<child_ref> looks;
  std::vector<shutdown_order> orders;
  std::map<std::string, std::uint64_t> alive; ///< Incarnations, without the undying.
  std::optional<supervision_ended> ended;
  std::string exit_process;
  bool all_started = false;

  stage(supervisor_flags chosen, std::vector<child_spec> specs)
      : root{std::move(chosen), std::move(specs)} {}

  /// A stage on which everybody has come up; its transcript is empty.
  static stage running(supervisor_flags chosen, std::vector<child_spec> specs) {
    stage made{std::move(chosen), std::move(specs)};
    made.start();
    BOOST_TEST_REQUIRE(made.all_started);
    made.said();
    made.reports.clear();
    made.history.clear();
    return made;
  }

  void start() { hear(start_children{}); }
  void stop(std::optional<std::chrono::milliseconds> within = {}) { hear(stop_children{within}); }

  void die(const std::string& id, ending how = ending::crashed, std::string text = "crash") {
    BOOST_TEST_REQUIRE(alive.count(id) == 1U, id << " does not live");
    const child_ref ref{id, alive[id]};
    alive.erase(id);
    note('~', ref);
    hear(child_died{.child = ref, .how = how, .text = std::move(text)});
  }

  /// Time moves on, and every alarm on the way is heard.
  void pass(std::chrono::milliseconds time) {
    const auto end = now + time;
    for (;;) {
      const auto next =
          std::min_element(alarms_.begin(), alarms_.end(),
                           [](const alarm_at& a, const alarm_at& b) { return a.at < b.at; });
      if (next == alarms_.end() || next->at > end)
        break;
      const auto due = *next;
      alarms_.erase(next);
      now = std::max(now, due.at);
      hear(child_alarm{due.id, due.epoch});
    }
    now = end;
  }

  template <class Fact>
  void hear(const Fact& fact) {
    take(root.on(fact, now));
  }

  /// Asks; the answer, or nothing yet.
  template <class Call>
  std::optional<child_answer> ask(const Call& call) {
    const caller by{++calls_};
    take(root.on(call, by, now));
    return answer_to(by.number);
  }
  template <class Call>
  child_verdict verdict(const Call& call) {
    const auto told = ask(call);
    BOOST_TEST_REQUIRE(told.has_value(), "no answer yet");
    return told->what;
  }
  std::optional<child_answer> answer_to(std::uint64_t number) const {
    const auto found = answers.find(number);
    return found == answers.end() ? std::nullopt : std::optional{found->second};
  }
  child_answer told(std::uint64_t number) const {
    BOOST_TEST_REQUIRE(answers.count(number) == 1U, "call " << number << " was not answered");
    return answers.at(number);
  }
  std::uint64_t last_call() const { return calls_; }

  void take(decision made) {
    waiting_.push_back(std::move(made));
    if (std::exchange(acting_, true))
      return;
    while (!waiting_.empty()) {
      const auto next = std::move(waiting_.front());
      waiting_.pop_front();
      perform(next);
    }
    acting_ = false;
  }

  /// What happened since this was asked last.
  std::string said() { return std::exchange(transcript_, {}); }

  child_state state(std::string_view id) const { return status(id).state; }
  child_status status(std::string_view id) const {
    auto told = root.status_of(id, now);
    BOOST_TEST_REQUIRE(bool{told}, "no child " << id);
    return *told;
  }
  std::vector<supervision_fact> facts() const {
    std::vector<supervision_fact> all;
    for (const auto& event : history)
      all.push_back(event.what);
    return all;
  }
  std::size_t count_of(supervision_fact what) const {
    return static_cast<std::size_t>(
        std::count_if(history.begin(), history.end(),
                      [what](const supervision_event& event) { return event.what == what; }));
  }

private:
  void note(char sign, const child_ref& ref) {
    transcript_ += (transcript_.empty() ? "" : " ") + std::string{sign} + ref.id + '#'
                   + std::to_string(ref.incarnation);
  }

  void end(const child_ref& ref, ending how) {
    if (alive.count(ref.id) == 0 || alive[ref.id] != ref.incarnation)
      return;
    alive.erase(ref.id);
    note('~', ref);
    hear(child_died{.child = ref, .how = how});
  }

  void perform(const decision& made) {
    decision only_replies;
    only_replies.replies = made.replies;
    BOOST_TEST_REQUIRE((!ended || made == only_replies), "something follows the end");
    history.insert(history.end(), made.events.begin(), made.events.end());
    reports.insert(reports.end(), made.reports.begin(), made.reports.end());
    alarms_.insert(alarms_.end(), made.alarms.begin(), made.alarms.end());
    looks.insert(looks.end(), made.looks.begin(), made.looks.end());
    for (const auto& [ref, to] : made.routes)
      routes[ref.id] = to;
    for (const auto& [to, answer] : made.replies)
      BOOST_TEST_REQUIRE(answers.emplace(to.number, answer).second, "answered twice");
    for (const auto& order : made.shutdowns) {
      orders.push_back(order);
      note('-', order.child);
      if (deaf.count(order.child.id) + undying.count(order.child.id) > 0)
        continue;
      const auto words = last_words.find(order.child.id);
      end(order.child, words == last_words.end() ? ending::shutdown : words->second);
    }
    for (const auto& ref : made.kills) {
      note('!', ref);
      if (undying.count(ref.id) == 0)
        end(ref, ending::killed);
    }
    for (const auto& ref : made.starts) {
      note('+', ref);
      if (failing.count(ref.id) != 0) {
        hear(child_start_failed{ref, "does not come up"});
        continue;
      }
      if (shy.count(ref.id) != 0) {
        hear(child_started{ref, true, {}});
        continue;
      }
      alive[ref.id] = ref.incarnation;
      if (hanging.count(ref.id) == 0)
        hear(child_started{ref, false, "hello"});
    }
    for (const auto& order : made.probes) {
      note('?', order.child);
      if (silent.count(order.child.id) == 0)
        hear(child_answered{order.child, order.number});
    }
    all_started = all_started || made.all_started;
    if (!made.exit_process.empty())
      exit_process = made.exit_process;
    if (made.ended)
      ended = made.ended;
  }

  std::deque<decision> waiting_;
  bool acting_ = false;
  std::vector<alarm_at> alarms_;
  std::string transcript_;
  std::uint64_t calls_ = 0;
};

} // namespace holdfast::supervisor::test
