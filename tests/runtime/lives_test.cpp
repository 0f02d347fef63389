// SPDX-License-Identifier: Apache-2.0
// What a journal alone knows of its actors, and what is said of them.
#include "runtime/inspection/explain.hpp"
#include "runtime/inspection/lives.hpp"
#include "runtime/inspection/verdict.hpp"

#include <boost/test/unit_test.hpp>

using namespace holdfast;
using namespace holdfast::inspection;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t second = 1'000'000;

/// Records of runs, one a second.
struct story {
  void tell(supervision_fact what, const std::string& child, std::uint64_t incarnation = 1,
            const std::string& text = {}) {
    supervision_event made;
    made.what = what;
    made.supervisor = "root";
    made.child = child;
    made.incarnation = incarnation;
    made.text = text;
    if (what == supervision_fact::died)
      made.how = ending::crashed;
    if (what == supervision_fact::restart_due) {
      made.pause = 5s;
      made.failures = 1;
    }
    tell(made);
  }

  void tell(supervision_fate what) {
    known.apply({{run, {}, ""}, ++number, now(), {}, std::move(what)}, sequence{++at});
  }

  wall_time now() const { return {static_cast<std::int64_t>(at) * second}; }
  const life& of(const std::string& child) const { return *known.find("root", child); }

  lives known;
  std::uint64_t run = 1;
  std::uint64_t number = 0;
  std::uint64_t at = 0;
};

std::string said(const std::vector<section>& all, std::string_view name) {
  std::string text;
  for (const auto& part : all)
    if (part.name == name)
      for (const auto& line : part.lines)
        text += line + "\n";
  return text;
}

/// A tree of one actor that runs under a supervisor with 2 of 3 restarts used.
findings running(lives past) {
  findings made;
  made.live = true;
  made.as_of = {100 * second};
  supervisor_view keeper{"root", "", restart_strategy::rest_for_one, 3, 60s, 2, true};
  actor_view one;
  one.name = "model";
  one.supervisor = "root";
  one.status.emplace();
  one.status->state = child_state::running;
  one.status->in_state = 5s;
  one.status->incarnation = 3;
  one.status->restarts = 2;
  made.tree = {{keeper}, {one}};
  made.past = std::move(past);
  return made;
}

} // namespace

BOOST_AUTO_TEST_SUITE(lives_of_actors)

BOOST_AUTO_TEST_CASE(follow_each_fact_to_its_state) {
  story told;
  told.tell(supervision_fact::started, "model");
  BOOST_TEST((told.of("model").state == child_state::running));
  told.tell(supervision_fact::died, "model", 1, "boom");
  BOOST_TEST((told.of("model").state == child_state::stopped));
  BOOST_TEST(told.of("model").last_cause == "boom");
  told.tell(supervision_fact::restart_due, "model");
  BOOST_TEST((told.of("model").state == child_state::backoff));
  BOOST_TEST(told.of("model").restarts == 1U);
  const auto tree = told.known.tree({told.now().us + 2 * second});
  BOOST_TEST_REQUIRE(tree.actors.size() == 1U);
  BOOST_TEST((tree.actors[0].status->retry_in == 3s));
  BOOST_TEST((tree.actors[0].status->in_state == 2s));
  told.tell(supervision_fact::started, "model", 2);
  told.tell(supervision_fact::child_gave_up, "model", 2);
  BOOST_TEST((told.of("model").state == child_state::gave_up));
  BOOST_TEST(told.of("model").lines.size() == 5U);
}

/// Nobody wrote that they ended when their process was killed.
BOOST_AUTO_TEST_CASE(end_with_their_process) {
  story told;
  told.tell(supervision_fact::started, "model");
  told.tell(supervision_fact::started, "cache");
  told.run = 2;
  told.number = 0;
  told.tell(supervision_fact::started, "model", 2);
  const auto tree = told.known.tree(told.now());
  BOOST_TEST((tree.actors[0].status->state == child_state::running));
  BOOST_TEST((tree.actors[1].status->state == child_state::stopped));
}

BOOST_AUTO_TEST_CASE(keep_a_bounded_number_of_lines) {
  story told;
  for (int i = 0; i < 300; ++i)
    told.tell(supervision_fact::started, "model");
  BOOST_TEST(told.of("model").lines.size() == lines_max);
  BOOST_TEST(told.of("model").lines.back().record == sequence{300});
}

