// SPDX-License-Identifier: Apache-2.0
// Do door, journal, committer and keeper answer in order, after the commit, and survive a bad disk?
#include "actors/carry_out.hpp"
#include "actors/journal/journal_actor.hpp"
#include "tests/support/deterministic.hpp"
#include "tests/support/fake_store.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace std::chrono_literals;

namespace holdfast::journal {

namespace {

using test::deterministic;
using test::fake_disk;

persistence::draft event_of(const std::string& text, durability level = durability::power) {
  return persistence::make_draft({.stream = "calls", .body = text}, level, {}, {});
}

/// What was answered, in the order it was answered.
struct answered {
  std::string who;
  append_result what;
  std::size_t on_disk; ///< Records on disk when it was.
};

/// One journal over a disk in memory.
struct journalling : deterministic {
  std::shared_ptr<fake_disk> disk = std::make_shared<fake_disk>();
  std::shared_ptr<parts> given = std::make_shared<parts>();
  std::vector<fault> troubles;
  std::vector<fault> gave_up;
  std::vector<answered> heard;
  std::vector<wall_time> reopenings; ///< What the superblock would hold.
  handle actor;

  ~journalling() {
    if (actor)
      caf::anon_send_exit(actor, caf::exit_reason::kill);
    actor = nullptr;
    settle();
  }

  void start(limits chosen = {}, bool open = true) {
    auto store = open ? *test::open_fake(disk) : nullptr;
    given->front = std::make_shared<door>(chosen, std::make_shared<store_slot>(std::move(store)));
    given->open = [this](persistence::recovery_report&) { return test::open_fake(disk); };
    given->reopenings = [this] { return reopenings; };
    given->note_reopening = [this](wall_time when) {
      reopenings.push_back(when);
      return result<void>{};
    };
    given->wall = [this] { return wall_time{now().time_since_epoch().count() / 1000}; };
    given->on_trouble = [this](const fault& problem) { troubles.push_back(problem); };
    given->on_gave_up = [this](const fault& problem) { gave_up.push_back(problem); };
    spawn();
  }

  void spawn() {
    actor = sys.spawn(journal_actor, given, sys.spawn(committer_actor, given),
                      sys.spawn(keeper_actor, given));
    settle();
  }

  /// Hands in events without running anything.
  std::optional<append_refused>
  hand_in(const std::string& who, std::vector<persistence::draft> drafts, bool whole = false) {
    return given->front->append(
        drafts,
        [this, who](append_result told) {
          heard.push_back({who, std::move(told), disk->records.size()});
        },
        whole);
  }

