// SPDX-License-Identifier: Apache-2.0
// Does the learning fold count right, stay bounded, and come back from its encoded state?
#include "actors/learning/learning.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <random>

namespace holdfast::learning::test {

namespace {

constexpr std::int64_t hour_us = 3'600'000'000;

recorded_event used(object body, std::int64_t time_us = 10 * hour_us) {
  recorded_event heard;
  heard.stream = "llm.usage";
  heard.time = {time_us};
  heard.body = std::move(body);
  return heard;
}

learned_usage fold_of(std::initializer_list<recorded_event> events, const limits& bounds = {}) {
  learned_usage known;
  for (const auto& heard : events)
    apply(known, heard, bounds);
  return known;
}

recorded_event random_usage(std::mt19937_64& chance) {
  const auto below = [&](std::uint64_t limit) { return chance() % limit; };
  object body{{"model", "m" + std::to_string(below(50))},
              {"input_tokens", below(5000)},
              {"output_tokens", below(500)},
              {"latency_ms", static_cast<double>(below(2000000)) / 10},
              {"outcome", below(10) == 0 ? "e" + std::to_string(below(30)) : "ok"}};
  if (below(20) == 0)
    body["input_tokens"] = "many";
  if (below(3) == 0)
    body["pattern"] = "p" + std::to_string(below(9000));
  return used(std::move(body), static_cast<std::int64_t>(below(400)) * hour_us);
}

} // namespace

BOOST_AUTO_TEST_SUITE(learning_fold_of_usage)

BOOST_AUTO_TEST_CASE(adds_up_by_model_and_hour) {
  const auto known = fold_of(
      {used({{"model", "a"},
             {"input_tokens", 100},
             {"output_tokens", 7},
             {"latency_ms", 12.5},
             {"outcome", "ok"}}),
       used({{"model", "a"}, {"input_tokens", 1}, {"latency_ms", 10}, {"outcome", "timeout"}}),
       used({{"model", "a"}}, 11 * hour_us), used({{"model", "b"}, {"output_tokens", 3.0}})});
  BOOST_TEST(known.events == 4U);
  BOOST_TEST((known.models.at("a").all == usage_totals{3, 101, 7, 2, 22500}));
  BOOST_TEST((known.hours.at(10).at("a") == usage_totals{2, 101, 7, 2, 22500}));
  BOOST_TEST((known.hours.at(11).at("a") == usage_totals{1, 0, 0, 0, 0}));
  BOOST_TEST((known.models.at("b").all == usage_totals{1, 0, 3, 0, 0}));
  BOOST_TEST(known.models.at("a").outcomes.at("unknown") == 1U);
  BOOST_TEST(known.models.at("a").latencies[0] == 1U); // 10 ms is still in the first
  BOOST_TEST(known.models.at("a").latencies[1] == 1U);
}

BOOST_AUTO_TEST_CASE(counts_and_leaves_out_what_is_malformed) {
  for (const auto& [field, wrong] : std::initializer_list<std::pair<const char*, value>>{
           {"model", 7},
           {"model", ""},
           {"model", nullptr},
           {"model", std::string(101, 'm')},
           {"input_tokens", "12"},
           {"input_tokens", -1},
           {"output_tokens", 1.5},
           {"output_tokens", UINT64_MAX},
           {"output_tokens", 1'000'000'000'001},
           {"latency_ms", "fast"},
           {"latency_ms", -0.1},
           {"latency_ms", 1.1e9},
           {"latency_ms", std::numeric_limits<double>::quiet_NaN()},
           {"outcome", true},
           {"pattern", array{}}})
    BOOST_TEST_CONTEXT(field) {
      object body{{"model", "a"}};
      body[field] = wrong;
      const auto known = fold_of({used(std::move(body))});
      BOOST_TEST(known.malformed == 1U);
      BOOST_TEST(known.events == 0U);
      BOOST_TEST(known.models.empty());
    }
  auto heard = used({});
  heard.body = "no object";
  BOOST_TEST(fold_of({heard}).malformed == 1U);
  // Nothing is wrong with what is missing or null.
  BOOST_TEST(fold_of({used({{"model", "a"}, {"input_tokens", nullptr}})}).events == 1U);
}

BOOST_AUTO_TEST_CASE(finds_patterns_and_their_repeats) {
  const auto same = [](std::int64_t tokens) {
    return used({{"model", "a"}, {"outcome", "ok"}, {"input_tokens", tokens}});
  };
  const auto known = fold_of({same(64), same(127), same(128), same(64),
                              used({{"model", "b"}, {"pattern", "greeting"}}),
                              used({{"model", "c"}, {"pattern", "greeting"}})});
  BOOST_TEST(known.patterns.size() == 3U);
  BOOST_TEST(known.patterns.at("a|ok|7|0") == 3U);
  BOOST_TEST(known.repeats == 3U);
  BOOST_TEST(known.repeated_pattern_rate_ppm() == 500000U);
}

BOOST_AUTO_TEST_CASE(the_rest_goes_to_other_older_and_unlisted) {
  const limits tight{.models_max = 2, .hours_max = 2, .outcomes_max = 1, .patterns_max = 2};
  const auto one = [](const char* model, const char* outcome, std::int64_t hour) {
    return used({{"model", model}, {"outcome", outcome}, {"input_tokens", 1}}, hour * hour_us);
  };
  const auto known = fold_of({one("a", "ok", 5), one("b", "ok", 6), one("c", "bad", 7),
                              one("d", "ok", 1), one("a", "bad", 7), one("a", "worse", 7)},
                             tight);
  BOOST_TEST(known.models.size() == 3U);
  BOOST_TEST(known.models.at("other").all.requests == 2U);
  BOOST_TEST(known.models.at("a").outcomes.at("other") == 2U);
  BOOST_TEST(known.hours.size() == 2U);
  BOOST_TEST(known.models.at("a").older.requests == 1U);     // hour 5 fell out
  BOOST_TEST(known.models.at("other").older.requests == 1U); // hour 1 came too late
  BOOST_TEST(known.patterns.size() == 2U);
  BOOST_TEST(known.unlisted == 4U);
}

BOOST_AUTO_TEST_CASE(the_hours_and_the_older_ones_add_up_to_everything_on_any_walk) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937_64 chance{seed};
      learned_usage known;
      for (int i = 0; i < 20000; ++i)
        apply(known, random_usage(chance));
      std::map<std::string, std::uint64_t> tokens;
      for (const auto& [hour, by_model] : known.hours)
        for (const auto& [name, totals] : by_model)
          tokens[name] += totals.input_tokens;
      std::uint64_t events = 0;
      for (const auto& [name, model] : known.models) {
        BOOST_TEST(tokens[name] + model.older.input_tokens == model.all.input_tokens);
        events += model.all.requests;
      }
      BOOST_TEST(events == known.events);
      BOOST_TEST(known.events + known.malformed == 20000U);
      BOOST_TEST(known.repeats + known.patterns.size() + known.unlisted == known.events);
      BOOST_TEST(known.models.size() <= 33U);
      BOOST_TEST(known.hours.size() <= 168U);
      BOOST_TEST(known.patterns.size() <= 5000U);
    }
}

