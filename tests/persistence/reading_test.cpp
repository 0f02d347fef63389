// SPDX-License-Identifier: Apache-2.0
// Reading: pages, versions, history, retention; beside a writer and without one.
#include "tests/persistence/store_fixture.hpp"

#include <fstream>
#include <map>

namespace holdfast::persistence {
namespace {

namespace fs = std::filesystem;

std::map<std::string, std::pair<std::string, fs::file_time_type>> files_of(const fs::path& store) {
  std::map<std::string, std::pair<std::string, fs::file_time_type>> all;
  for (const auto& one : fs::recursive_directory_iterator{store})
    if (one.is_regular_file()) {
      std::ifstream in{one.path(), std::ios::binary};
      all.emplace(
          one.path().string(),
          std::pair{std::string{std::istreambuf_iterator<char>{in}, {}}, fs::last_write_time(one)});
    }
  return all;
}

draft checkpoint_at(std::uint64_t covered, wall_time now) {
  return make_checkpoint(
      {"totals", sequence{covered}, 1, "events", canonical(object{{"n", covered}})}, now);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(a_reader, store_fixture)

BOOST_AUTO_TEST_CASE(sees_a_writer_in_another_place_go_on) {
  create();
  auto live = open();
  append(*live, 1, 3);
  const auto follower = good(open_reader(options));
  BOOST_TEST(good(follower->head()).last == sequence{3});
  for (int i = 4; i <= 20; ++i) {
    append(*live, i, i);
    if (i % 5 == 0)
      good(live->advance_anchor({3}));
    good(follower->catch_up());
    BOOST_TEST(good(follower->head()).last == good(live->read().head()).last);
    BOOST_TEST(good(follower->events({.limit = 1000})).events.size() == static_cast<unsigned>(i));
  }
}

BOOST_AUTO_TEST_CASE(of_a_stopped_store_changes_no_file_and_no_time) {
  create();
  auto live = open();
  append(*live, 1, 9);
  for (const auto clean : {false, true}) {
    if (clean) {
      live = open();
      good(live->close({3}));
    }
    live.reset();
    const auto before = files_of(options.directory);
    {
      const auto stopped = good(open_reader(options));
      BOOST_TEST(good(stopped->events({})).events.size() == 9U);
      BOOST_TEST(good(verify_stopped(options, true)).damage.empty());
    }
    BOOST_TEST((files_of(options.directory) == before));
  }
}

BOOST_AUTO_TEST_CASE(pages_filters_and_finds_by_time) {
  create();
  auto live = open();
  for (int i = 1; i <= 9; ++i) {
    auto one = event_of(i, i % 3 == 0 ? "bills" : "orders/" + std::to_string(i));
    one.type = i % 2 == 0 ? "even" : "odd";
    std::vector<draft> drafts;
    drafts.push_back(draft_of(one));
    append(*live, std::move(drafts), {i * 100});
  }
  const auto numbers = [&](const event_query& query) {
    std::vector<std::int64_t> found;
    for (const auto& one : good(live->read().events(query)).events)
      found.push_back(one.body.integer_at("number"));
    return found;
  };
  using numbers_found = std::vector<std::int64_t>;
  BOOST_TEST(numbers({.stream = "bills"}) == (numbers_found{3, 6, 9}));
  BOOST_TEST(numbers({.stream = "orders/*", .type = "even"}) == (numbers_found{2, 4, 8}));
  BOOST_TEST(numbers({.since = wall_time{300}, .until = wall_time{600}})
             == (numbers_found{3, 4, 5}));
  BOOST_TEST(numbers({.from = sequence{4}, .to = sequence{5}}) == (numbers_found{4, 5}));
  const auto page = good(live->read().events({.stream = "bills", .limit = 2}));
  BOOST_TEST(page.next == sequence{7});
  BOOST_TEST(page.head == sequence{9});
  BOOST_TEST(good(live->read().events({.stream = "none", .scan_limit = 4})).next == sequence{5});
  BOOST_TEST(good(live->read().at_time({450})) == sequence{5});
  BOOST_TEST(good(live->read().at_time({500})) == sequence{5});
  BOOST_TEST(good(live->read().at_time({5000})) == sequence{10});
}

BOOST_AUTO_TEST_CASE(raises_old_versions_and_refuses_unknown_ones) {
  create();
  const auto add = [](const char* member) {
    return [member](const value& before) {
      auto after = *before.as<object>();
      after.emplace(member, true);
      return value{after};
    };
  };
  options.raise.add("order", 1, add("second"));
  options.raise.add("order", 2, add("third"));
  auto live = open();
  std::vector<draft> drafts;
  for (std::uint16_t schema = 1; schema <= 4; ++schema) {
    auto one = event_of(schema);
    one.schema = schema;
    drafts.push_back(draft_of(one));
  }
  append(*live, std::move(drafts));
  for (std::uint64_t i = 1; i <= 3; ++i) {
    const auto raised = good(live->read().record(sequence{i}));
    BOOST_TEST(raised.schema == 3);
    BOOST_TEST((raised.body.find("third") != nullptr) == (i < 3U));
    BOOST_TEST((raised.body.find("second") != nullptr) == (i < 2U));
  }
  const auto newer = live->read().record(sequence{4});
  BOOST_REQUIRE(!newer);
  BOOST_TEST(to_string(newer.error().code) == "unsupported");
}

BOOST_AUTO_TEST_CASE(finds_the_checkpoints_that_the_rule_keeps) {
  create();
  options.history = {.newest = 2, .hourly = 2, .daily = 1};
  auto live = open();
  append(*live, 1, 9);
  constexpr std::int64_t minute_us = 60'000'000;
  // Two an hour for four hours; 26 hours before them one.
  const auto take = [&](std::uint64_t at, wall_time now) {
    append(*live, {checkpoint_at(at, now)}, now);
  };
  take(1, {0});
  for (std::uint64_t i = 0; i < 8; ++i)
    take(2 + i, {(26 * 60 + static_cast<std::int64_t>(i) * 30) * minute_us});
  std::vector<std::uint64_t> covered;
  for (const auto& one : good(live->read().checkpoints("totals")))
    covered.push_back(one.covered.value);
  // The newest two; the newest of the two hours before; of the days before, the newest.
  BOOST_TEST(covered == (std::vector<std::uint64_t>{9, 8, 7, 5, 3}));
  BOOST_TEST(good(live->read().newest_checkpoint("totals", sequence{6})).info.covered
             == sequence{5});
  // Without a name this took those of everybody for its own, and ended by an assertion.
  BOOST_TEST(
      (live->read().newest_checkpoint("", sequence{6}).error().code == fault_code::not_found));
  live.reset();
  live = open(); // the sum over the small states still comes out
}

BOOST_AUTO_TEST_CASE(ends_at_the_floor_and_what_was_retired_stays_a_duplicate) {
  create();
  auto live = open();
  for (int i = 1; i <= 40; i += 4) {
    append(*live, i, i + 3);
    good(live->advance_anchor({3}));
  }
  append(*live, {make_cursor({"mailer", sequence{30}, {}, false, {}}, {4})});
  const auto floor_refused = [&](std::uint64_t floor) {
    const auto raised = live->raise_floor(sequence{floor}, false, "test", {5});
    BOOST_REQUIRE(!raised);
    return raised.error().what;
  };
  BOOST_TEST(floor_refused(1000).find("anchor") != std::string::npos);
  BOOST_TEST(floor_refused(35).find("mailer") != std::string::npos);
  BOOST_TEST(floor_refused(25).find("at once") != std::string::npos);
  for (const auto& [floor, forced, may] :
       {std::tuple{6, false, true}, std::tuple{25, false, false}, std::tuple{25, true, true},
        std::tuple{1000, true, false}})
    BOOST_TEST(static_cast<bool>(
                   live->may_raise_floor(sequence{static_cast<std::uint64_t>(floor)}, forced))
               == may);
  BOOST_TEST(good(live->read().head()).floor == sequence{0}); // asking changed nothing
  good(live->raise_floor(sequence{6}, false, "test", {5}));
  good(live->raise_floor(sequence{25}, true, "test", {5}));
  for (int restart = 0; restart < 2; ++restart) {
    const auto head = good(live->read().head());
    BOOST_TEST(head.floor == sequence{25});
    BOOST_TEST(good(live->read().events({})).events.front().at > sequence{25});
    BOOST_TEST(to_string(live->read().record(sequence{25}).error().code) == "not_found");
    BOOST_TEST(to_string(append(*live, 1, 1)[0].what) == "duplicate");
    BOOST_TEST(good(verify_damage(*live)).empty());
    if (restart == 0)
      good(live->close({6}));
    live.reset();
    live = open();
  }
  BOOST_TEST(report.repairs.empty());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::persistence
