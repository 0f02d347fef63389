// SPDX-License-Identifier: Apache-2.0
// Does folding again give the state of any place, and name the event where it does not?
#include "actors/checkpoint/replay.hpp"
#include "persistence/canonical.hpp"
#include "persistence/sha256.hpp"
#include "tests/support/fake_store.hpp"
#include "tests/support/folds.hpp"

#include <boost/test/unit_test.hpp>

namespace holdfast::checkpointing {

namespace {

using test::fake_disk;
using test::sums;

/// Numbers 1 to `count`, each followed by a record of another stream, and honest checkpoints.
struct replaying {
  std::shared_ptr<fake_disk> disk = std::make_shared<fake_disk>();
  std::shared_ptr<persistence::reader> source = test::read_fake(disk);
  fold honest = test::summing();

  void fill(std::int64_t count) {
    for (std::int64_t i = 1; i <= count; ++i) {
      test::put(*disk, "numbers", i);
      test::put(*disk, "noise", "x");
    }
  }

  void keep(std::uint64_t covered, sums state) {
    const auto held = honest.encode(state);
    checkpoint_info info;
    info.owner = honest.name;
    info.covered = sequence{covered};
    info.state_sha = persistence::sha256(*persistence::encode_canonical(held));
    disk->checkpoints.push_back({info, held});
  }

  /// The truth at a place, by arithmetic.
  static sums truth(std::int64_t records) {
    const auto numbers = (records + 1) / 2;
    return {numbers * (numbers + 1) / 2, numbers};
  }

