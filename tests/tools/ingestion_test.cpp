// SPDX-License-Identifier: Apache-2.0
// Ingestion against a sink that is busy, forgets, loses the line, or takes some and not others.
#include "tools/ingestion.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

using namespace holdfast;
using namespace holdfast::tools;
using namespace std::chrono_literals;

namespace {

/// A journal in memory; what goes wrong is planned by the number of the receive.
struct fake_sink : event_sink {
  enum class trouble { busy, lost_after_storing, lost_before_storing, unknown };
  std::map<std::uint64_t, trouble> plan;
  std::uint64_t receives = 0;
  std::uint64_t reopened = 0;
  int refuse_reopening = 0;
  std::size_t most_on_their_way = 0;
  std::deque<std::vector<event>> queue;
  std::map<std::int64_t, std::uint64_t> stored; ///< By the event's number.

  result<void> send(const std::vector<event>& batch, durability) override {
    queue.push_back(batch);
    most_on_their_way = std::max(most_on_their_way, queue.size());
    return {};
  }

  append_result store(const std::vector<event>& batch) {
    append_result made;
    for (const auto& one : batch) {
      const auto number = one.body.integer_at("n");
      append_answer answer{.what = outcome::stored, .level = durability::power};
      if (one.body.find("bad") != nullptr) {
        answer.what = outcome::rejected;
        answer.error = "bad is not allowed";
      } else if (const auto [at, fresh] = stored.emplace(number, stored.size() + 1); !fresh) {
        answer.what = outcome::duplicate;
        answer.at = sequence{at->second};
      } else {
        answer.at = sequence{at->second};
      }
      made.answers.push_back(answer);
    }
    return made;
  }

  result<append_result> receive() override {
    const auto batch = queue.front();
    const auto wrong = plan.find(++receives);
    if (wrong == plan.end()) {
      queue.pop_front();
      return store(batch);
    }
    if (wrong->second == trouble::busy) {
      queue.pop_front();
      return append_result{{}, append_refused{{fault_code::busy, "full", ""}, 50ms}};
    }
    if (wrong->second == trouble::unknown) {
      queue.pop_front();
      auto made = store(batch);
      made.answers[0] = {};
      return made;
    }
    if (wrong->second == trouble::lost_after_storing)
      (void)store(batch);
    return fault{fault_code::unreachable, "the daemon went away", ""};
  }

  result<void> reopen() override {
    if (refuse_reopening > 0 && refuse_reopening-- > 0)
      return fault{fault_code::unreachable, "not yet", ""};
    queue.clear();
    ++reopened;
    return {};
  }
};

struct pouring {
  fake_sink sink;
  instant now{};
  bool stop = false;
  std::map<std::string, std::uint64_t> acknowledged;
  ingestion run{sink,
                {.batch_events = 10, .on_their_way = 3, .retry_for = 5s, .problems_kept = 2},
                durability::power,
                {[this] { return now; }, [this](std::chrono::milliseconds time) { now += time; },
                 [this] { return stop; },
                 [this](const std::string& place, const append_answer& answer) {
                   acknowledged[place] = answer.at.value;
                 }}};

  intake::item item(std::int64_t number, bool bad = false) {
    event made;
    made.stream = "s";
    object body;
    body["n"] = number;
    if (bad)
      body["bad"] = true;
    made.body = value{std::move(body)};
    return {static_cast<std::uint64_t>(number), std::move(made), {}};
  }
  void pour(std::int64_t count) {
    for (std::int64_t number = 1; number <= count; ++number)
      BOOST_TEST_REQUIRE(static_cast<bool>(run.take(item(number), "f")));
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(ingestion_pours, pouring)

BOOST_AUTO_TEST_CASE(everything_in_batches_with_several_on_their_way) {
  pour(95);
  BOOST_TEST(static_cast<bool>(run.finish()));
  BOOST_TEST(run.tally().stored == 95U);
  BOOST_TEST(sink.receives == 10U);
  BOOST_TEST(sink.most_on_their_way == 3U);
  BOOST_TEST(acknowledged.at("f:95") == 95U);
}

BOOST_AUTO_TEST_CASE(again_what_was_refused_forgotten_or_lost_until_each_is_answered) {
  sink.plan = {{2, fake_sink::trouble::busy},
               {4, fake_sink::trouble::lost_after_storing},
               {6, fake_sink::trouble::unknown},
               {9, fake_sink::trouble::lost_before_storing}};
  sink.refuse_reopening = 3;
  pour(100);
  BOOST_TEST(static_cast<bool>(run.finish()));
  BOOST_TEST(sink.stored.size() == 100U);
  BOOST_TEST(acknowledged.size() == 100U);
  for (const auto& [place, at] : acknowledged)
    BOOST_TEST(at == sink.stored.at(std::stoll(place.substr(2))));
  BOOST_TEST(run.tally().acknowledged() == 100U);
  BOOST_TEST(run.tally().duplicates > 0U);
  BOOST_TEST(run.tally().resent > 0U);
  BOOST_TEST(run.tally().reconnects == 2U);
  BOOST_TEST(run.unanswered() == 0U);
}

BOOST_AUTO_TEST_CASE(the_good_around_the_bad_and_names_the_first_of_those) {
  pour(3);
  BOOST_TEST(static_cast<bool>(run.take(item(4, true), "f")));
  BOOST_TEST(static_cast<bool>(
      run.take({5, fault{fault_code::invalid, "no JSON at byte 3", ""}, {}}, "f")));
  BOOST_TEST(static_cast<bool>(run.take(item(6, true), "f")));
  BOOST_TEST(static_cast<bool>(run.finish()));
  BOOST_TEST(run.tally().lines == 6U);
  BOOST_TEST(run.tally().sent == 5U);
  BOOST_TEST(run.tally().stored == 3U);
  BOOST_TEST(run.tally().rejected == 3U);
  BOOST_TEST_REQUIRE(run.tally().problems.size() == 2U);
  BOOST_TEST(run.tally().problems[0].first == "f:5");
  BOOST_TEST(run.tally().problems[1].second == "bad is not allowed");
}

BOOST_AUTO_TEST_CASE(no_longer_than_it_may_and_says_what_is_unanswered) {
  sink.plan = {{1, fake_sink::trouble::lost_before_storing}};
  sink.refuse_reopening = 1'000'000;
  pour(15);
  const auto ended = run.finish();
  BOOST_TEST_REQUIRE(!ended);
  BOOST_TEST((ended.error().code == fault_code::unreachable));
  BOOST_TEST(run.unanswered() == 15U);
  BOOST_TEST((now - instant{} < 8s));
}

BOOST_AUTO_TEST_CASE(not_into_a_sink_that_stays_busy) {
  for (std::uint64_t at = 1; at < 1000; ++at)
    sink.plan[at] = fake_sink::trouble::busy;
  pour(5);
  const auto ended = run.finish();
  BOOST_TEST_REQUIRE(!ended);
  BOOST_TEST((ended.error().code == fault_code::timed_out));
  BOOST_TEST(run.unanswered() == 5U);
}

BOOST_AUTO_TEST_SUITE_END()
