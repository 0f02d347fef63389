// SPDX-License-Identifier: Apache-2.0
// OTLP structs to events: their bodies, what makes two of them the same, and the usage of models.
#include "actors/learning/learning.hpp"
#include "runtime/json.hpp"
#include "runtime/otlp/decode.hpp"
#include "runtime/otlp/events.hpp"
#include "runtime/otlp/reply.hpp"
#include "runtime/otlp/usage.hpp"
#include "tests/runtime/otlp_bytes.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>

using namespace holdfast;

namespace {

/// One scope of service `s`, library `lib`.
template <class Item>
otlp::batch<Item> batch_of(std::vector<Item> items) {
  otlp::origin from;
  from.resource = std::make_shared<const object>(object{{"service.name", "s"}});
  from.scope = "lib";
  otlp::batch<Item> made;
  made.items = items.size();
  made.parts.push_back({std::move(from), std::move(items)});
  return made;
}

otlp::span call_of_a_model() {
  otlp::span made;
  made.trace_id = "5b8efff798038103d269b633813fc60c";
  made.span_id = "eee19b7ec3c1b174";
  made.name = "chat gpt-4o";
  made.kind = 3;
  made.start_ns = 1544712660000000000;
  made.end_ns = 1544712660250500000;
  made.attributes = {{"gen_ai.operation.name", "chat"},
                     {"gen_ai.request.model", "gpt-4o"},
                     {"gen_ai.provider.name", "openai"},
                     {"gen_ai.usage.input_tokens", 12},
                     {"gen_ai.usage.output_tokens", 34}};
  return made;
}

std::optional<event> usage_of(const otlp::span& given) {
  otlp::origin from;
  from.resource = std::make_shared<const object>(object{{"service.name", "s"}});
  return otlp::usage_of(given, from);
}

/// A file beside the project that is no part of it, or nothing.
std::optional<std::string> data_file(const std::string& name) {
  const auto* folder = std::getenv("HOLDFAST_DATA");
  std::ifstream in{folder == nullptr ? std::string{} : folder + ("/otlp/" + name)};
  if (!in) {
    BOOST_TEST_MESSAGE("skipped: HOLDFAST_DATA names no folder with otlp/" + name);
    return std::nullopt;
  }
  return std::string{std::istreambuf_iterator<char>{in}, {}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(otlp_events)

BOOST_AUTO_TEST_CASE(a_span_becomes_a_readable_event) {
  auto one = call_of_a_model();
  one.attributes = {{"a", 1}};
  one.status = 2;
  one.events = {{5, "e", {}}};
  one.links = {{"", "", "s", {}}};
  const auto sent = otlp::events_of(batch_of<otlp::span>({one}));
  BOOST_TEST_REQUIRE(sent.events.size() == 1U);
  const auto& made = sent.events[0];
  BOOST_TEST(made.stream == "otel.traces");
  BOOST_TEST(made.type == "span");
  BOOST_TEST(made.key.empty());
  BOOST_TEST(made.time.us == 1544712660000000);
  BOOST_TEST(json::print(made.body)
             == R"({"attributes":{"a":1},"duration_ms":250.5,"end_time_unix_nano":)"
                R"(1544712660250500000,"events":[{"name":"e","time_unix_nano":5}],"kind":"client",)"
                R"("links":[{"trace_state":"s"}],"name":"chat gpt-4o","resource":)"
                R"({"service.name":"s"},"scope":{"name":"lib"},"span_id":"eee19b7ec3c1b174",)"
                R"("start_time_unix_nano":1544712660000000000,"status":"error",)"
                R"("trace_id":"5b8efff798038103d269b633813fc60c"})");
  one.kind = 9; // of a newer version
  BOOST_TEST(otlp::events_of(batch_of<otlp::span>({one})).events[0].body.integer_at("kind") == 9);
}

BOOST_AUTO_TEST_CASE(equal_log_records_of_one_request_are_all_kept) {
  otlp::log_record one;
  one.time_ns = 1000;
  one.severity = 17;
  one.body = "retry";
  const auto request = batch_of<otlp::log_record>({one, one, one});
  const auto first = otlp::events_of(request);
  BOOST_TEST_REQUIRE(first.events.size() == 3U);
  BOOST_TEST(json::print(first.events[0].body)
             == R"({"body":"retry","resource":{"service.name":"s"},"scope":{"name":"lib"},)"
                R"("severity":"error","severity_number":17,"time_unix_nano":1000})");
  BOOST_TEST(first.events[0].body.find("repeat") == nullptr);
  BOOST_TEST(first.events[1].body.integer_at("repeat") == 2);
  BOOST_TEST(first.events[2].body.integer_at("repeat") == 3);
  // The same request again makes the same events, so the journal knows them.
  BOOST_TEST((otlp::events_of(request).events == first.events));
  // Two scopes that say the same of themselves are one; another resource is another.
  auto twice = batch_of<otlp::log_record>({one});
  twice.parts.push_back(twice.parts[0]);
  BOOST_TEST(otlp::events_of(twice).events[1].body.integer_at("repeat") == 2);
  twice.parts[1].from.resource = std::make_shared<const object>(object{{"service.name", "t"}});
  BOOST_TEST(otlp::events_of(twice).events[1].body.find("repeat") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_metric_becomes_one_event_for_many_points) {
  otlp::metric one;
  one.name = "requests";
  one.unit = "1";
  one.kind = otlp::metric_kind::sum;
  one.temporality = 2;
  one.monotonic = true;
  for (std::uint64_t i = 1; i <= 5; ++i) {
    otlp::data_point point;
    point.time_ns = i * 1000;
    point.attributes = {{"i", i}};
    point.reading = {{"value", 0}}; // nothing happened, which is a reading like any other
    one.points.push_back(std::move(point));
  }
  otlp::limits small;
  small.points_max = 3;
  const auto sent = otlp::events_of(batch_of<otlp::metric>({one}), {}, small);
  BOOST_TEST_REQUIRE(sent.events.size() == 2U);
  BOOST_TEST((sent.stands_for == std::vector<std::uint64_t>{3, 2}));
  BOOST_TEST(sent.events[1].time.us == 5);
  BOOST_TEST(json::print(sent.events[1].body)
             == R"({"kind":"sum","monotonic":true,"name":"requests","points":[)"
                R"({"attributes":{"i":4},"time_unix_nano":4000,"value":0},)"
                R"({"attributes":{"i":5},"time_unix_nano":5000,"value":0}],)"
                R"("resource":{"service.name":"s"},"scope":{"name":"lib"},)"
                R"("temporality":"cumulative","unit":"1"})");
}

BOOST_AUTO_TEST_CASE(a_request_cannot_make_much_of_little) {
  // A large resource stands in the event of each of its many small spans.
  std::vector<otlp::span> many(1000, call_of_a_model());
  for (auto& one : many)
    one.attributes.clear();
  auto request = batch_of(std::move(many));
  request.parts[0].from.resource =
      std::make_shared<const object>(object{{"a", std::string(10000, 'x')}});
  otlp::limits small;
  small.events_bytes_max = 1'000'000;
  const auto sent = otlp::events_of(request, {}, small);
  BOOST_TEST(sent.events.size() > 80U);
  BOOST_TEST(sent.events.size() < 100U);
  BOOST_TEST(sent.events.size() + sent.rejected == 1000U);
  BOOST_TEST(sent.why.find("1000000 bytes") != sent.why.npos);
}

BOOST_AUTO_TEST_CASE(a_call_of_a_model_is_also_usage) {
  const auto sent = otlp::events_of(batch_of<otlp::span>({call_of_a_model()}));
  BOOST_TEST_REQUIRE(sent.events.size() == 2U);
  BOOST_TEST((sent.stands_for == std::vector<std::uint64_t>{1, 0}));
  const auto& made = sent.events[1];
  BOOST_TEST(made.stream == "llm.usage.otel");
  BOOST_TEST(made.key == "5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174");
  BOOST_TEST(json::print(made.body)
             == R"({"input_tokens":12,"latency_ms":250.5,"model":"gpt-4o","operation":"chat",)"
                R"("outcome":"ok","output_tokens":34,"provider":"openai","service":"s",)"
                R"("span_id":"eee19b7ec3c1b174","trace_id":"5b8efff798038103d269b633813fc60c"})");
}

BOOST_AUTO_TEST_CASE(usage_is_what_learning_takes_whatever_the_span_says) {
  const std::string far(300, 'x');
  struct row {
    object attributes;
    std::int32_t status;
    std::string model, outcome;
    std::int64_t input, output;
  };
  for (const auto& [attributes, status, model, outcome, input, output] : {
           row{{{"gen_ai.request.model", "a"}, {"gen_ai.response.model", "a-2"}},
               0,
               "a-2",
               "ok",
               -1,
               -1},
           row{{{"gen_ai.request.model", "a"}, {"gen_ai.response.model", ""}},
               2,
               "a",
               "error",
               -1,
               -1},
           row{{{"gen_ai.request.model", "a"}, {"error.type", "429"}}, 2, "a", "429", -1, -1},
           row{{{"gen_ai.request.model", "a"},
                {"gen_ai.usage.prompt_tokens", 3},
                {"gen_ai.usage.completion_tokens", 4}},
               1,
               "a",
               "ok",
               3,
               4},
           row{{{"gen_ai.request.model", "a"},
                {"gen_ai.usage.input_tokens", 5.0},
                {"gen_ai.usage.prompt_tokens", 3},
                {"gen_ai.usage.output_tokens", -4}},
               1,
               "a",
               "ok",
               5,
               -1},
           row{{{"gen_ai.request.model", far},
                {"error.type", far},
                {"gen_ai.usage.input_tokens", INT64_MAX},
                {"gen_ai.usage.output_tokens", "9"}},
               1,
               far.substr(0, 100),
               far.substr(0, 100),
               -1,
               -1},
       })
    BOOST_TEST_CONTEXT(json::print(attributes)) {
      auto one = call_of_a_model();
      one.attributes = attributes;
      one.status = status;
      const auto made = usage_of(one);
      BOOST_TEST_REQUIRE(made.has_value());
      BOOST_TEST(made->body.text_at("model") == model);
      BOOST_TEST(made->body.text_at("outcome") == outcome);
      BOOST_TEST(made->body.integer_at("input_tokens", -1) == input);
      BOOST_TEST(made->body.integer_at("output_tokens", -1) == output);
      learned_usage known;
      recorded_event heard;
      heard.body = made->body;
      learning::apply(known, heard);
      BOOST_TEST(known.malformed == 0U);
      BOOST_TEST(known.models.count(model) == 1U);
    }
  for (const auto* operation : {"invoke_agent", "execute_tool"}) {
    auto one = call_of_a_model(); // it repeats the tokens of the calls below it
    one.attributes["gen_ai.operation.name"] = operation;
    BOOST_TEST(!usage_of(one), operation);
  }
  auto other = call_of_a_model();
  other.attributes.erase("gen_ai.request.model");
  BOOST_TEST(!usage_of(other));
  auto backwards = call_of_a_model();
  backwards.end_ns = 1;
  BOOST_TEST(usage_of(backwards)->body.find("latency_ms") == nullptr);
}

BOOST_AUTO_TEST_CASE(answers_in_both_encodings) {
  using otlp::encoding;
  BOOST_TEST(otlp::print_success(encoding::json, "rejectedSpans", 0, "") == "{}");
  BOOST_TEST(otlp::print_success(encoding::protobuf, "rejectedSpans", 0, "").empty());
  BOOST_TEST(otlp::print_success(encoding::json, "rejectedSpans", 3, "why")
             == R"({"partialSuccess":{"errorMessage":"why","rejectedSpans":"3"}})");
  BOOST_TEST(otlp::print_success(encoding::protobuf, "rejectedSpans", 3, "why")
             == "\x0A\x07\x08\x03\x12\x03why");
  BOOST_TEST(otlp::print_status(encoding::json, 3, "no") == R"({"code":3,"message":"no"})");
  BOOST_TEST(otlp::print_status(encoding::protobuf, 3, "no") == "\x08\x03\x12\x02no");
}

BOOST_AUTO_TEST_CASE(takes_the_examples_of_the_specification) {
  if (const auto body = data_file("trace.json")) {
    const auto read = otlp::traces_from_json(*body);
    BOOST_TEST_REQUIRE(bool(read));
    const auto sent = otlp::events_of(*read);
    BOOST_TEST_REQUIRE(sent.events.size() == 1U);
    BOOST_TEST(sent.events[0].body.text_at("name") == "I'm a server span");
    BOOST_TEST(sent.events[0].body.text_at("kind") == "server");
    BOOST_TEST(sent.events[0].body.number_at("duration_ms") == 1000);
    BOOST_TEST(sent.events[0].body.find("attributes")->text_at("my.span.attr") == "some value");
  }
  if (const auto body = data_file("logs.json")) {
    const auto read = otlp::logs_from_json(*body);
    BOOST_TEST_REQUIRE(bool(read));
    const auto sent = otlp::events_of(*read);
    BOOST_TEST_REQUIRE(sent.events.size() == 1U);
    BOOST_TEST(sent.events[0].body.text_at("body") == "Example log record");
    BOOST_TEST(sent.events[0].body.find("attributes")->as<object>()->size() == 6U);
  }
  if (const auto body = data_file("events.json")) {
    const auto read = otlp::logs_from_json(*body);
    BOOST_TEST_REQUIRE(bool(read));
    const auto sent = otlp::events_of(*read);
    BOOST_TEST_REQUIRE(sent.events.size() == 1U);
    BOOST_TEST(sent.events[0].body.text_at("event_name") == "browser.page_view");
    BOOST_TEST(sent.events[0].body.find("body")->integer_at("type", -1) == 0);
  }
  if (const auto body = data_file("metrics.json")) {
    const auto read = otlp::metrics_from_json(*body);
    BOOST_TEST_REQUIRE(bool(read));
    BOOST_TEST(read->rejected == 0U);
    const auto sent = otlp::events_of(*read);
    BOOST_TEST_REQUIRE(sent.events.size() == 4U);
    BOOST_TEST(sent.events[0].body.text_at("temporality") == "delta");
    BOOST_TEST(sent.events[3].body.text_at("kind") == "exponential_histogram");
  }
}

BOOST_AUTO_TEST_SUITE_END()
