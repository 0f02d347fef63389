// SPDX-License-Identifier: Apache-2.0
// Does a checkpoint actor restore, follow, save through the journal, and raise its alarm?
#include "actors/checkpoint/checkpoint_actor.hpp"
#include "actors/journal/journal_actor.hpp"
#include "tests/support/deterministic.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/folds.hpp"

#include <boost/test/unit_test.hpp>

using namespace std::chrono_literals;

namespace holdfast::checkpointing {

namespace {

using test::deterministic;
using test::fake_disk;
using test::sums;

/// A journal over a disk in memory, and one fold beside it.
struct checkpointed : deterministic {
  std::shared_ptr<fake_disk> disk = std::make_shared<fake_disk>();
  std::shared_ptr<journal::parts> store = std::make_shared<journal::parts>();
  std::shared_ptr<parts> given = std::make_shared<parts>();
  std::vector<divergence> alarms;
  std::vector<checkpoint_info> damaged;
  std::vector<fault> troubles;
  journal::handle writer;
  handle actor;
  std::int64_t sent = 0;

  checkpointed() {
    const auto wall = [this] { return wall_time{now().time_since_epoch().count() / 1000}; };
    store->wall = wall;
    store->open = [this](persistence::recovery_report&) { return test::open_fake(disk); };
    given->wall = wall;
    given->how = test::summing();
    given->on_divergence = [this](const divergence& found) { alarms.push_back(found); };
    given->on_damaged = [this](const checkpoint_info& found) { damaged.push_back(found); };
    given->on_trouble = [this](const fault& problem) { troubles.push_back(problem); };
  }

  ~checkpointed() {
    for (const auto& one :
         {caf::actor_cast<caf::actor>(actor), caf::actor_cast<caf::actor>(writer)})
      if (one)
        caf::anon_send_exit(one, caf::exit_reason::kill);
    actor = nullptr;
    writer = nullptr;
    settle();
  }

  void start(limits bounds = {}) {
    given->bounds = bounds;
    store->front = std::make_shared<journal::door>(
        journal::limits{}, std::make_shared<journal::store_slot>(*test::open_fake(disk)));
    given->front = store->front;
    writer = sys.spawn(journal::journal_actor, store, sys.spawn(journal::committer_actor, store),
                       sys.spawn(journal::keeper_actor, store));
    settle();
    follow();
  }

  void follow() {
    actor = sys.spawn(checkpoint_actor, std::shared_ptr<const parts>{given});
    settle();
  }

  /// Appends the next numbers, one after the other.
  void append(int count) {
    for (int i = 0; i < count; ++i) {
      std::vector<persistence::draft> drafts{persistence::make_draft(
          {.stream = "numbers", .body = ++sent}, durability::power, {}, {})};
      BOOST_REQUIRE(!store->front->append(drafts, [](const append_result&) {}));
      settle();
    }
  }

  sums state() {
    const auto told = ask<carried<folded_state>>(actor, ask_state{});
    return std::any_cast<sums>(told->state);
  }

