// SPDX-License-Identifier: Apache-2.0
// A runtime embedded in a program: everything it answered is there again, however it ended.
#include "runtime/os/clock.hpp"
#include "runtime/os/guarded.hpp"
#include "runtime/runtime.hpp"
#include "tests/runtime/small_options.hpp"

#include <boost/test/unit_test.hpp>

#include <future>

using namespace holdfast;
using namespace std::chrono_literals;

namespace {

/// Sums the numbers of the events.
persistent<std::int64_t> summing() {
  return {.name = "sum",
          .stream = "llm*",
          .schema = 1,
          .initial = 0,
          .apply = [](std::int64_t& sum,
                      const recorded_event& one) { sum += one.body.integer_at("n"); },
          .encode = [](const std::int64_t& sum) { return value{sum}; },
          .decode = [](const value& kept, std::uint16_t) -> result<std::int64_t> {
            if (const auto* sum = kept.as<std::int64_t>())
              return *sum;
            return fault{fault_code::corrupt, "no number", ""};
          }};
}

runtime started(const options& chosen) {
  auto made = runtime::start(chosen);
  BOOST_TEST_REQUIRE(bool(made), (made ? "" : made.error().what));
  return *std::move(made);
}

std::vector<append_answer> appended(runtime& into, std::vector<event> events,
                                    durability level = durability::process) {
  auto told = into.append(std::move(events), level).get();
  BOOST_TEST_REQUIRE(!told.refused);
  return told.answers;
}

std::vector<event> usages(int from, int to) {
  std::vector<event> all;
  for (int i = from; i <= to; ++i)
    all.push_back(usage(i));
  return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(embedding)

BOOST_FIXTURE_TEST_CASE(what_it_answered_is_there_after_a_stop_and_a_start, scratch) {
  sequence last;
  {
    auto first = started(small_options(*this));
    BOOST_TEST(first.report().created);
    const auto told = appended(first, {usage(1), usage(2), usage(1)}, durability::power);
    BOOST_TEST((told[0].what == outcome::stored && told[0].level == durability::power));
    BOOST_TEST((told[1].what == outcome::stored));
    BOOST_TEST((told[2].what == outcome::duplicate && told[2].at == told[0].at));
    last = told[1].at;
    const auto stopped = first.stop();
    BOOST_TEST(stopped.stayed.empty());
    BOOST_TEST(first.append({usage(9)}).get().refused.has_value());
    BOOST_TEST(!first.events({}));
  }
  auto again = started(small_options(*this));
  BOOST_TEST(again.report().clean);
  BOOST_TEST(!again.report().created);
  const auto found = again.event_at(last);
  BOOST_TEST_REQUIRE(bool(found));
  BOOST_TEST(found->body.integer_at("n") == 2);
  BOOST_TEST((appended(again, {usage(2)})[0].what == outcome::duplicate));
}

BOOST_FIXTURE_TEST_CASE(a_subscriber_hears_past_and_future_in_order_and_can_go_on, scratch) {
  auto one = started(small_options(*this));
  appended(one, usages(1, 1200));
  std::vector<std::int64_t> heard;
  std::promise<void> all;
  const auto take = [&](const recorded_event& event) {
    heard.push_back(event.body.integer_at("n"));
    if (heard.back() == 1203)
      all.set_value();
  };
  auto listening = one.subscribe({.stream = "llm*"}, take);
  BOOST_TEST_REQUIRE(bool(listening));
  appended(one, usages(1201, 1203));
  BOOST_TEST((all.get_future().wait_for(60s) == std::future_status::ready));
  listening->end();
  BOOST_TEST_REQUIRE(heard.size() == 1203U);
  for (std::size_t i = 0; i < heard.size(); ++i)
    BOOST_TEST_REQUIRE(heard[i] == static_cast<std::int64_t>(i) + 1);

  std::promise<std::int64_t> next;
  auto further = one.subscribe(
      {.from = listening->position() + 1, .stream = "llm*"},
      [&](const recorded_event& event) { next.set_value(event.body.integer_at("n")); });
  appended(one, {usage(1204)});
  auto coming = next.get_future();
  BOOST_TEST_REQUIRE((coming.wait_for(60s) == std::future_status::ready));
  BOOST_TEST(coming.get() == 1204);
}

BOOST_FIXTURE_TEST_CASE(a_subscriber_that_throws_ends_alone_and_says_where, scratch) {
  auto one = started(small_options(*this));
  std::promise<void> thrown;
  auto listening = one.subscribe({}, [&](const recorded_event&) {
    thrown.set_value();
    throw std::runtime_error("no");
  });
  const auto at = appended(one, {usage(1)})[0].at;
  BOOST_TEST((thrown.get_future().wait_for(60s) == std::future_status::ready));
  listening->end();
  BOOST_TEST_REQUIRE(listening->problem().has_value());
  BOOST_TEST(listening->problem()->what
             == "the subscriber threw at event " + std::to_string(at.value) + ": no");
  BOOST_TEST((appended(one, {usage(2)})[0].what == outcome::stored));
}

BOOST_FIXTURE_TEST_CASE(a_persistent_actor_has_its_state_now_and_then, scratch) {
  auto one = started(small_options(*this));
  BOOST_TEST_REQUIRE(bool(one.add(summing())));
  BOOST_TEST((one.add(summing()).error().code == fault_code::conflict));
  const auto told = appended(one, usages(1, 10));
  const auto now = one.state<std::int64_t>("sum");
  BOOST_TEST_REQUIRE(bool(now));
  BOOST_TEST(now->state == 55);
  BOOST_TEST(now->covered >= told.back().at);
  const auto taken = one.checkpoint("sum");
  BOOST_TEST_REQUIRE(bool(taken));
  BOOST_TEST(taken->covered >= told.back().at);
  const auto then = one.state<std::int64_t>("sum", told[3].at);
  BOOST_TEST_REQUIRE(bool(then));
  BOOST_TEST(then->state == 10);
  BOOST_TEST((one.state_value("sum", told[3].at)->state == value{10}));
  const auto time = one.event_at(told.back().at)->recorded;
  BOOST_TEST(one.state<std::int64_t>("sum", time)->state == 55);
  BOOST_TEST((one.state<std::string>("sum").error().code == fault_code::invalid));
  BOOST_TEST((one.state<std::int64_t>("none").error().code == fault_code::not_found));
  BOOST_TEST(
      (one.state<std::int64_t>("sum", sequence{100000}).error().code == fault_code::not_found));
}

BOOST_FIXTURE_TEST_CASE(a_consumer_commits_its_place_and_state_together, scratch) {
  auto one = started(small_options(*this));
  const auto told = appended(one, usages(1, 3));
  const auto first = one.commit({.consumer = "c", .position = told[1].at, .state = value{"kept"}});
  BOOST_TEST_REQUIRE(bool(first), (first ? "" : first.error().what));
  BOOST_TEST(first->position == told[1].at);
  BOOST_TEST(first->has_state);
  BOOST_TEST(
      (one.commit({.consumer = "c", .position = told[2].at, .expected = told[0].at}).error().code
       == fault_code::conflict));
  BOOST_TEST(
      (one.commit({.consumer = "c", .position = told[0].at}).error().code == fault_code::invalid));
  BOOST_TEST((one.commit({.consumer = "c", .position = sequence{100000}}).error().code
              == fault_code::invalid));
  BOOST_TEST(one.consumer("c")->position == told[1].at);
  BOOST_TEST(one.checkpoints("c")->size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(two_runtimes_live_in_one_process_but_not_in_one_directory, scratch) {
  auto one = started(small_options(*this, "one"));
  auto two = started(small_options(*this, "two"));
  appended(one, {usage(1)});
  appended(two, usages(1, 2));
  BOOST_TEST(one.stats().events == 1U);
  BOOST_TEST(two.stats().events == 2U);
  const auto third = runtime::start(small_options(*this, "one"));
  BOOST_TEST((third.error().code == fault_code::conflict));
}

BOOST_FIXTURE_TEST_CASE(a_wrong_directory_is_no_fresh_start, scratch) {
  auto chosen = small_options(*this, "absent");
  chosen.initialise = false;
  BOOST_TEST((runtime::start(chosen).error().code == fault_code::not_found));
  BOOST_TEST(!std::filesystem::exists(path() / "absent"));
  BOOST_TEST((runtime::start(options{}).error().code == fault_code::invalid));
}

BOOST_FIXTURE_TEST_CASE(producers_are_paused_while_a_consumer_is_behind, scratch) {
  auto chosen = small_options(*this);
  chosen.pressure.pause_bytes = 2000;
  chosen.pressure.resume_bytes = 1000;
  auto one = started(chosen);
  os::guarded<std::vector<bool>> told;
  one.on_pressure([&](bool paused) { told.change([&](auto& all) { all.push_back(paused); }); });
  const auto first = appended(one, {usage(1)});
  BOOST_TEST_REQUIRE(bool(one.commit({.consumer = "slow", .position = first[0].at})));
  const auto more = appended(one, usages(2, 300));
  BOOST_TEST(told.wait_until(os::steady_now() + 60s, [](const auto& all) { return !all.empty(); }));
  BOOST_TEST(one.paused());
  BOOST_TEST(one.stats().unprocessed_bytes > 2000U);
  BOOST_TEST_REQUIRE(bool(one.commit({.consumer = "slow", .position = more.back().at})));
  BOOST_TEST(
      told.wait_until(os::steady_now() + 60s, [](const auto& all) { return all.size() == 2; }));
  BOOST_TEST(!one.paused());
}

BOOST_AUTO_TEST_SUITE_END()
