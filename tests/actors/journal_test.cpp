// SPDX-License-Identifier: Apache-2.0
// Does the journal's machine batch, answer, sync, reopen and stop as it promises?
#include "actors/journal/journal.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>

using namespace std::chrono_literals;

namespace holdfast::journal {

namespace {

const instant t0{1h};

batch_ended committed(std::uint64_t batch, std::uint64_t first, std::uint64_t last,
                      durability level = durability::power) {
  return {.batch = batch,
          .ok = true,
          .what = {},
          .first = sequence{first},
          .last = sequence{last},
          .level = level};
}

batch_ended failed(std::uint64_t batch, fault_code code = fault_code::failed) {
  return {.batch = batch, .ok = false, .code = code, .what = "it broke"};
}

store_kept kept(duty what, std::uint64_t head = 0) {
  return {.what = what, .ok = true, .text = {}, .help = {}, .head = sequence{head}};
}

store_kept not_kept(duty what, fault_code code = fault_code::failed) {
  return {.what = what, .ok = false, .code = code, .text = "no", .help = {}};
}

journal serving(limits chosen = {}) {
  journal j{chosen};
  j.start(sequence{0}, {}, t0);
  return j;
}

std::vector<arrival> one(std::uint64_t request, std::size_t events = 1, std::size_t each = 300) {
  return {{.request = request, .events = events, .bytes = events * each}};
}

bool asks(const decision& made, duty what) {
  return std::any_of(made.duties.begin(), made.duties.end(),
                     [&](const keep_store& asked) { return asked.what == what; });
}

} // namespace

BOOST_AUTO_TEST_SUITE(journal_machine)

BOOST_AUTO_TEST_CASE(an_idle_journal_lets_nothing_wait) {
  auto j = serving();
  const auto made = j.on(one(1), t0);
  BOOST_TEST((made.batches == std::vector<batch_plan>{{1, {{1, 1}}}}));
}

BOOST_AUTO_TEST_CASE(what_waits_for_a_commit_goes_into_one_batch) {
  auto j = serving();
  j.on(one(1), t0);
  BOOST_TEST(j.on(one(2), t0).batches.empty());
  BOOST_TEST(j.on(one(3), t0).batches.empty());
  const auto made = j.on(committed(1, 1, 1), t0 + 1ms);
  BOOST_TEST((*made.concluded == conclusion{1, true}));
  BOOST_TEST((made.batches == std::vector<batch_plan>{{2, {{2, 1}, {3, 1}}}}));
}

BOOST_AUTO_TEST_CASE(a_batch_keeps_its_limits_and_the_pipeline_its_depth) {
  struct row {
    std::size_t events, each;
    std::vector<std::size_t> batches; ///< Planned at once.
  };
  for (const auto& [events, each, batches] :
       {row{1024, 100, {1024}}, row{1025, 100, {1024}}, row{1280, 100, {1024, 256}},
        row{5000, 100, {1024, 1024}}, row{300, 8192, {128}}, row{400, 8192, {128, 128}},
        row{2, 3U << 20U, {1}}})
    BOOST_TEST_CONTEXT(events << " events of " << each) {
      auto j = serving();
      std::vector<std::size_t> planned;
      for (const auto& plan : j.on(one(1, events, each), t0).batches)
        planned.push_back(plan.pieces.front().events);
      BOOST_TEST(planned == batches, boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(a_whole_request_is_never_split_and_others_may_be) {
  auto j = serving();
  const auto made = j.on({{.request = 1, .events = 1000, .bytes = 1000},
                          {.request = 2, .events = 100, .bytes = 100, .whole = true},
                          {.request = 3, .events = 2000, .bytes = 2000, .whole = true},
                          {.request = 4, .events = 1, .bytes = 1}},
                         t0);
  BOOST_TEST((made.batches == std::vector<batch_plan>{{1, {{1, 1000}}}, {2, {{2, 100}}}}));
  BOOST_TEST(
      (j.on(committed(1, 1, 1000), t0).batches == std::vector<batch_plan>{{3, {{3, 2000}}}}));
}

BOOST_AUTO_TEST_CASE(the_hint_is_how_long_what_is_ahead_takes) {
  struct row {
    std::size_t ahead;
    double rate;
    milliseconds hint;
  };
  for (const auto& [ahead, rate, hint] :
       {row{1000, 0, 100ms}, row{1000, 10000, 100ms}, row{1, 1e6, 10ms}, row{1000000, 1, 10s}})
    BOOST_TEST((retry_hint(ahead, rate) == hint));
  auto j = serving();
  j.on(one(1, 100), t0);
  j.on(committed(1, 1, 100), t0 + 10ms);
  BOOST_TEST(j.commit_rate() == 10000, boost::test_tools::tolerance(0.01));
}

BOOST_AUTO_TEST_CASE(a_process_append_is_synced_within_the_limit) {
  auto j = serving();
  j.on(one(1), t0);
  const auto made = j.on(committed(1, 1, 1, durability::process), t0);
  BOOST_TEST((*made.wake_at == t0 + 100ms));
  BOOST_TEST(!j.on(journal_due{}, t0 + 99ms).sync);
  BOOST_TEST(j.on(journal_due{}, t0 + 100ms).sync);
  // One at a time, and done when it is done.
  BOOST_TEST(!j.on(journal_due{}, t0 + 150ms).sync);
  j.on(batch_ended{.batch = 0, .ok = true, .what = {}}, t0 + 160ms);
  BOOST_TEST(!j.on(journal_due{}, t0 + 500ms).sync);
}

BOOST_AUTO_TEST_CASE(a_power_batch_syncs_what_came_before_it) {
  auto j = serving();
  j.on(one(1), t0);
  j.on(committed(1, 1, 1, durability::process), t0);
  j.on(one(2), t0);
  j.on(committed(2, 2, 2, durability::power), t0 + 5ms);
  BOOST_TEST(!j.on(journal_due{}, t0 + 100ms).sync);
}

BOOST_AUTO_TEST_CASE(the_frontier_is_saved_each_second_while_it_moves) {
  auto j = serving();
  j.on(one(1), t0);
  j.on(committed(1, 1, 1), t0);
  BOOST_TEST(!asks(j.on(journal_due{}, t0 + 999ms), duty::save_frontier));
  BOOST_TEST(asks(j.on(journal_due{}, t0 + 1s), duty::save_frontier));
  j.on(kept(duty::save_frontier), t0 + 1s);
  // Idle: no duty, and no alarm either.
  const auto idle = j.on(journal_due{}, t0 + 5s);
  BOOST_TEST(idle.duties.empty());
  BOOST_TEST(!idle.wake_at.has_value());
}

BOOST_AUTO_TEST_CASE(an_anchor_is_moved_when_due_one_at_a_time) {
  auto j = serving();
  auto told = committed(1, 1, 1);
  told.anchor_due = true;
  j.on(one(1), t0);
  BOOST_TEST(asks(j.on(told, t0), duty::advance_anchor));
  told.batch = 2;
  j.on(one(2), t0);
  BOOST_TEST(!asks(j.on(told, t0), duty::advance_anchor));
  j.on(kept(duty::advance_anchor), t0);
  told.batch = 3;
  j.on(one(3), t0);
  BOOST_TEST(asks(j.on(told, t0), duty::advance_anchor));
}

BOOST_AUTO_TEST_CASE(after_a_failure_everything_in_flight_is_unknown_and_the_rest_waits) {
  auto j = serving();
  j.on(one(1, 3000), t0); // batches 1 and 2 fly, the rest waits
  const auto first = j.on(failed(1), t0);
  BOOST_TEST((*first.concluded == conclusion{1, false}));
  BOOST_TEST((first.troubled.has_value()));
  BOOST_TEST(first.batches.empty());
  BOOST_TEST(!asks(first, duty::reopen)); // batch 2 still has the store
  // Even if it says that it succeeded: it follows a hole.
  const auto second = j.on(committed(2, 1025, 2048), t0);
  BOOST_TEST((*second.concluded == conclusion{2, false}));
  BOOST_TEST(!second.announced.has_value());
  BOOST_TEST(asks(second, duty::reopen));
  const auto open = j.on(kept(duty::reopen, 1024), t0 + 1s);
  BOOST_TEST((*open.announced == records_committed{sequence{1}, sequence{1024}}));
  BOOST_TEST((open.batches == std::vector<batch_plan>{{3, {{1, 952}}}}));
}

BOOST_AUTO_TEST_CASE(gives_up_when_it_fails_once_more_than_it_may_within_the_hour) {
  auto j = serving();
  std::uint64_t batch = 0;
  auto now = t0;
  const auto break_down = [&] {
    j.on(one(batch + 1), now);
    return j.on(failed(++batch), now);
  };
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(asks(break_down(), duty::reopen));
    j.on(kept(duty::reopen), now);
    now += 20min - 1s;
  }
  j.on(one(batch + 1), now);
  j.on(one(batch + 2), now);
  const auto made = j.on(failed(++batch), now);
  BOOST_REQUIRE(made.gave_up.has_value());
  BOOST_TEST((made.gave_up->code == fault_code::failed));
  BOOST_TEST(made.turned_away == std::vector<std::uint64_t>{batch + 1},
             boost::test_tools::per_element());
  BOOST_TEST((j.where() == standing::gave_up));
  BOOST_TEST(j.on(one(9), now).turned_away.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_an_earlier_process_used_of_the_budget_stays_used) {
  // A crash of the whole process used to begin with a budget that was full again.
  struct row {
    std::vector<std::chrono::minutes> ago;
    bool gives_up;
  };
  for (const auto& [ago, gives_up] :
       {row{{}, false}, row{{50min, 10min}, false}, row{{50min, 10min, 1min}, true},
        row{{60min, 10min, 1min}, false}, row{{5min, 4min, 3min, 2min, 0min}, true}})
    BOOST_TEST_CONTEXT(ago.size() << " before") {
      std::deque<instant> before;
      for (const auto one : ago)
        before.push_back(t0 - one);
      journal j{{}};
      j.start(sequence{0}, before, t0);
      j.on(one(1), t0);
      const auto made = j.on(failed(1), t0);
      BOOST_TEST(made.gave_up.has_value() == gives_up);
      BOOST_TEST(asks(made, duty::reopen) != gives_up);
    }
}

BOOST_AUTO_TEST_CASE(each_attempt_that_counts_is_noted_once) {
  auto j = serving();
  j.on(one(1), t0);
  const auto counted = [](const decision& made) { return made.duties.at(0).counted; };
  BOOST_TEST(counted(j.on(failed(1), t0)));
  j.on(not_kept(duty::reopen, fault_code::busy), t0); // a reader: not even tried yet
  BOOST_TEST(counted(j.on(journal_due{}, t0 + 20ms)));
  j.on(not_kept(duty::reopen), t0 + 20ms);
  BOOST_TEST(counted(j.on(journal_due{}, t0 + 1s)));
  j.on(not_kept(duty::reopen, fault_code::no_space), t0 + 1s); // no failure of the store
  j.on(journal_due{}, t0 + 10s);
  BOOST_TEST(!counted(j.on(kept(duty::probe_space), t0 + 10s)));
  j.on(kept(duty::reopen), t0 + 10s);
  BOOST_TEST((j.where() == standing::serving));
}

BOOST_AUTO_TEST_CASE(an_hour_later_it_may_reopen_again) {
  auto j = serving();
  auto now = t0;
  for (std::uint64_t batch = 1; batch <= 20; ++batch, now += 20min) {
    j.on(one(batch), now);
    BOOST_TEST(asks(j.on(failed(batch), now), duty::reopen));
    j.on(kept(duty::reopen), now);
  }
}

BOOST_AUTO_TEST_CASE(reopening_tries_again_and_stops_at_what_an_operator_must_decide) {
  struct row {
    fault_code code;
    bool for_good;
  };
  for (const auto [code, for_good] :
       {row{fault_code::failed, false}, row{fault_code::conflict, false},
        row{fault_code::corrupt, true}, row{fault_code::unsupported, true}})
    BOOST_TEST_CONTEXT(to_string(code)) {
      auto j = serving();
      j.on(one(1), t0);
      j.on(failed(1), t0);
      const auto made = j.on(not_kept(duty::reopen, code), t0);
      BOOST_TEST(made.gave_up.has_value() == for_good);
      BOOST_TEST(asks(j.on(journal_due{}, t0 + 1s), duty::reopen) != for_good);
    }
}

BOOST_AUTO_TEST_CASE(waiting_for_readers_is_part_of_one_attempt_and_has_an_end) {
  auto j = serving({.reopenings_max = 2});
  j.on(one(1), t0);
  j.on(failed(1), t0);
  auto now = t0;
  for (int i = 0; i < 400; ++i, now += 20ms) {
    j.on(not_kept(duty::reopen, fault_code::busy), now);
    BOOST_TEST(asks(j.on(journal_due{}, now + 20ms), duty::reopen));
  }
  now = t0 + 10s;
  j.on(not_kept(duty::reopen, fault_code::busy), now); // patience is over: the second attempt
  BOOST_TEST(asks(j.on(journal_due{}, now + 200ms), duty::reopen));
  j.on(not_kept(duty::reopen, fault_code::failed), now + 1s);
  BOOST_TEST(j.on(journal_due{}, now + 10s).gave_up.has_value());
}

BOOST_AUTO_TEST_CASE(a_full_disk_refuses_until_there_is_room_and_costs_no_reopening) {
  auto j = serving({.reopenings_max = 0});
  j.on(one(1), t0);
  j.on(one(2), t0);
  const auto full = j.on(failed(1, fault_code::no_space), t0);
  BOOST_TEST((*full.concluded == conclusion{1, false}));
  BOOST_TEST(full.turned_away == std::vector<std::uint64_t>{2}, boost::test_tools::per_element());
  BOOST_TEST((full.refusal.code == fault_code::no_space));
  BOOST_TEST((j.where() == standing::no_space));
  BOOST_TEST((j.on(one(3), t0).refusal.code == fault_code::no_space));
  BOOST_TEST(asks(j.on(journal_due{}, t0 + 1s), duty::probe_space));
  BOOST_TEST(!asks(j.on(not_kept(duty::probe_space, fault_code::busy), t0 + 1s), duty::reopen));
  BOOST_TEST(asks(j.on(journal_due{}, t0 + 2s), duty::probe_space));
  BOOST_TEST(asks(j.on(kept(duty::probe_space), t0 + 2s), duty::reopen));
  j.on(kept(duty::reopen), t0 + 2s);
  BOOST_TEST((j.where() == standing::serving));
  BOOST_TEST(j.on(one(4), t0 + 2s).batches.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_disk_that_fills_up_at_once_again_is_asked_less_often) {
  auto j = serving();
  auto now = t0;
  std::vector<milliseconds> pauses;
  for (std::uint64_t batch = 1; batch <= 7; ++batch) {
    j.on(one(batch), now);
    const auto full = j.on(failed(batch, fault_code::no_space), now);
    while (!asks(j.on(journal_due{}, now), duty::probe_space))
      now += 1s;
    j.on(kept(duty::probe_space), now);
    j.on(kept(duty::reopen), now);
    pauses.push_back(std::chrono::duration_cast<milliseconds>(now - t0));
  }
  std::vector<milliseconds> expected;
  auto sum = 0ms;
  for (const auto pause : {1s, 2s, 4s, 8s, 16s, 30s, 30s})
    expected.push_back(sum += pause);
  BOOST_TEST((pauses == expected));
}

BOOST_AUTO_TEST_CASE(the_floor_is_raised_between_batches) {
  auto j = serving();
  j.on(one(1), t0);
  const auto asked = j.on(raise_floor{sequence{5}, false, "old"}, t0);
  BOOST_TEST(asked.duties.empty()); // a batch flies
  BOOST_TEST(
      (j.on(raise_floor{sequence{6}, false, "x"}, t0).floor_answer->code == fault_code::busy));
  BOOST_TEST(j.on(one(2, 600), t0).batches.empty());
  const auto quiet = j.on(committed(1, 1, 1), t0);
  BOOST_TEST(asks(quiet, duty::raise_floor));
  BOOST_TEST(quiet.batches.empty());
  const auto done = j.on(kept(duty::raise_floor, 2), t0);
  BOOST_TEST(done.floor_answer->ok);
  BOOST_TEST(done.batches.size() == 1U);
}

BOOST_AUTO_TEST_CASE(stopping_finishes_what_was_taken_then_closes) {
  auto j = serving();
  j.on(one(1), t0);
  j.on(one(2), t0);
  BOOST_TEST(j.on(stop_journal{10s}, t0).duties.empty());
  BOOST_TEST(j.on(one(3), t0).turned_away.size() == 1U);
  BOOST_TEST(j.on(committed(1, 1, 1), t0).batches.size() == 1U);
  BOOST_TEST(asks(j.on(committed(2, 2, 2), t0), duty::close));
  const auto closed = j.on(kept(duty::close), t0);
  BOOST_TEST(closed.stopped->clean);
  BOOST_TEST((j.where() == standing::stopped));
}

/// A sync that fell due while the keeper closed the store used a database that was gone.
BOOST_AUTO_TEST_CASE(leaves_the_store_alone_while_it_is_being_closed) {
  auto j = serving();
  j.on(one(1), t0);
  j.on(committed(1, 1, 1, durability::process), t0);
  BOOST_TEST(asks(j.on(stop_journal{10s}, t0), duty::close));
  const auto later = j.on(journal_due{}, t0 + 2s);
  BOOST_TEST(!later.sync);
  BOOST_TEST(later.duties.empty());
}

BOOST_AUTO_TEST_CASE(stopping_has_a_deadline) {
  auto j = serving();
  j.on(one(1), t0);
  const auto asked = j.on(stop_journal{10s}, t0);
  BOOST_TEST((*asked.wake_at == t0 + 10s));
  const auto late = j.on(journal_due{}, t0 + 10s);
  BOOST_REQUIRE(late.stopped.has_value());
  BOOST_TEST(!late.stopped->clean);
}

/// Every history of limits, failures and stops from one seed, against a model of what must hold.
BOOST_AUTO_TEST_CASE(seeded_walks_keep_the_promises) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed)
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937_64 dice{seed};
      const auto roll = [&](std::uint64_t sides) { return dice() % sides; };
      const limits chosen{.batch_events_max = 8, .batch_worth = 3, .depth_max = 1 + roll(3)};
      journal j{chosen};
      auto now = t0;
      std::map<std::uint64_t, std::size_t> unanswered; // request -> events
      std::deque<batch_plan> flying;
      std::deque<std::pair<std::uint64_t, std::size_t>> order; // request, events not yet planned
      std::set<duty> asked;
      bool failing = false;
      bool syncing = false;
      std::uint64_t head = 0;
      std::uint64_t next_request = 1;
      const auto take = [&](const decision& made) {
        if (made.concluded) {
          // In order, and committed only what the committer said was committed.
          BOOST_REQUIRE(!flying.empty() && flying.front().batch == made.concluded->batch);
          for (const auto& part : flying.front().pieces) {
            auto& left = unanswered.at(part.request);
            BOOST_REQUIRE(left >= part.events);
            left -= part.events;
            if (left == 0)
              unanswered.erase(part.request);
          }
          flying.pop_front();
        }
        for (const auto id : made.turned_away) {
          BOOST_REQUIRE(!order.empty() && order.front().first == id);
          auto& left = unanswered.at(id);
          left -= order.front().second;
          if (left == 0)
            unanswered.erase(id);
          order.pop_front();
        }
        for (const auto& plan : made.batches) {
          std::size_t events = 0;
          for (const auto& part : plan.pieces) {
            BOOST_REQUIRE(!order.empty() && order.front().first == part.request);
            BOOST_REQUIRE(order.front().second >= part.events);
            order.front().second -= part.events;
            if (order.front().second == 0)
              order.pop_front();
            events += part.events;
          }
          BOOST_REQUIRE(events > 0 && events <= chosen.batch_events_max);
          BOOST_REQUIRE(!failing);
          flying.push_back(plan);
          BOOST_REQUIRE(flying.size() <= chosen.depth_max);
        }
        if (made.sync)
          syncing = true;
        for (const auto& one_duty : made.duties) {
          BOOST_REQUIRE(asked.insert(one_duty.what).second);
          if (one_duty.what == duty::reopen || one_duty.what == duty::close
              || one_duty.what == duty::raise_floor)
            BOOST_REQUIRE(flying.empty() && !syncing);
        }
      };
      take(j.start(sequence{0}, {}, now));
      for (int step = 0; step < 400; ++step) {
        now += milliseconds{roll(400)};
        switch (roll(6)) {
        case 0:
        case 1: {
          std::vector<arrival> arrived;
          for (auto n = 1 + roll(4); n > 0; --n) {
            const auto events = 1 + roll(12);
            arrived.push_back({.request = next_request, .events = events, .bytes = events * 10});
            unanswered[next_request] = events;
            order.emplace_back(next_request++, events);
          }
          take(j.on(arrived, now));
          break;
        }
        case 2:
        case 3:
          if (!flying.empty()) {
            const bool broke = failing || roll(40) == 0;
            const auto code = roll(2) == 0 ? fault_code::no_space : fault_code::failed;
            const auto level = roll(2) == 0 ? durability::process : durability::power;
            const auto batch = flying.front().batch;
            failing = broke;
            if (!broke)
              ++head;
            const auto made =
                j.on(broke ? failed(batch, code) : committed(batch, head, head, level), now);
            BOOST_REQUIRE(made.concluded->committed == !broke);
            take(made);
          } else if (syncing) {
            syncing = false;
            take(j.on(batch_ended{.batch = 0, .ok = true, .what = {}}, now));
          }
          break;
        case 4:
          if (!asked.empty()) {
            const auto what = *asked.begin();
            asked.erase(asked.begin());
            auto told = kept(what, head);
            if (what == duty::reopen || what == duty::probe_space) {
              told.ok = roll(3) != 0;
              told.code = fault_code::busy;
              if (what == duty::reopen && told.ok)
                failing = false;
            }
            take(j.on(told, now));
          }
          break;
        case 5:
          take(j.on(journal_due{}, now));
          break;
        }
      }
      // However it went: told to stop, it ends, and everything has been answered but what flies.
      take(j.on(stop_journal{1s}, now));
      take(j.on(journal_due{}, now + 1s));
      BOOST_REQUIRE((j.where() == standing::stopped));
      std::size_t left = 0;
      for (const auto& [request, events] : unanswered)
        left += events;
      for (const auto& plan : flying)
        for (const auto& part : plan.pieces)
          left -= part.events;
      BOOST_TEST(left == 0U);
    }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::journal