  std::vector<std::string> reasons() const {
    std::vector<std::string> all;
    for (const auto& one : disk->checkpoints)
      all.push_back(one.info.reason);
    return all;
  }
};

std::vector<std::string> names(std::initializer_list<const char*> all) {
  return {all.begin(), all.end()};
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(checkpoint_shell, checkpointed)

BOOST_AUTO_TEST_CASE(takes_one_after_a_hundred_events_and_one_after_half_a_minute) {
  start();
  append(99);
  BOOST_TEST(disk->checkpoints.empty());
  append(1);
  BOOST_TEST(reasons() == names({"events"}), boost::test_tools::per_element());
  BOOST_TEST((disk->checkpoints[0].info.covered == sequence{100}));
  append(1);
  pass(29s);
  BOOST_TEST(disk->checkpoints.size() == 1U);
  pass(1100ms);
  BOOST_TEST(reasons() == names({"events", "interval"}), boost::test_tools::per_element());
  pass(10min); // nothing new: no checkpoint
  BOOST_TEST(disk->checkpoints.size() == 2U);
  BOOST_TEST(alarms.empty());
  BOOST_TEST(troubles.empty());
}

BOOST_AUTO_TEST_CASE(restores_the_newest_that_verifies_and_folds_the_rest) {
  start();
  append(250);
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  append(30);
  disk->damaged_checkpoints = {disk->checkpoints.back().info.covered};
  follow();
  BOOST_TEST(state().count == 280);
  BOOST_TEST(state().sum == 280 * 281 / 2);
  BOOST_REQUIRE(damaged.size() == 1U);
  BOOST_TEST((damaged[0].covered == disk->checkpoints.back().info.covered
              || damaged[0].covered < disk->checkpoints.back().info.covered));
}

BOOST_AUTO_TEST_CASE(a_state_includes_everything_committed_before_it_was_asked_for) {
  start();
  for (int i = 1; i <= 50; ++i) {
    append(1);
    BOOST_TEST(state().count == i);
  }
  // Also what it has not been told of yet.
  test::put(*disk, "numbers", 51);
  BOOST_TEST(state().count == 51);
}

BOOST_AUTO_TEST_CASE(takes_one_on_demand) {
  start();
  BOOST_TEST(
      (try_ask<checkpoint_taken>(actor, take_checkpoint{}).error().code == fault_code::not_found));
  append(3);
  const auto taken = ask<checkpoint_taken>(actor, take_checkpoint{"before the upgrade"});
  BOOST_TEST((taken.covered == sequence{3}));
  BOOST_TEST(reasons() == names({"before the upgrade"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(takes_a_last_one_when_it_stops) {
  start();
  append(7);
  BOOST_TEST(ask<folding_stopped>(actor, stop_folding{}).in_time);
  BOOST_TEST(reasons() == names({"stop"}), boost::test_tools::per_element());
  BOOST_TEST(ended(actor));
}

BOOST_AUTO_TEST_CASE(an_exit_message_for_shutdown_stops_it_the_same_way) {
  start();
  append(7);
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  settle();
  BOOST_TEST(reasons() == names({"stop"}), boost::test_tools::per_element());
  BOOST_TEST(ended(actor));
}

BOOST_AUTO_TEST_CASE(a_fold_that_is_not_deterministic_raises_an_alarm_that_names_the_event) {
  // Each checkpoint is a record of its own: the 142nd number stands at 143.
  given->how = test::unsteady_from(sequence{143});
  start();
  append(100);
  BOOST_TEST(alarms.empty());
  append(100);
  BOOST_REQUIRE(alarms.size() == 1U);
  BOOST_TEST(alarms[0].owner == "sums");
  BOOST_TEST((alarms[0].at == sequence{143}));
  BOOST_TEST(disk->checkpoints.size() == 2U); // the owner goes on
}

BOOST_AUTO_TEST_CASE(a_fold_that_throws_ends_with_the_events_number) {
  start();
  test::put(*disk, "numbers", "seven"); // as if it had been there before
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  settle();
  follow();
  caf::anon_send(actor, records_committed{sequence{1}, sequence{1}});
  const auto end = end_of(actor);
  BOOST_REQUIRE(end.has_value());
  BOOST_TEST(text_of(*end).find("apply threw at event 1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_full_disk_delays_checkpoints_and_nothing_else) {
  start({.rule = {.events = 5}});
  append(4);
  disk->commit_faults = {std::nullopt, fault{fault_code::no_space, "no space left", {}}};
  disk->free_bytes = 0;
  append(1); // the event is stored, the checkpoint is not
  pass(1min);
  BOOST_TEST(disk->checkpoints.empty());
  BOOST_TEST(state().count == 5);
  disk->free_bytes = 1U << 30U;
  pass(1min);
  BOOST_TEST(disk->checkpoints.size() == 1U);
  BOOST_TEST((disk->checkpoints.at(0).info.covered == sequence{5}));
}

BOOST_AUTO_TEST_CASE(catches_up_with_a_long_journal_page_by_page) {
  for (std::int64_t i = 1; i <= 50000; ++i)
    test::put(*disk, "numbers", i);
  start();
  BOOST_TEST(state().count == 50000);
  BOOST_TEST(disk->checkpoints.size() >= 2U);
  for (const auto& query : disk->queries)
    BOOST_REQUIRE(query.limit <= 1000U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::checkpointing
