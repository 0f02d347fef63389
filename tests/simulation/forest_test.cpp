// SPDX-License-Identifier: Apache-2.0
// Does any walk of a whole tree of supervisors, their shells and addresses break a promise?
//
// HOLDFAST_SEED sets the first seed, HOLDFAST_WALKS how many. A failing walk is one number:
//   HOLDFAST_SEED=N HOLDFAST_WALKS=1 tests_simulation --run_test='no_walk*'
#include "tests/simulation/forest.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>

namespace holdfast::forests {

namespace {

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct walks {
  std::map<std::string, std::uint64_t> seen;

  void walk(forest_plan plan, int steps) {
    BOOST_TEST_CONTEXT("seed " << plan.seed << ", " << plan.children << " children")
    try {
      forest on{plan};
      for (int i = 0; i < steps && !on.has_ended(); ++i)
        on.step();
      if (plan.seed % 2 == 0 && !on.has_ended())
        on.come_to_rest();
      on.stop();
      for (const auto& [what, count] : on.seen)
        seen[what] += count;
    } catch (const broken_promise& problem) {
      BOOST_ERROR(problem.what());
    }
  }

  /// The walks are of use only if everything happens on them.
  void must_have_seen(std::initializer_list<const char*> all, std::uint64_t times) {
    for (const auto& [what, count] : seen)
      BOOST_TEST_MESSAGE("  " << what << ": " << count);
    for (const auto* key : all)
      BOOST_TEST(seen[key] >= times, key << " happened " << seen[key] << " times");
  }
};

constexpr std::uint64_t usual = SANITIZED ? 40 : 400;

/// How often everything must have happened on the usual walks.
constexpr std::uint64_t often = SANITIZED ? 1 : 3;

} // namespace

BOOST_AUTO_TEST_SUITE(no_walk_through_a_forest)

BOOST_AUTO_TEST_CASE(breaks_a_promise) {
  const auto first = number_from("HOLDFAST_SEED", 1);
  const auto count = number_from("HOLDFAST_WALKS", usual);
  BOOST_TEST_MESSAGE("seeds " << first << " to " << first + count - 1);
  walks all;
  for (auto seed = first; seed < first + count; ++seed)
    all.walk({.seed = seed, .children = 1 + seed % 40}, 400);
  if (count >= usual)
    all.must_have_seen({"started",
                        "start_failed",
                        "died",
                        "restart_due",
                        "stopped",
                        "killed",
                        "abandoned",
                        "gave_up",
                        "hung",
                        "all_started",
                        "ignored",
                        "added",
                        "removed",
                        "changed",
                        "cancelled",
                        "all_stopped",
                        "child_gave_up",
                        "start_undone",
                        "asked in order",
                        "handed over",
                        "handed over in flight",
                        "answered",
                        "answered with an error",
                        "sent to an old address",
                        "a branch is killed",
                        "causes over two levels",
                        "causes over three levels",
                        "named with what it handles"},
                       often);
}

BOOST_AUTO_TEST_CASE(of_two_hundred_children_breaks_a_promise_in_ten_thousand_steps) {
  const auto first = number_from("HOLDFAST_SEED", 1);
  const auto count = (number_from("HOLDFAST_WALKS", usual) + 199) / 200;
  BOOST_TEST_MESSAGE("seeds " << first << " to " << first + count - 1);
  walks all;
  for (auto seed = first; seed < first + count; ++seed)
    all.walk({.seed = seed, .children = 200, .lasting = true}, 10000);
  if (count >= usual / 200)
    all.must_have_seen({"restart_due", "hung", "abandoned", "gave_up", "changed", "cancelled"}, 10);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::forests