BOOST_AUTO_TEST_CASE(are_explained_in_the_order_of_a_persons_questions) {
  story told;
  told.at = 40;
  told.tell(supervision_fact::started, "model"); // 41 s
  told.at = 89;
  told.tell(supervision_fact::died, "model", 1, "boom"); // 90 s
  told.tell(supervision_fact::restart_due, "model");
  told.tell(supervision_fact::started, "model", 2);
  const auto in = running(told.known);
  const auto all = explain(in, in.tree.actors[0]);
  BOOST_TEST(said(all, "state") == "running for 5.0 s, incarnation 3, restarted 2 times\n");
  BOOST_TEST(said(all, "deaths")
             == "1970-01-01T00:01:30.000000Z  died (crashed), incarnation 1: boom, after 49.0 s\n");
  BOOST_TEST(said(all, "rule")
             == "permanent: it is started again whenever it ends\n"
                "rest_for_one: those that stand after it are restarted with it\n");
  BOOST_TEST(said(all, "budget")
             == "2 of 3 restarts within 1 min 00 s under root are used; the "
                "oldest counts for another 51.0 s\n");
  BOOST_TEST(said(all, "next") == "it goes on\n");
  BOOST_TEST(said(all, "lints").find("restart-storm") == 0U);
  BOOST_TEST(said(all, "can") == "holdfast inspect model\nholdfast restart model --reason TEXT\n");
}

BOOST_AUTO_TEST_CASE(say_so_where_something_is_not_known) {
  auto in = running({});
  in.past.reset();
  in.past_problem = "the store is being reopened";
  in.tree.supervisors[0].answered = false;
  in.tree.actors[0].status.reset();
  const auto all = explain(in, in.tree.actors[0]);
  BOOST_TEST(said(all, "state") == "not known: its supervisor root did not answer in time\n");
  BOOST_TEST(said(all, "deaths")
             == "not known: the journal cannot be read now (the store is being reopened)\n");
  BOOST_TEST(said(all, "budget") == "not known: its supervisor root did not answer in time\n");
  BOOST_TEST(said(all, "next") == "not known\n");
}

BOOST_AUTO_TEST_CASE(are_found_by_the_last_word_of_a_name) {
  findings in;
  for (const auto* name : {"journal", "fold learning", "fold sum", "sum"}) {
    actor_view one;
    one.name = name;
    in.tree.actors.push_back(one);
  }
  BOOST_TEST((*find_actor(in, "journal"))->name == "journal");
  BOOST_TEST((*find_actor(in, "learning"))->name == "fold learning");
  BOOST_TEST((*find_actor(in, "sum"))->name == "sum");
  BOOST_TEST((find_actor(in, "earning").error().code == fault_code::not_found));
  BOOST_TEST((find_actor(in, "").error().code == fault_code::not_found));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(verdicts)

BOOST_AUTO_TEST_CASE(are_the_worst_of_their_checks) {
  health_subject good;
  good.standing = "serving";
  good.writable = true;
  good.free_bytes = 2ULL << 30U;
  struct row {
    const char* says;
    std::function<void(findings&, health_subject&)> change;
    verdict expected;
    std::string check;
  };
  for (const auto& [says, change, expected, check] :
       {row{"all is well", [](auto&, auto&) {}, verdict::pass, ""},
        row{"the store takes nothing", [](auto&, auto&of) { of.writable = false; }, verdict::fail,
            "store:writable"},
        row{"little room", [](auto&, auto&of) { of.free_bytes = 600ULL << 20U; }, verdict::warn,
            "store:free_bytes"},
        row{"no room", [](auto&, auto&of) { of.free_bytes = 1; }, verdict::fail,
            "store:free_bytes"},
        row{"one waits for its restart",
            [](auto&in, auto&) { in.tree.actors[0].status->state = child_state::backoff; },
            verdict::warn, "actors:running"},
        row{"one gave up",
            [](auto&in, auto&) { in.tree.actors[0].status->state = child_state::gave_up; },
            verdict::fail, "actors:running"},
        row{"a person stopped one",
            [](auto&in, auto&) { in.tree.actors[0].status->state = child_state::stopped; },
            verdict::pass, ""},
        row{"a supervisor is silent",
            [](auto&in, auto&) { in.tree.supervisors[0].answered = false; }, verdict::warn,
            "actors:supervisors"},
        row{"a lint speaks", [](auto&in, auto&) { in.tree.actors[0].status->failures = 9; },
            verdict::warn, "actors:lints"},
        row{"consumers are behind", [](auto&, auto&of) { of.paused = true; }, verdict::warn,
            "consumers:paused"},
        row{"history was lost", [](auto&, auto&of) { of.history_dropped = 1; }, verdict::warn,
            "history:waiting"},
        row{"log lines were lost", [](auto&, auto&of) { of.telemetry_dropped = 1; }, verdict::warn,
            "telemetry:dropped"}})
    BOOST_TEST_CONTEXT(says) {
      auto in = running({});
      in.tree.supervisors[0].restarts_used = 0;
      auto of = good;
      change(in, of);
      const auto told = health_of(in, of);
      BOOST_TEST((told.status == expected));
      for (const auto& one : told.checks) {
        const bool passes = one.status == verdict::pass;
        BOOST_TEST(passes == (one.id != check), one.id);
        BOOST_TEST(passes == one.says.empty(), one.id);
        BOOST_TEST(passes == one.help.empty(), one.id); // no warning without what to do
      }
    }
}

BOOST_AUTO_TEST_SUITE_END()
