// SPDX-License-Identifier: Apache-2.0
// The lints: each speaks at its limit and not before, and has a section in docs/lints.md.
#include "runtime/inspection/lints.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <functional>
#include <sstream>

using namespace holdfast;
using namespace holdfast::inspection;
using namespace std::chrono_literals;

namespace {

/// An actor with nothing wrong, and everything known of it.
struct sound_actor {
  sound_actor() {
    view.name = "model";
    view.supervisor = "root";
    view.status.emplace();
    view.status->state = child_state::running;
    view.reading.emplace();
    view.reading->queued_max = 1000;
    keeper = {"root", "", restart_strategy::one_for_one, 10, 10min, 0, true};
    newest.covered = sequence{5000};
    newest.time = wall_time{900'000'000};
  }

  std::string lints() const {
    std::string ids;
    for (const auto& one : lints_of({&view, &keeper, newest, head, now, rule}))
      ids += (ids.empty() ? "" : " ") + one.id;
    return ids;
  }

  actor_view view;
  supervisor_view keeper;
  checkpoint_info newest;
  sequence head{5000};
  wall_time now{1'000'000'000}; ///< 100 s after the checkpoint.
  checkpoint_rule rule{100, 10s};
};

void waits(sound_actor& of, std::uint64_t messages, std::chrono::milliseconds oldest) {
  of.view.reading->queued = messages;
  of.view.reading->oldest = oldest;
}

} // namespace

BOOST_AUTO_TEST_SUITE(lints)

BOOST_AUTO_TEST_CASE(speak_at_their_limit_and_not_before) {
  struct row {
    const char* says;
    std::function<void(sound_actor&)> change;
    std::string expected;
  };
  for (const auto& [says, change, expected] :
       {row{"nothing is wrong", [](auto&) {}, ""},
        row{"a handler almost too long",
            [](auto& of) {
              of.view.reading->current = {"ask", 29999ms};
            },
            ""},
        row{"a handler too long",
            [](auto& of) {
              of.view.reading->current = {"ask", 30000ms};
            },
            "never-yields"},
        row{"many wait, but not for long", [](auto& of) { waits(of, 799, 9999ms); }, ""},
        row{"few wait for long", [](auto& of) { waits(of, 99, 60s); }, ""},
        row{"many wait for long", [](auto& of) { waits(of, 100, 10s); }, "mailbox-growing"},
        row{"nearly full", [](auto& of) { waits(of, 800, 1ms); }, "mailbox-growing"},
        row{"slow at times", [](auto& of) { of.view.reading->p99 = 999999us; }, ""},
        row{"too slow at times", [](auto& of) { of.view.reading->p99 = 1s; },
            "handler-over-deadline"},
        row{"failed twice", [](auto& of) { of.view.status->failures = 2; }, ""},
        row{"failed three times", [](auto& of) { of.view.status->failures = 3; }, "restart-storm"},
        row{"its own budget half used",
            [](auto& of) {
              of.view.status->budget = 4;
              of.view.status->budget_used = 2;
            },
            "restart-storm"},
        row{"a third of its own budget",
            [](auto& of) {
              of.view.status->budget = 6;
              of.view.status->budget_used = 2;
            },
            ""},
        row{"its supervisor's budget half used, by others",
            [](auto& of) { of.keeper.restarts_used = 5; }, ""},
        row{"its supervisor's budget half used, by it",
            [](auto& of) {
              of.keeper.restarts_used = 5;
              of.view.status->restarts = 1;
            },
            "restart-storm"},
        row{"a message with a lost incarnation", [](auto& of) { of.view.reading->with_lost = 1; },
            "orphaned-request"},
        row{"old, and nearly as far behind", [](auto& of) { of.head = sequence{5999}; }, ""},
        row{"old and far behind", [](auto& of) { of.head = sequence{6000}; }, "stale-checkpoint"},
        row{"far behind, but young",
            [](auto& of) {
              of.head = sequence{9000};
              of.now = wall_time{999'000'000};
            },
            ""},
        row{"a state below the half", [](auto& of) { of.newest.size = (8U << 20U) - 1; }, ""},
        row{"half of the largest state", [](auto& of) { of.newest.size = 8U << 20U; },
            "oversized-state"}})
    BOOST_TEST_CONTEXT(says) {
      sound_actor one;
      change(one);
      BOOST_TEST(one.lints() == expected);
    }
}

BOOST_AUTO_TEST_CASE(hold_nothing_against_what_is_not_known) {
  actor_view bare;
  bare.name = "model";
  BOOST_TEST(lints_of({&bare, nullptr, {}, sequence{99999}, wall_time{1}, {}}).empty());
}

BOOST_AUTO_TEST_CASE(say_what_to_do_and_have_a_section_each) {
  std::ifstream file{HOLDFAST_SOURCE_DIR "/docs/lints.md"};
  std::stringstream page;
  page << file.rdbuf();
  for (const auto id : lint_ids())
    BOOST_TEST((page.str().find("\n## " + std::string{id} + "\n") != std::string::npos), id);
  sound_actor one;
  one.view.reading->with_lost = 2;
  const auto found = lints_of({&one.view, &one.keeper, {}, {}, {}, {}});
  BOOST_TEST_REQUIRE(found.size() == 1U);
  BOOST_TEST(found[0].says == "2 messages are in the hands of incarnations that would not end");
  BOOST_TEST(!found[0].help.empty());
}

BOOST_AUTO_TEST_SUITE_END()
