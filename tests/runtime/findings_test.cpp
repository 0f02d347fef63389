// SPDX-License-Identifier: Apache-2.0
// Is it said who waits for whom, and is a circle that stays called a deadlock?
#include "runtime/inspection/explain.hpp"
#include "runtime/inspection/findings.hpp"
#include "runtime/inspection/show.hpp"
#include "runtime/json.hpp"

#include <boost/test/unit_test.hpp>

using namespace holdfast;
using namespace holdfast::inspection;

namespace {

actor_view one(std::string name, std::uint64_t actor, std::vector<std::uint64_t> askers) {
  actor_view made;
  made.name = std::move(name);
  made.supervisor = "root";
  made.reading.emplace();
  made.reading->actor = actor;
  made.reading->askers = std::move(askers);
  return made;
}

/// a and b wait for each other, and c for a.
actor_tree locked() {
  return {{}, {one("a", 1, {2, 3}), one("b", 2, {1}), one("c", 3, {})}};
}

actor_tree free_again() {
  return {{}, {one("a", 1, {}), one("b", 2, {1}), one("c", 3, {})}};
}

std::string waits_shown(const findings& in, std::size_t place) {
  const auto told = show_actor(in, in.tree.actors[place], {}, 5);
  const auto* waits = told.find("waits");
  return waits == nullptr ? "none" : json::print(*waits);
}

bool says(const findings& in, std::size_t place, const std::string& line) {
  const auto answers = explain(in, in.tree.actors[place]);
  const auto& lines = answers.front().lines;
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

} // namespace

BOOST_AUTO_TEST_SUITE(waits)

BOOST_AUTO_TEST_CASE(that_stay_a_circle_are_a_deadlock_of_those_in_it) {
  findings in;
  in.live = true;
  in.tree = locked();
  add_waits(in, locked);
  BOOST_TEST(waits_shown(in, 0)
             == R"({"asked_by":["b","c"],"circles":[["a","b"]],"waits_for":["b"]})");
  BOOST_TEST(waits_shown(in, 1) == R"({"asked_by":["a"],"circles":[["b","a"]],"waits_for":["a"]})");
  BOOST_TEST(waits_shown(in, 2) == R"({"asked_by":[],"circles":[],"waits_for":["a"]})");
  BOOST_TEST(says(in, 1, "deadlock: b waits for a, a waits for b"));
  BOOST_TEST(!says(in, 2, "deadlock: b waits for a, a waits for b"));
}

BOOST_AUTO_TEST_CASE(that_pass_are_no_deadlock) {
  findings in;
  in.live = true;
  in.tree = locked();
  add_waits(in, free_again);
  BOOST_TEST(waits_shown(in, 0) == R"({"asked_by":["b","c"],"circles":[],"waits_for":["b"]})");
  BOOST_TEST(!says(in, 0, "deadlock: a waits for b, b waits for a"));
}

BOOST_AUTO_TEST_CASE(are_not_known_of_a_journal_alone) {
  findings in;
  in.tree = locked();
  BOOST_TEST(waits_shown(in, 0) == "none");
}

BOOST_AUTO_TEST_SUITE_END()
