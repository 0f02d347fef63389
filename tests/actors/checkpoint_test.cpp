// SPDX-License-Identifier: Apache-2.0
// Does the checkpointer read on, and save after so many events or so long, whichever is first?
#include "actors/checkpoint/checkpoint.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace std::chrono_literals;

namespace holdfast::checkpointing {

namespace {

const instant t0{1h};

records_committed up_to(std::uint64_t last) {
  return {sequence{1}, sequence{last}};
}

page_folded folded(std::uint64_t last, std::uint64_t events) {
  return {.next = sequence{last + 1}, .events = events};
}

checkpointer started(limits chosen = {}, std::uint64_t covered = 0) {
  checkpointer c{chosen};
  c.start(sequence{covered}, t0);
  return c;
}

} // namespace

BOOST_AUTO_TEST_SUITE(checkpoint_machine)

BOOST_AUTO_TEST_CASE(waits_for_records_then_reads_them_page_by_page) {
  checkpointer c{{.rule = {.events = 1000}, .page_events = 10}};
  BOOST_TEST((*c.start(sequence{5}, t0).watch == sequence{5}));
  const auto told = c.on(up_to(25), t0);
  BOOST_TEST((*told.read == page_wanted{sequence{6}, sequence{25}, 10}));
  BOOST_TEST(!told.watch.has_value());
  // One page at a time, whatever else is told meanwhile.
  BOOST_TEST(!c.on(up_to(30), t0).read.has_value());
  BOOST_TEST((c.on(folded(15, 10), t0).read->from == sequence{16}));
  c.on(folded(25, 10), t0);
  BOOST_TEST((*c.on(folded(30, 5), t0).watch == sequence{30}));
}

BOOST_AUTO_TEST_CASE(saves_after_so_many_events_or_so_long_whichever_is_first) {
  struct row {
    std::uint64_t events;
    milliseconds later;
    std::optional<std::string> reason;
  };
  for (const auto& [events, later, reason] :
       {row{99, 0ms, {}}, row{100, 0ms, "events"}, row{1, 29999ms, {}}, row{1, 30000ms, "interval"},
        row{0, 1h, {}}})
    BOOST_TEST_CONTEXT(events << " events, " << later.count() << " ms") {
      auto c = started();
      c.on(up_to(500), t0);
      auto made = c.on(folded(500, events), t0);
      if (later > 0ms)
        made = c.on(folding_due{}, t0 + later);
      BOOST_TEST(made.save.has_value() == reason.has_value());
      if (made.save && reason)
        BOOST_TEST(made.save->reason == *reason);
    }
}

BOOST_AUTO_TEST_CASE(a_page_ends_where_the_next_checkpoint_is_due) {
  auto c = started();
  BOOST_TEST(c.on(up_to(5000), t0).read->events_max == 100U);
  BOOST_TEST(c.on(folded(60, 60), t0).read->events_max == 40U);
  const auto due = c.on(folded(100, 40), t0);
  BOOST_TEST(due.save.has_value());
  // While one is on its way there cannot be another, so reading goes on in larger steps.
  BOOST_TEST(due.read->events_max == 1000U);
}

BOOST_AUTO_TEST_CASE(far_behind_reading_on_goes_first) {
  auto c = started();
  BOOST_TEST(c.on(up_to(100000), t0).read->events_max == 1000U);
  std::size_t saves = 0;
  for (std::uint64_t last = 1000; last <= 100000; last += 1000)
    if (c.on(folded(last, 1000), t0).save) {
      ++saves;
      c.on(state_saved{sequence{last}}, t0);
    }
  // Nine while more than 10,000 are left, then one a page.
  BOOST_TEST(saves == 9U + 10U);
}

BOOST_AUTO_TEST_CASE(far_behind_the_interval_holds_all_the_same) {
  auto c = started();
  c.on(up_to(1000000), t0);
  BOOST_TEST(!c.on(folded(1000, 1000), t0).save.has_value());
  BOOST_TEST(!c.on(folding_due{}, t0 + 29s).save.has_value());
  BOOST_TEST(c.on(folding_due{}, t0 + 30s).save->reason == "interval");
}

BOOST_AUTO_TEST_CASE(one_checkpoint_is_on_its_way_at_a_time) {
  auto c = started();
  c.on(up_to(400), t0);
  BOOST_TEST(c.on(folded(100, 100), t0).save.has_value());
  BOOST_TEST(!c.on(folded(400, 300), t0).save.has_value());
  const auto next = c.on(state_saved{sequence{100}}, t0);
  BOOST_TEST(next.save.has_value()); // 300 events have come meanwhile
  BOOST_TEST(!c.on(state_saved{sequence{400}}, t0).save.has_value());
  BOOST_TEST((c.covered() == sequence{400}));
}

BOOST_AUTO_TEST_CASE(a_demand_is_served_when_everything_before_it_is_covered) {
  auto c = started();
  BOOST_TEST((c.on(demand{1, sequence{0}, "now"}, t0).refusal.code == fault_code::not_found));
  const auto asked = c.on(demand{2, sequence{7}, "now"}, t0);
  BOOST_TEST(asked.served.empty());
  BOOST_TEST((asked.read->to == sequence{7}));
  BOOST_TEST(c.on(demand{3, sequence{7}, {}}, t0).served.empty());
  const auto there = c.on(folded(7, 3), t0);
  BOOST_TEST(there.served == std::vector<std::uint64_t>{3}, boost::test_tools::per_element());
  BOOST_TEST(there.save->reason == "now");
  BOOST_TEST(c.on(state_saved{sequence{7}}, t0).served == std::vector<std::uint64_t>{2},
             boost::test_tools::per_element());
  // Covered already: no second one is taken.
  const auto again = c.on(demand{4, sequence{7}, "now"}, t0);
  BOOST_TEST(again.served.size() == 1U);
  BOOST_TEST(!again.save.has_value());
}

BOOST_AUTO_TEST_CASE(demands_are_bounded) {
  auto c = started({.demands_max = 2});
  c.on(demand{1, sequence{5}, {}}, t0);
  c.on(demand{2, sequence{5}, {}}, t0);
  const auto made = c.on(demand{3, sequence{5}, {}}, t0);
  BOOST_TEST(made.failed.size() == 1U);
  BOOST_TEST((made.refusal.code == fault_code::busy));
}

BOOST_AUTO_TEST_CASE(failures_are_told_once_and_tried_again_with_growing_pauses) {
  auto c = started();
  c.on(up_to(5), t0);
  auto now = t0;
  std::vector<milliseconds> pauses;
  std::size_t told = 0;
  for (int i = 0; i < 11; ++i) {
    const auto made = c.on(page_failed{{fault_code::corrupt, "record 3", {}}}, now);
    told += made.troubled.has_value() ? 1 : 0;
    const auto failed = now;
    while (!c.on(folding_due{}, now).read)
      now += 100ms;
    pauses.push_back(std::chrono::duration_cast<milliseconds>(now - failed));
  }
  BOOST_TEST(told == 1U);
  BOOST_TEST((pauses.front() == 100ms));
  BOOST_TEST((pauses.back() == 30s));
  c.on(folded(5, 5), now);
  c.on(up_to(6), now);
  BOOST_TEST(c.on(page_failed{{fault_code::corrupt, "record 6", {}}}, now).troubled.has_value());
}

BOOST_AUTO_TEST_CASE(a_refused_checkpoint_is_tried_again_and_a_busy_journal_is_no_trouble) {
  auto c = started();
  c.on(up_to(100), t0);
  c.on(folded(100, 100), t0);
  const auto refused = c.on(state_refused{{fault_code::busy, "full", {}}}, t0);
  BOOST_TEST(!refused.troubled.has_value());
  BOOST_TEST((*refused.wake_at == t0 + 100ms));
  BOOST_TEST(c.on(folding_due{}, t0 + 100ms).save.has_value());
}

BOOST_AUTO_TEST_CASE(stopping_folds_what_is_committed_saves_and_ends) {
  auto c = started();
  c.on(up_to(5), t0);
  c.on(folded(5, 5), t0);
  BOOST_TEST((c.on(stop_folding{10s}, sequence{8}, t0).read->to == sequence{8}));
  const auto last = c.on(folded(8, 1), t0);
  BOOST_TEST(last.save->reason == "stop");
  BOOST_TEST(!last.stopped.has_value());
  BOOST_TEST((*c.on(state_saved{sequence{8}}, t0).stopped == folding_stopped{sequence{8}, true}));
}

BOOST_AUTO_TEST_CASE(stopping_has_a_deadline_and_needs_nothing_when_nothing_is_unsaved) {
  auto idle = started({}, 9);
  BOOST_TEST(idle.on(stop_folding{10s}, sequence{9}, t0).stopped->in_time);
  auto stuck = started();
  stuck.on(up_to(5), t0);
  BOOST_TEST(!stuck.on(stop_folding{10s}, sequence{5}, t0).stopped.has_value());
  BOOST_TEST(!stuck.on(folding_due{}, t0 + 10s).stopped->in_time);
  checkpointer unborn{{}};
  BOOST_TEST(unborn.on(stop_folding{10s}, sequence{5}, t0).stopped.has_value());
}

BOOST_AUTO_TEST_CASE(every_nth_checkpoint_is_verified) {
  for (const auto nth : {0U, 1U, 3U}) {
    auto c = started({.verify_every = nth});
    c.on(up_to(1000), t0);
    std::size_t verified = 0;
    for (std::uint64_t last = 100; last <= 900; last += 100) {
      verified += c.on(folded(last, 100), t0).save->verified ? 1 : 0;
      c.on(state_saved{sequence{last}}, t0);
    }
    BOOST_TEST(verified == (nth == 0 ? 0U : 9U / nth));
  }
}

BOOST_AUTO_TEST_CASE(seeded_walks_never_leave_an_event_unsaved_for_too_long) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed)
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937_64 dice{seed};
      const auto roll = [&](std::uint64_t sides) { return dice() % sides; };
      checkpointer c{{.rule = {.events = 10, .interval = 5s}, .page_events = 7}};
      auto now = t0;
      std::uint64_t head = 0;
      std::optional<page_wanted> reading;
      std::optional<sequence> saving;
      bool watching = false;
      std::optional<instant> wake;
      const auto take = [&](const decision& made) {
        if (made.save) {
          BOOST_REQUIRE(!saving);
          saving = c.folded();
        }
        if (made.read) {
          BOOST_REQUIRE(!reading);
          BOOST_REQUIRE((made.read->from == c.folded() + 1 && made.read->to <= sequence{head}));
          BOOST_REQUIRE((made.read->events_max >= 1 && made.read->events_max <= 7));
          reading = made.read;
        }
        if (made.watch) {
          BOOST_REQUIRE(!watching);
          watching = true;
        }
        if (made.wake_at)
          wake = wake ? std::min(*wake, *made.wake_at) : *made.wake_at;
      };
      take(c.start(sequence{0}, now));
      for (int step = 0; step < 500; ++step) {
        now += milliseconds{roll(300)};
        if (wake && now >= *wake) {
          wake.reset();
          take(c.on(folding_due{}, now));
        }
        const bool works = roll(10) != 0;
        switch (roll(4)) {
        case 0:
          ++head;
          break;
        case 1:
          if (watching && sequence{head} > c.folded()) {
            watching = false;
            take(works ? c.on(up_to(head), now) : c.on(watch_failed{}, now));
          }
          break;
        case 2:
          if (const auto page = std::exchange(reading, std::nullopt)) {
            const auto to = std::min(page->from.value + page->events_max - 1, page->to.value);
            take(works ? c.on(folded(to, to - page->from.value + 1), now)
                       : c.on(page_failed{{fault_code::busy, "", {}}}, now));
          }
          break;
        case 3:
          if (const auto covered = std::exchange(saving, std::nullopt))
            take(works ? c.on(state_saved{*covered}, now)
                       : c.on(state_refused{{fault_code::no_space, "", {}}}, now));
          break;
        }
        // Something is always on its way while anything is left to do.
        BOOST_REQUIRE((watching || reading || wake || saving));
      }
      // Left alone with a world that works, everything is read, and saved within the interval.
      for (int step = 0; step < 1000 && (c.covered() < sequence{head} || reading); ++step) {
        now += 50ms;
        if (watching && sequence{head} > c.folded()) {
          watching = false;
          take(c.on(up_to(head), now));
        }
        if (const auto page = std::exchange(reading, std::nullopt)) {
          const auto to = std::min(page->from.value + page->events_max - 1, page->to.value);
          take(c.on(folded(to, to - page->from.value + 1), now));
        }
        if (const auto covered = std::exchange(saving, std::nullopt))
          take(c.on(state_saved{*covered}, now));
        if (wake && now >= *wake) {
          wake.reset();
          take(c.on(folding_due{}, now));
        }
      }
      BOOST_TEST((c.covered() == sequence{head}));
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::checkpointing
