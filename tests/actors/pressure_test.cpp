// SPDX-License-Identifier: Apache-2.0
// Do producers pause and go on at the right readings, and does nobody wait for the silent?
#include "actors/pressure/pressure.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace std::chrono_literals;

namespace holdfast::pressure::test {

namespace {

const instant t0{1h};
constexpr std::uint64_t mb = 1'000'000;

/// A journal that grows by whole megabytes, one record each.
struct world {
  sequence head{0};
  instant now = t0;
  pressure core;

  explicit world(limits chosen = {}) : core{chosen, head, now} {}

  decision grow(std::uint64_t megabytes) {
    decision last;
    for (; megabytes > 0; --megabytes) {
      auto made = core.on(records_appended{++head, mb}, now);
      if (!made.changes.empty())
        last = made;
    }
    return last;
  }
  decision process(const char* who, std::uint64_t position) {
    return core.on(records_processed{who, sequence{position}}, now);
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(pressure_machine)

BOOST_AUTO_TEST_CASE(pauses_above_a_hundred_megabytes_and_goes_on_below_eighty) {
  world w;
  w.process("reader", 0);
  BOOST_TEST(w.grow(100).changes.empty());
  const auto made = w.grow(1);
  BOOST_REQUIRE(made.changes.size() == 1U);
  BOOST_TEST(made.changes[0].paused);
  BOOST_TEST((made.changes[0].cause == pressure_cause::bytes));
  BOOST_TEST(made.changes[0].consumer == "reader");
  BOOST_TEST(made.changes[0].bytes == 101 * mb);
  BOOST_TEST(made.changes[0].records == 101U);
  BOOST_TEST(w.grow(5).changes.empty());               // said once
  BOOST_TEST(w.process("reader", 26).changes.empty()); // exactly 80
  const auto resumed = w.process("reader", 27);
  BOOST_REQUIRE(resumed.changes.size() == 1U);
  BOOST_TEST(!resumed.changes[0].paused);
  BOOST_TEST(resumed.changes[0].retry_after.count() == 0);
}

BOOST_AUTO_TEST_CASE(counts_records_and_age_where_they_are_watched) {
  struct row {
    const char* label;
    limits chosen;
    int records;
    std::chrono::milliseconds wait;
    pressure_cause expected;
  };
  const limits by_count{
      .bytes_pause = 0, .bytes_resume = 0, .records_pause = 10, .records_resume = 8};
  const limits by_age{.bytes_pause = 0, .bytes_resume = 0, .age_pause = 1min, .age_resume = 30s};
  for (const auto& [label, chosen, records, wait, expected] :
       {row{"ten records", by_count, 10, 0ms, pressure_cause::none},
        row{"eleven records", by_count, 11, 0ms, pressure_cause::records},
        row{"a minute", by_age, 1, 1min, pressure_cause::none},
        row{"more than a minute", by_age, 1, 60001ms, pressure_cause::age},
        row{"nothing watched",
            {.bytes_pause = 0, .bytes_resume = 0},
            1000,
            1h,
            pressure_cause::none}})
    BOOST_TEST_CONTEXT(label) {
      BOOST_REQUIRE(bool{check(chosen)});
      world w{chosen};
      w.process("reader", 0);
      w.grow(std::uint64_t(records));
      w.core.on(check_due{}, w.now + wait);
      BOOST_TEST((w.core.read(w.now + wait).now.cause == expected));
    }
}

BOOST_AUTO_TEST_CASE(asks_to_be_woken_when_records_would_grow_too_old) {
  world w{{.bytes_pause = 0, .bytes_resume = 0, .age_pause = 1min, .age_resume = 30s}};
  w.process("reader", 0);
  const auto made = w.core.on(records_appended{sequence{1}, 1}, w.now);
  BOOST_REQUIRE(made.wake_at.has_value());
  BOOST_TEST((*made.wake_at == w.now + 60001ms));
  // The next record asks for nothing: the first wake-up comes before its own would.
  BOOST_TEST(!w.core.on(records_appended{sequence{2}, 1}, w.now + 1s).wake_at);
  const auto due = w.core.on(check_due{}, w.now + 60001ms);
  BOOST_REQUIRE(due.changes.size() == 1U);
  w.now += 61s;
  BOOST_TEST(!w.process("reader", 2).changes.empty());
}

BOOST_AUTO_TEST_CASE(only_the_slowest_counts_and_without_consumers_nobody_does) {
  world w;
  BOOST_TEST(w.grow(500).changes.empty());
  w.core.on(consumer_joined{"fast", w.head, 0}, w.now);
  w.core.on(consumer_joined{"slow", w.head, 0}, w.now);
  w.grow(90);
  w.process("fast", 590);
  BOOST_TEST(w.core.read(w.now).now.consumer == "slow");
  BOOST_TEST(w.grow(20).changes.size() == 1U);
  const auto left = w.core.on(consumer_left{"slow"}, w.now);
  BOOST_REQUIRE(left.changes.size() == 1U);
  BOOST_TEST(!left.changes[0].paused);
}

BOOST_AUTO_TEST_CASE(nobody_waits_for_a_consumer_that_is_silent_for_a_day) {
  world w;
  w.process("dead", 0);
  w.grow(150);
  BOOST_TEST(w.core.read(w.now).now.paused);
  w.now += 24h - 1ms;
  BOOST_TEST(w.core.on(check_due{}, w.now).alarms.empty());
  w.now += 1ms;
  const auto made = w.core.on(check_due{}, w.now);
  BOOST_REQUIRE(made.alarms.size() == 1U);
  BOOST_TEST((made.alarms[0].what == pressure_trouble::silent));
  BOOST_TEST(made.alarms[0].consumer == "dead");
  BOOST_REQUIRE(made.changes.size() == 1U);
  BOOST_TEST(!made.changes[0].paused);
  BOOST_TEST(w.core.on(check_due{}, w.now + 1h).alarms.empty()); // said once
  const auto back = w.process("dead", 1);
  BOOST_TEST((back.alarms.at(0).what == pressure_trouble::resumed));
  BOOST_TEST(back.changes.at(0).paused);
}

BOOST_AUTO_TEST_CASE(a_consumer_that_had_nothing_to_do_is_not_silent) {
  world w;
  w.process("idle", 0);
  w.now += 48h;
  const auto made = w.core.on(records_appended{++w.head, mb}, w.now);
  BOOST_TEST(made.alarms.empty());
  BOOST_TEST((*made.wake_at == w.now + 24h));
}

BOOST_AUTO_TEST_CASE(believes_what_a_consumer_says_of_the_time_before) {
  pressure core{{}, sequence{1000}, t0};
  const auto joined = core.on(consumer_joined{"late", sequence{0}, 200 * mb}, t0);
  BOOST_REQUIRE(joined.changes.size() == 1U);
  BOOST_TEST(joined.changes[0].bytes == 200 * mb);
  core.on(records_appended{sequence{1010}, 10 * mb}, t0);
  core.on(records_processed{"late", sequence{500}}, t0);
  BOOST_TEST(core.read(t0).now.bytes == 110 * mb);
  core.on(records_processed{"late", sequence{1000}}, t0);
  BOOST_TEST(core.read(t0).now.bytes == 10 * mb);
}

BOOST_AUTO_TEST_CASE(one_that_joins_near_the_head_owes_only_the_rest) {
  world w;
  w.process("done", 0);
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    w.grow(1);
    w.process("done", i);
  }
  w.core.on(consumer_joined{"new", sequence{990}, 10 * mb}, w.now);
  BOOST_TEST(w.core.read(w.now).now.bytes == 10 * mb);
}

BOOST_AUTO_TEST_CASE(hints_at_a_time_that_fits_the_consumers_speed) {
  world w;
  w.process("reader", 0);
  const auto made = w.grow(200);
  BOOST_TEST(made.changes[0].retry_after.count() == 1000); // nothing known yet
  w.now += 10s;
  w.process("reader", 20); // 2 MB a second, 100 MB above the resume level
  BOOST_TEST(w.core.read(w.now).now.retry_after.count() == 50000);
}

BOOST_AUTO_TEST_CASE(takes_no_more_consumers_than_it_may) {
  world w{{.consumers_max = 2}};
  BOOST_TEST(w.process("a", 0).alarms.empty());
  BOOST_TEST(w.process("b", 0).alarms.empty());
  BOOST_TEST((w.process("c", 0).alarms.at(0).what == pressure_trouble::too_many));
  BOOST_TEST(w.core.read(w.now).consumers.size() == 2U);
}

BOOST_AUTO_TEST_CASE(names_the_field_that_breaks_a_rule) {
  for (const auto& [chosen, field] :
       {std::pair{limits{.bytes_resume = 0}, "bytes_resume"},
        std::pair{limits{.bytes_resume = 100'000'001}, "bytes_resume"},
        std::pair{limits{.records_pause = 5}, "records_resume"},
        std::pair{limits{.age_pause = -1ms}, "age_pause"},
        std::pair{limits{.silent_after = 0ms}, "silent_after"}})
    BOOST_TEST_CONTEXT(field) {
      const auto checked = check(chosen);
      BOOST_REQUIRE(!checked);
      BOOST_TEST(checked.error().what.find(field) != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(a_reading_is_never_too_low_and_little_too_high_on_any_walk) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed)
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937_64 chance{seed};
      pressure core{{}, sequence{0}, t0};
      std::vector<std::uint64_t> sizes{0}; // of each record
      std::uint64_t position = 0;
      std::uint64_t batch_max = 0;
      core.on(consumer_joined{"one", sequence{0}, 0}, t0);
      bool paused = false;
      for (int i = 0; i < 2000; ++i) {
        decision made;
        if (chance() % 3 != 0) {
          std::uint64_t bytes = 0;
          for (auto records = chance() % 10 + 1; records > 0; --records) {
            sizes.push_back(chance() % (mb / 10));
            bytes += sizes.back();
          }
          batch_max = std::max(batch_max, bytes);
          made = core.on(records_appended{sequence{sizes.size() - 1}, bytes}, t0);
        } else {
          position += chance() % (sizes.size() - position);
          made = core.on(records_processed{"one", sequence{position}}, t0);
        }
        std::uint64_t truth = 0;
        for (auto at = position + 1; at < sizes.size(); ++at)
          truth += sizes[at];
        const auto reading = core.read(t0).now;
        BOOST_TEST_REQUIRE(reading.bytes >= truth);
        BOOST_TEST_REQUIRE(reading.bytes <= truth + batch_max);
        BOOST_TEST_REQUIRE(reading.records == sizes.size() - 1 - position);
        if (!made.changes.empty())
          paused = made.changes[0].paused;
        BOOST_TEST_REQUIRE(paused == reading.paused);
        BOOST_TEST_REQUIRE((paused || reading.bytes <= 100 * mb));
        BOOST_TEST_REQUIRE((!paused || reading.bytes >= 80 * mb));
      }
    }
}

BOOST_AUTO_TEST_CASE(remembers_a_bounded_number_of_steps_and_still_never_reads_too_low) {
  world w{{.bytes_pause = 0, .bytes_resume = 0}};
  w.process("reader", 0);
  w.grow(100000);
  for (std::uint64_t position = 0; position <= 100000; position += 9973) {
    w.process("reader", position);
    const auto bytes = w.core.read(w.now).now.bytes;
    BOOST_TEST(bytes >= (100000 - position) * mb);
    BOOST_TEST(bytes <= (100000 - position) * mb + 100 * mb);
  }
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::pressure::test