  void keep_true(std::uint64_t covered) {
    keep(covered, truth(static_cast<std::int64_t>(covered)));
  }
};

std::int64_t sum_of(const replayed& made) {
  return std::any_cast<const sums&>(made.state).sum;
}

const executor in_turn = [](const std::vector<std::function<void()>>& tasks) {
  for (const auto& task : tasks)
    task();
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(replay_of_folds, replaying)

BOOST_AUTO_TEST_CASE(gives_the_state_of_any_place) {
  fill(50);
  keep_true(20);
  keep_true(60);
  struct row {
    std::uint64_t at, base, covered;
  };
  for (const auto& [at, base, covered] :
       {row{0, 0, 0}, row{1, 0, 1}, row{19, 0, 19}, row{20, 20, 20}, row{59, 20, 59},
        row{100, 60, 100}, row{5000, 60, 100}})
    BOOST_TEST_CONTEXT("at " << at) {
      const auto made = state_at(honest, *source, sequence{at});
      BOOST_REQUIRE(made);
      BOOST_TEST(sum_of(*made) == truth(static_cast<std::int64_t>(covered)).sum);
      BOOST_TEST((made->base == sequence{base} && made->covered == sequence{covered}));
    }
}

BOOST_AUTO_TEST_CASE(passes_over_damaged_checkpoints_and_reports_them) {
  fill(50);
  keep_true(20);
  keep_true(40);
  keep_true(60);
  disk->damaged_checkpoints = {sequence{60}};
  disk->checkpoints[1].state = value{"this is no sum"}; // verifies, but cannot be decoded
  const auto made = state_at(honest, *source, sequence{100});
  BOOST_REQUIRE(made);
  BOOST_TEST(sum_of(*made) == truth(100).sum);
  BOOST_TEST((made->base == sequence{20}));
  BOOST_TEST(made->damaged.size() >= 2U);
}

BOOST_AUTO_TEST_CASE(refuses_rather_than_guesses) {
  fill(50);
  keep_true(60);
  disk->damaged_checkpoints = {sequence{60}};
  disk->floor = sequence{10};
  const auto retired = state_at(honest, *source, sequence{100});
  BOOST_REQUIRE(!retired);
  BOOST_TEST((retired.error().code == fault_code::corrupt));
  disk->damaged_checkpoints.clear();
  disk->checkpoints[0].info.schema = 2;
  const auto newer = state_at(honest, *source, sequence{100});
  BOOST_REQUIRE(!newer);
  BOOST_TEST((newer.error().code == fault_code::unsupported));
}

BOOST_AUTO_TEST_CASE(a_fold_that_throws_is_a_fault_that_names_the_event) {
  fill(3);
  test::put(*disk, "numbers", "seven");
  const auto made = state_at(honest, *source, sequence{7});
  BOOST_REQUIRE(!made);
  BOOST_TEST(made.error().what == "sums: apply threw at event 7: not a number");
}

BOOST_AUTO_TEST_CASE(verifies_every_retained_interval_with_and_without_threads) {
  fill(10000);
  for (const auto covered : {1U, 100U, 5000U, 13000U, 20000U})
    keep_true(covered);
  for (const auto& run : {executor{}, in_turn}) {
    const auto made = verify(honest, *source, sequence{}, sequence{20000}, run);
    BOOST_REQUIRE(made);
    BOOST_TEST(made->intervals == 5U);
    BOOST_TEST(made->events == 10000U);
    BOOST_TEST(made->records == 20000U);
    BOOST_TEST(made->divergences.empty());
    // A part: only checkpoints within it, from the one before.
    const auto part = verify(honest, *source, sequence{100}, sequence{13000}, run);
    BOOST_REQUIRE(part);
    BOOST_TEST(part->intervals == 2U);
    BOOST_TEST(part->records == 12900U);
  }
}

BOOST_AUTO_TEST_CASE(names_the_first_event_of_a_fold_that_is_not_deterministic) {
  fill(10000);
  for (const auto covered : {100U, 5000U, 20000U})
    keep_true(covered);
  // Odd sequences are numbers: an even place is the noise before the next one.
  for (const auto at : {1U, 99U, 101U, 2501U, 15001U, 19999U})
    BOOST_TEST_CONTEXT("unsteady from " << at) {
      const auto made =
          verify(test::unsteady_from(sequence{at}), *source, sequence{}, sequence{20000}, in_turn);
      BOOST_REQUIRE(made);
      BOOST_REQUIRE(!made->divergences.empty());
      BOOST_TEST((made->divergences.front().at == sequence{at}));
      BOOST_TEST(made->divergences.front().owner == "sums");
    }
}

BOOST_AUTO_TEST_CASE(tells_a_stored_state_that_no_fold_gives_from_one_that_differs_each_time) {
  fill(100);
  keep_true(50);
  keep(150, {1, 1});
  keep_true(200);
  const auto made = verify(honest, *source, sequence{}, sequence{200});
  BOOST_REQUIRE(made);
  // The interval after it begins with what is stored, so it differs too.
  BOOST_REQUIRE(made->divergences.size() == 2U);
  BOOST_TEST((made->divergences[0].checkpoint == sequence{150}));
  BOOST_TEST((made->divergences[0].at == sequence{0}));
  BOOST_TEST(!made->divergences[0].detail.empty());
}

BOOST_AUTO_TEST_CASE(a_state_of_an_earlier_schema_is_compared_as_the_fold_reads_it) {
  // With a new schema every checkpoint of before used to be called divergent: its bytes differ.
  fill(100);
  keep_true(50);
  keep_true(100);
  keep(150, {1, 1});
  auto newer = honest;
  newer.schema = 2;
  newer.encode = [older = honest.encode](const std::any& state) {
    auto all = older(state);
    all.as<object>()->emplace("mean", 0);
    return all;
  };
  newer.decode = [older = honest.decode](const value& stored, std::uint16_t schema) {
    return older(stored, schema == 2 ? std::uint16_t{1} : schema);
  };
  const auto made = verify(newer, *source, sequence{}, sequence{200});
  BOOST_REQUIRE(made);
  BOOST_TEST(made->intervals == 3U);
  BOOST_REQUIRE(made->divergences.size() == 1U);
  BOOST_TEST((made->divergences[0].checkpoint == sequence{150}));
}

BOOST_AUTO_TEST_CASE(skips_what_begins_before_the_floor_and_reports_damage) {
  fill(100);
  keep_true(50);
  keep_true(100);
  keep_true(150);
  keep_true(200);
  disk->floor = sequence{20};
  disk->damaged_checkpoints = {sequence{150}};
  const auto made = verify(honest, *source, sequence{}, sequence{200});
  BOOST_REQUIRE(made);
  BOOST_TEST(made->skipped.size() == 1U);
  BOOST_TEST(made->intervals == 3U);
  BOOST_TEST(made->divergences.empty());
  BOOST_TEST(made->damaged.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_read_that_fails_is_the_answer) {
  fill(100);
  keep_true(200);
  for (const auto& run : {executor{}, in_turn}) {
    disk->read_faults = {fault{fault_code::corrupt, "records 5..9", {}}};
    const auto made = verify(honest, *source, sequence{}, sequence{200}, run);
    BOOST_REQUIRE(!made);
    BOOST_TEST(made.error().what == "records 5..9");
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::checkpointing
