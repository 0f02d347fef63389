// SPDX-License-Identifier: Apache-2.0
// Reading events through the door: filters on fields, consumers and their places, checkpoints.
#include "runtime/http/field_filter.hpp"
#include "runtime/upstream/door_reader.hpp"
#include "tests/runtime/served_here.hpp"

using namespace holdfast;

namespace {

/// The numbers `n` of the events of an answer.
std::vector<std::int64_t> numbers_of(const value& told) {
  std::vector<std::int64_t> all;
  BOOST_TEST_REQUIRE(told.find("events") != nullptr, json::print(told));
  for (const auto& one : *told.find("events")->as<array>())
    all.push_back(one.find("body")->integer_at("n"));
  return all;
}

using numbers = std::vector<std::int64_t>;

} // namespace

BOOST_AUTO_TEST_SUITE(door_events)

BOOST_FIXTURE_TEST_CASE(finds_events_by_the_fields_of_their_bodies, served_here) {
  std::string lines;
  for (int i = 1; i <= 600; ++i)
    lines += "{\"n\":" + std::to_string(i) + R"(,"model":")" + (i % 100 == 0 ? "rare" : "usual")
             + R"(","usage":{"input":)" + std::to_string(i * 10) + "}}\n";
  post("/v1/events?stream=s", lines, "application/x-ndjson");
  struct row {
    const char* query;
    numbers expected;
  };
  for (const auto& [query, expected] : {
           row{"field.model=rare", {100, 200, 300, 400, 500, 600}},
           row{"field.model=rare&limit=2", {100, 200}},
           row{"field.model=rare&field.n.gt=200&field.usage.input.lte=4000", {300, 400}},
           row{"field.model=rare&field.n.gte=200&field.n.lt=400", {200, 300}},
           row{"field.n=17", {17}},
           row{"field.model=none", {}},
           row{"field.absent=1", {}},
           row{"field.absent.ne=1&field.n=3", {3}},
           row{"field.model=rare&stream=other", {}},
       })
    BOOST_TEST_CONTEXT(query) {
      const auto told = json_of(get("/v1/events?" + std::string{query}));
      BOOST_TEST(numbers_of(told) == expected, boost::test_tools::per_element());
      BOOST_TEST(numbers_of(json_of(get("/v1/consumers/c/next?" + std::string{query}))) == expected,
                 boost::test_tools::per_element());
    }
  // A page that its limit ended goes on behind the last one it gave.
  const auto first = json_of(get("/v1/events?field.model=rare&limit=2"));
  const auto next = std::to_string(first.integer_at("next"));
  BOOST_TEST(numbers_of(json_of(get("/v1/events?field.model=rare&limit=2&from=" + next)))
                 == (numbers{300, 400}),
             boost::test_tools::per_element());
  std::string many = "/v1/events?limit=1";
  for (int i = 0; i < 16; ++i)
    many += "&field.f" + std::to_string(i) + ".ne=1";
  BOOST_TEST(get(many).status == 200U);
  BOOST_TEST(get(many + "&field.n=1").status == 400U);
  BOOST_TEST(get("/v1/events?field.=1").status == 400U);
  BOOST_TEST(get("/v1/consumers/c/next?field.a..b=1").status == 400U);
}

BOOST_FIXTURE_TEST_CASE(a_reader_has_the_daemon_filter_and_does_the_rest, served_here) {
  std::string lines;
  for (int i = 1; i <= 50; ++i)
    lines += "{\"n\":" + std::to_string(i) + R"(,"error":"e)" + std::to_string(i % 10) + "\"}\n";
  post("/v1/events?stream=s", lines, "application/x-ndjson");
  const auto reader = upstream::make_door_reader(client);
  const auto ask = [&](std::vector<std::string> texts, std::size_t limit, sequence from = {1}) {
    http::fields_hold wanted;
    for (const auto& text : texts)
      wanted.filters.push_back(*http::field_filter::parse(text));
    auto page =
        reader->events({.from = from, .stream = "s", .limit = limit, .where = std::move(wanted)});
    BOOST_TEST_REQUIRE(bool(page));
    return *std::move(page);
  };
  BOOST_TEST(ask({"n>48"}, 100).events.size() == 2U);
  const auto page = ask({"error~[37]$", "n>3"}, 2);
  BOOST_TEST_REQUIRE(page.events.size() == 2U);
  BOOST_TEST(page.events[1].body.integer_at("n") == 13);
  const auto after = ask({"error~[37]$", "n>3"}, 1, page.next);
  BOOST_TEST_REQUIRE(after.events.size() == 1U);
  BOOST_TEST(after.events[0].body.integer_at("n") == 17);
}

BOOST_AUTO_TEST_SUITE_END()