  std::vector<std::string> who_heard() const {
    std::vector<std::string> names;
    for (const auto& one : heard)
      names.push_back(one.who);
    return names;
  }
};

std::vector<persistence::draft> many(const std::string& prefix, std::size_t count,
                                     durability level = durability::power) {
  std::vector<persistence::draft> drafts;
  for (std::size_t i = 0; i < count; ++i)
    drafts.push_back(event_of(prefix + std::to_string(i), level));
  return drafts;
}

std::vector<std::string> names(std::initializer_list<const char*> all) {
  return {all.begin(), all.end()};
}

const fault broken{fault_code::failed, "input/output error", {}};
const fault full{fault_code::no_space, "no space left on device", {}};

} // namespace

BOOST_AUTO_TEST_SUITE(journal_shell)

BOOST_FIXTURE_TEST_CASE(answers_each_event_in_order_after_its_commit, journalling) {
  start();
  BOOST_TEST(!hand_in("a", {event_of("1"), event_of("2"), event_of("1")}));
  BOOST_TEST(!hand_in("b", {event_of("2"), event_of("3")}));
  BOOST_TEST(heard.empty());
  settle();
  BOOST_TEST(who_heard() == names({"a", "b"}), boost::test_tools::per_element());
  const auto& a = heard[0].what.answers;
  BOOST_REQUIRE(a.size() == 3U);
  BOOST_TEST((a[0].what == outcome::stored && a[0].at == sequence{1}));
  BOOST_TEST((a[1].what == outcome::stored && a[1].at == sequence{2}));
  BOOST_TEST((a[2].what == outcome::duplicate && a[2].at == sequence{1}));
  BOOST_TEST((heard[1].what.answers[0].what == outcome::duplicate));
  BOOST_TEST((heard[1].what.answers[1].at == sequence{3}));
  BOOST_TEST(heard[0].on_disk == 3U); // one batch for both
  BOOST_TEST(disk->commits == 1U);
  BOOST_TEST(given->front->events_held() == 0U);
  BOOST_TEST(given->front->bytes_held() == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_request_larger_than_a_batch_is_answered_once_and_whole, journalling) {
  start({.batch_events_max = 100});
  BOOST_TEST(!hand_in("a", many("x", 350)));
  settle();
  BOOST_REQUIRE(heard.size() == 1U);
  BOOST_TEST(heard[0].what.answers.size() == 350U);
  for (std::size_t i = 0; i < 350; ++i)
    BOOST_REQUIRE((heard[0].what.answers[i].at == sequence{i + 1}));
  BOOST_TEST(disk->batches == (std::vector<std::size_t>{100, 100, 100, 50}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(level_none_is_answered_before_the_commit_and_survives_its_failure,
                        journalling) {
  start();
  disk->commit_faults = {broken};
  BOOST_TEST(!hand_in("trace", {event_of("1", durability::none)}));
  BOOST_TEST(!hand_in("call", {event_of("2")}));
  settle();
  BOOST_TEST(who_heard() == names({"trace", "call"}), boost::test_tools::per_element());
  BOOST_TEST((heard[0].what.answers[0].what == outcome::stored));
  BOOST_TEST((heard[1].what.answers[0].what == outcome::unknown));
}

BOOST_FIXTURE_TEST_CASE(a_process_append_is_synced_in_the_background, journalling) {
  start();
  BOOST_TEST(!hand_in("a", {event_of("1", durability::process)}));
  pass(90ms);
  BOOST_TEST(disk->syncs == 0U);
  pass(20ms);
  BOOST_TEST(disk->syncs == 1U);
  pass(1s);
  BOOST_TEST(disk->frontiers == 1U);
  pass(1min);
  BOOST_TEST(disk->syncs + disk->frontiers == 2U);
}

BOOST_FIXTURE_TEST_CASE(refuses_at_the_limit_and_takes_again_once_answered, journalling) {
  start({.events_max = 10});
  BOOST_TEST(!hand_in("a", many("a", 8)));
  auto more = many("b", 3);
  const auto refused = given->front->append(more, [](const append_result&) {});
  BOOST_REQUIRE(refused.has_value());
  BOOST_TEST((refused->reason.code == fault_code::busy));
  BOOST_TEST(refused->retry_after.count() > 0);
  BOOST_TEST(more.size() == 3U); // untouched
  BOOST_TEST(!hand_in("c", many("c", 2)));
  settle();
  BOOST_TEST(!hand_in("b", std::move(more)));
  settle();
  BOOST_TEST(who_heard() == names({"a", "c", "b"}), boost::test_tools::per_element());
  // Larger than the limit by itself: taken when nothing else is here.
  BOOST_TEST(!hand_in("d", many("d", 50)));
  BOOST_TEST(hand_in("e", many("e", 1)).has_value());
  settle();
  BOOST_TEST(heard.back().what.answers.size() == 50U);
}

BOOST_FIXTURE_TEST_CASE(refuses_by_bytes_too, journalling) {
  start({.bytes_max = 10000});
  BOOST_TEST(!hand_in("a", {event_of(std::string(8000, 'x'))}));
  BOOST_TEST(hand_in("b", {event_of(std::string(8000, 'y'))}).has_value());
  settle();
}

BOOST_FIXTURE_TEST_CASE(a_failed_commit_is_unknown_and_the_store_is_reopened, journalling) {
  start({.batch_events_max = 2, .batch_worth = 1});
  disk->commit_faults = {std::nullopt, broken};
  disk->failed_commits_land = true;
  BOOST_TEST(!hand_in("a", many("a", 8)));
  settle();
  BOOST_REQUIRE(heard.size() == 1U);
  std::vector<outcome> outcomes;
  for (const auto& one : heard[0].what.answers)
    outcomes.push_back(one.what);
  // Committed; failed; behind the failed one; and what had not been prepared yet.
  using enum outcome;
  BOOST_TEST((
      outcomes
      == std::vector<outcome>{stored, stored, unknown, unknown, unknown, unknown, stored, stored}));
  BOOST_TEST(disk->opens == 2U);
  BOOST_TEST(troubles.size() == 1U);
  // Sending it again is safe: what had landed is a duplicate.
  BOOST_TEST(!hand_in("again", many("a", 8)));
  settle();
  std::size_t stored_now = 0;
  for (const auto& one : heard[1].what.answers)
    stored_now += one.what == stored ? 1 : 0;
  BOOST_TEST(stored_now == 2U);
  BOOST_TEST(disk->records.size() == 8U);
}

BOOST_FIXTURE_TEST_CASE(gives_up_after_three_reopenings_in_an_hour, journalling) {
  start();
  for (int i = 0; i < 4; ++i)
    disk->commit_faults.emplace_back(broken);
  for (int i = 0; i < 4; ++i) {
    BOOST_TEST(!hand_in("a", {event_of("1")}));
    pass(1min);
  }
  BOOST_REQUIRE(gave_up.size() == 1U);
  BOOST_TEST((gave_up[0].code == fault_code::failed));
  const auto refused = hand_in("b", {event_of("2")});
  BOOST_REQUIRE(refused.has_value());
  BOOST_TEST((refused->reason.code == fault_code::failed));
  for (const auto& one : heard)
    BOOST_TEST((one.what.answers.at(0).what == outcome::unknown));
}

BOOST_FIXTURE_TEST_CASE(a_crash_of_the_process_does_not_refill_the_budget, journalling) {
  // The budget was the machine's alone: three reopenings, a crash, three reopenings, a crash ...
  start();
  const auto fail_once = [&] {
    disk->commit_faults = {broken};
    BOOST_TEST(!hand_in("a", {event_of("1")}));
    pass(1min);
  };
  fail_once();
  fail_once();
  BOOST_TEST(reopenings.size() == 2U);
  const auto next_process = [&] {
    caf::anon_send_exit(actor, caf::exit_reason::kill);
    settle();
    given = std::make_shared<parts>();
    start();
  };
  next_process();
  fail_once();
  BOOST_TEST(gave_up.empty());
  next_process();
  fail_once();
  BOOST_TEST(gave_up.size() == 1U);
  BOOST_TEST(reopenings.size() == 3U);
  pass(1h);
  next_process();
  fail_once();
  BOOST_TEST((given->front->where() == standing::serving));
}

BOOST_FIXTURE_TEST_CASE(a_clock_that_was_set_back_forgives_nothing, journalling) {
  reopenings.assign(3, wall_time{std::numeric_limits<std::int64_t>::max() / 2});
  start();
  disk->commit_faults = {broken};
  BOOST_TEST(!hand_in("a", {event_of("1")}));
  settle();
  BOOST_TEST(gave_up.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_full_disk_goes_on_by_itself_and_reading_never_stops, journalling) {
  start();
  BOOST_TEST(!hand_in("a", {event_of("1")}));
  settle();
  disk->commit_faults = {full};
  disk->free_bytes = 0;
  BOOST_TEST(!hand_in("b", {event_of("2")}));
  settle();
  BOOST_TEST((heard.back().what.answers.at(0).what == outcome::unknown));
  const auto refused = hand_in("c", {event_of("3")});
  BOOST_REQUIRE(refused.has_value());
  BOOST_TEST((refused->reason.code == fault_code::no_space));
  pass(1h);
  BOOST_TEST((given->front->where() == standing::no_space));
  BOOST_REQUIRE(given->front->read() != nullptr);
  BOOST_TEST(given->front->read()->record(sequence{1})->stream == "calls");
  BOOST_TEST(disk->opens == 1U);
  disk->free_bytes = 1U << 30U;
  pass(1s);
  BOOST_TEST(disk->opens == 2U);
  BOOST_TEST(!hand_in("d", {event_of("3")}));
  settle();
  BOOST_TEST((heard.back().what.answers.at(0).what == outcome::stored));
}

BOOST_FIXTURE_TEST_CASE(shows_since_when_a_commit_is_on_its_way, journalling) {
  start();
  BOOST_TEST(!given->front->committing_since().has_value());
  journal machine{limits{}};
  machine.start(sequence{0}, {}, instant{5s});
  machine.on({arrival{.request = 1, .events = 1, .bytes = 1}}, instant{6s});
  given->front->publish(machine);
  BOOST_TEST((given->front->committing_since() == instant{6s}));
  machine.on(batch_ended{.batch = 1, .ok = true}, instant{9s});
  given->front->publish(machine);
  BOOST_TEST(!given->front->committing_since().has_value());
}

BOOST_FIXTURE_TEST_CASE(a_reader_that_is_still_reading_is_waited_for, journalling) {
  start();
  auto page = given->front->read();
  disk->commit_faults = {broken};
  BOOST_TEST(!hand_in("a", {event_of("1")}));
  pass(1s);
  BOOST_TEST(disk->opens == 1U);
  BOOST_TEST(given->front->read() == nullptr); // nobody else takes hold of it
  page.reset();
  pass(50ms);
  BOOST_TEST(disk->opens == 2U);
  BOOST_TEST((given->front->where() == standing::serving));
}

BOOST_FIXTURE_TEST_CASE(an_actor_saves_all_of_its_records_or_none, journalling) {
  start();
  const record_keeper keeper = actor;
  const auto saved = ask<records_saved>(
      keeper, save_records{{{.owner = "breaker/llm", .state = object{{"open", true}}},
                            {.owner = "budget/team", .state = 17}}});
  BOOST_TEST((saved.last == sequence{2}));
  BOOST_TEST((disk->controls.at("budget/team") == value{17}));
  BOOST_TEST(disk->batches == std::vector<std::size_t>{2}, boost::test_tools::per_element());
  const auto refused = try_ask<records_saved>(
      keeper, save_records{{{.owner = "good", .state = 1}, {.owner = "", .state = 2}}});
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == fault_code::invalid));
  BOOST_TEST(disk->controls.count("good") == 0U);
  disk->commit_faults = {broken};
  const auto lost = try_ask<records_saved>(keeper, save_records{{{.owner = "a", .state = 1}}});
  BOOST_REQUIRE(!lost);
  BOOST_TEST((lost.error().code == fault_code::failed));
}

BOOST_FIXTURE_TEST_CASE(who_waits_for_records_is_told_once_and_asks_again, journalling) {
  start({.watchers_max = 2});
  std::vector<result<records_committed>> told;
  const auto wait = [&](std::uint64_t after) {
    given->front->await_records(sequence{after},
                                [&](result<records_committed> news) { told.push_back(news); });
    settle();
  };
  wait(0);
  wait(5);
  BOOST_TEST(told.empty());
  wait(0); // one too many
  BOOST_REQUIRE(told.size() == 1U);
  BOOST_TEST((told[0].error().code == fault_code::busy));
  BOOST_TEST(!hand_in("a", many("a", 3)));
  settle();
  BOOST_REQUIRE(told.size() == 2U);
  BOOST_TEST((*told[1] == records_committed{sequence{1}, sequence{3}}));
  BOOST_TEST(!hand_in("b", many("b", 4)));
  settle();
  BOOST_REQUIRE(told.size() == 3U); // the slow one hears nothing, the patient one does
  BOOST_TEST((*told[2] == records_committed{sequence{6}, sequence{7}}));
  wait(3);
  BOOST_TEST((*told.at(3) == records_committed{sequence{4}, sequence{7}}));
}

BOOST_FIXTURE_TEST_CASE(stopping_answers_everything_closes_the_store_and_ends, journalling) {
  start({.batch_events_max = 10});
  BOOST_TEST(!hand_in("a", many("a", 55)));
  const auto stopped = ask<journal_stopped>(actor, stop_journal{});
  BOOST_TEST(stopped.clean);
  BOOST_TEST(heard.at(0).what.answers.size() == 55U);
  BOOST_TEST(disk->records.size() == 55U);
  BOOST_TEST(disk->closes == 1U);
  BOOST_TEST(ended(actor));
  const auto refused = hand_in("b", {event_of("late")});
  BOOST_REQUIRE(refused.has_value());
  BOOST_TEST((refused->reason.code == fault_code::busy));
}

BOOST_FIXTURE_TEST_CASE(the_next_incarnation_reopens_and_takes_what_waits, journalling) {
  start();
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  BOOST_TEST(!hand_in("a", {event_of("1")})); // taken by nobody, or by one that is dying
  settle();
  BOOST_TEST(!hand_in("b", {event_of("2")}));
  spawn();
  BOOST_TEST(disk->opens == 2U); // what its predecessor left is not trusted
  BOOST_TEST((heard.back().who == "b"));
  BOOST_TEST((heard.back().what.answers.at(0).what == outcome::stored));
  BOOST_TEST(given->front->events_held() == 0U);
}

BOOST_FIXTURE_TEST_CASE(opens_the_store_itself_when_it_is_given_none, journalling) {
  start({}, false);
  BOOST_TEST(disk->opens == 1U);
  BOOST_TEST((given->front->where() == standing::serving));
}

BOOST_FIXTURE_TEST_CASE(a_scrub_is_answered_with_its_report_or_busy, journalling) {
  start();
  auto scrubber = sys.spawn(keeper_actor, given);
  const auto told = ask<carried<persistence::integrity_report>>(
      scrubber, scrub_store{sequence{3}, sequence{9}, false});
  BOOST_TEST((told->from == sequence{3} && told->to == sequence{9}));
  given->front->slot().retire();
  const auto busy = try_ask<carried<persistence::integrity_report>>(
      scrubber, scrub_store{sequence{3}, sequence{9}, false});
  BOOST_REQUIRE(!busy);
  BOOST_TEST((busy.error().code == fault_code::busy));
}

BOOST_FIXTURE_TEST_CASE(raises_the_floor_between_batches, journalling) {
  start();
  BOOST_TEST(!hand_in("a", many("a", 9)));
  const auto tried = ask<floor_raised>(actor, raise_floor{sequence{5}, false, "old", true});
  BOOST_TEST((tried.floor == sequence{5}));
  BOOST_TEST((disk->floor == sequence{0})); // a dry run
  const auto raised = ask<floor_raised>(actor, raise_floor{sequence{5}, false, "old"});
  BOOST_TEST((raised.floor == sequence{5}));
  BOOST_TEST((disk->floor == sequence{5}));
  const auto refused = try_ask<floor_raised>(actor, raise_floor{sequence{50}, false, "old"});
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == fault_code::conflict));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::journal
