// SPDX-License-Identifier: Apache-2.0
// Does a tree of supervisors start, stop and end as one, and within its deadline?
#include "tests/actors/supervisor_nursery.hpp"

namespace holdfast::supervisor::test {

namespace {

struct forest : nursery {
  supervisor_flags named(std::string name) {
    auto flags = chosen();
    flags.name = std::move(name);
    return flags;
  }

  std::optional<caf::error> stopped_within(std::chrono::milliseconds time) {
    caf::anon_send(root, stop_children{time});
    pass(time);
    return end_of(root);
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(supervisor_shell_tree)

BOOST_FIXTURE_TEST_CASE(a_tree_starts_from_the_leaves_and_stops_in_reverse, forest) {
  start({worker("a"), branch(named("x"), {worker("b"), branch(named("y"), {worker("c")})}),
         worker("d")});
  ask<children_started>(root, await_children{});
  const auto ups = told(supervision_fact::started);
  BOOST_TEST((ups == ids{"a", "b", "c", "y", "x", "d"}));
  BOOST_TEST((ask<child_counts>(root, count_children{}) == child_counts{3, 3, 1, 2}));
  const auto end = stopped_within(10s);
  BOOST_REQUIRE(end);
  BOOST_TEST((ending_of(*end) == ending::shutdown));
  BOOST_TEST(!ended_of(*end));
  BOOST_TEST((ends == ids{"d", "c", "b", "a"}));
}

BOOST_FIXTURE_TEST_CASE(a_deadline_holds_for_the_whole_tree_and_the_report_comes_up, forest) {
  auto stuck = worker("stuck");
  stuck.spec.shutdown = 1h;
  start({worker("a"), branch(named("x"), {branch(named("y"), {stuck})})});
  caf::anon_send(root, stop_children{10s});
  caf::anon_send(book->find("stuck"), do_block{1h});
  settle();
  const auto end = end_of(root);
  BOOST_REQUIRE(end);
  const auto said = ended_of(*end);
  BOOST_REQUIRE(said);
  BOOST_TEST((said->outcome == supervision_outcome::stopped));
  BOOST_REQUIRE(said->stayed.size() == 1U);
  BOOST_TEST(said->stayed[0].supervisor == "y");
  BOOST_TEST(said->stayed[0].child == "stuck");
  BOOST_TEST(said->stayed[0].message == "supervisor::test::do_block");
  BOOST_TEST((history.back().at - history.front().at <= 10s));
}

/// The runtime stops its folds first, and then the rest with what is left of the time.
BOOST_FIXTURE_TEST_CASE(a_deadline_reaches_a_branch_that_is_being_stopped_already, forest) {
  auto stuck = worker("stuck");
  stuck.spec.shutdown = 1h;
  start({worker("a"), branch(named("x"), {branch(named("y"), {stuck})})});
  caf::anon_send(book->find("stuck"), do_block{1h});
  caf::anon_send(root, terminate_child{"x"});
  caf::anon_send(root, stop_children{10s});
  settle();
  const auto end = end_of(root);
  BOOST_REQUIRE(end);
  const auto said = ended_of(*end);
  BOOST_REQUIRE(said);
  BOOST_REQUIRE(said->stayed.size() == 1U);
  BOOST_TEST(said->stayed[0].supervisor == "y");
  BOOST_TEST(said->stayed[0].child == "stuck");
  BOOST_TEST(said->stayed[0].message == "supervisor::test::do_block");
  BOOST_TEST((history.back().at - history.front().at <= 10s));
}

BOOST_FIXTURE_TEST_CASE(a_branch_is_mended_like_a_child, forest) {
  start({branch(named("x"), {worker("b")})});
  const auto x = find("x");
  tell(x, caf::exit_msg{root.address(), caf::exit_reason::kill});
  BOOST_TEST((ends == ids{"b"})); // a killed supervisor leaves nobody behind
  pass(100ms);
  BOOST_TEST(bool{book->find("b")});
  BOOST_TEST((find("x") == x));
  // Its calls go through the stable address.
  const auto told = ask<child_counts>(caf::actor_cast<handle>(x), count_children{});
  BOOST_TEST((told == child_counts{1, 1, 0, 1}));
}

BOOST_FIXTURE_TEST_CASE(who_waits_for_a_start_that_is_undone_is_told, forest) {
  auto broken = worker("b");
  broken.start = [](caf::actor_system&) -> caf::actor { throw std::runtime_error{"no disk"}; };
  root = *spawn_supervisor(sys, chosen(), {worker("a"), branch(named("x"), {broken})}, around());
  const auto answer = try_ask<children_started>(root, await_children{});
  BOOST_REQUIRE(!answer);
  const auto said = ended_of(*end_of(root));
  BOOST_REQUIRE(said);
  BOOST_REQUIRE(said->causes.size() == 2U);
  BOOST_TEST(said->causes[1].child == "b");
  BOOST_TEST(said->causes[1].text == "no disk");
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::supervisor::test