BOOST_AUTO_TEST_CASE(a_state_that_was_stored_half_way_ends_the_same) {
  const auto folding = learning_fold();
  BOOST_TEST(folding.name == "learning");
  BOOST_TEST(takes_stream(folding.stream, "llm.usage.eu"));
  std::mt19937_64 chance{7};
  auto lasting = folding.initial();
  auto restored = folding.initial();
  for (int i = 0; i < 3000; ++i) {
    const auto heard = random_usage(chance);
    folding.apply(lasting, heard);
    folding.apply(restored, heard);
    if (i % 500 == 0) {
      auto back = folding.decode(folding.encode(restored), folding.schema);
      BOOST_REQUIRE(bool{back});
      restored = std::move(*back);
    }
  }
  BOOST_TEST((folding.encode(lasting) == folding.encode(restored)));
}

BOOST_AUTO_TEST_CASE(sums_stop_at_the_largest_number_and_survive_storage) {
  learned_usage known;
  known.models["a"].all.input_tokens = UINT64_MAX - 1;
  apply(known, used({{"model", "a"}, {"input_tokens", 5}}));
  BOOST_TEST(known.models.at("a").all.input_tokens == UINT64_MAX);
  const auto back = decode(encode(known), schema);
  BOOST_REQUIRE(bool{back});
  BOOST_TEST((*back == known));
}

BOOST_AUTO_TEST_CASE(reads_a_state_of_schema_1) {
  const auto known = fold_of({used({{"model", "a"}}), used({{"model", "a"}})});
  auto older = encode(known);
  auto& members = *older.as<object>();
  members.erase("repeated_pattern_rate_ppm");
  members["duplicate_rate_ppm"] = 500000;
  const auto back = decode(older, 1);
  BOOST_REQUIRE(bool{back});
  BOOST_TEST((*back == known));
  BOOST_TEST(encode(*back).integer_at("repeated_pattern_rate_ppm") == 500000);
  BOOST_TEST(!decode(older, 0));
}

BOOST_AUTO_TEST_CASE(refuses_a_state_it_did_not_make) {
  const auto good = encode(fold_of({used({{"model", "a"}})}));
  BOOST_TEST((decode(good, schema + 1).error().code == fault_code::unsupported));
  const auto broken = [&](auto change) {
    auto copy = good;
    change(*copy.template as<object>());
    return decode(copy, schema);
  };
  for (const auto* field : {"events", "models", "hours", "patterns", "repeats"})
    BOOST_TEST_CONTEXT(field) {
      const auto back = broken([&](object& state) { state[field] = "x"; });
      BOOST_REQUIRE(!back);
      BOOST_TEST((back.error().code == fault_code::corrupt));
      BOOST_TEST(back.error().what.find(field) != std::string::npos);
    }
  BOOST_TEST(!broken([](object& state) { state["hours"] = object{{"noon", object{}}}; }));
  BOOST_TEST(!broken([](object& state) { state["models"] = object{{"a", object{}}}; }));
  BOOST_TEST(!decode(value{}, schema));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::learning::test
