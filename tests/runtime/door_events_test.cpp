// SPDX-License-Identifier: Apache-2.0
// Reading events through the door: filters on fields, consumers and their places, checkpoints.
#include "persistence/telemetry_reader.hpp"
#include "runtime/http/field_filter.hpp"
#include "runtime/upstream/door_reader.hpp"
#include "runtime/upstream/event_stream.hpp"
#include "tests/runtime/served_here.hpp"

#include <filesystem>
#include <fstream>

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
  const auto ask = [&](std::vector<std::string> texts, std::size_t limit,
                       sequence from = sequence{1}) {
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

BOOST_FIXTURE_TEST_CASE(an_operator_puts_a_consumer_elsewhere_and_says_why, served_here) {
  post("/v1/events?stream=s", R"([{"n":1},{"n":2},{"n":3}])");
  const auto head = json_of(get("/v1/head")).integer_at("last");
  post("/v1/consumers/c/commit",
       "{\"position\":" + std::to_string(head) + R"(,"state":{"sum":6}})");
  BOOST_TEST(json_of(get("/v1/consumers/c")).find("lag")->integer_at("records") >= 0);
  const auto back =
      json_of(post("/v1/consumers/c/reset", R"({"position":0,"reason":"the bill was wrong"})"));
  BOOST_TEST(back.integer_at("position") == 0);
  BOOST_TEST(numbers_of(json_of(get("/v1/consumers/c/next"))) == (numbers{1, 2, 3}),
             boost::test_tools::per_element());
  const auto shown = json_of(get("/v1/consumers/c"));
  BOOST_TEST(shown.find("lag")->integer_at("records")
             == json_of(get("/v1/head")).integer_at("last"));
  // Pressure counts anew what the consumer has to do.
  BOOST_TEST_REQUIRE(shown.find("lag")->find("bytes") != nullptr, json::print(shown));
  BOOST_TEST(shown.find("lag")->integer_at("bytes") > 0);
  BOOST_TEST(json_of(get("/v1/consumers")).find("consumers")->as<array>()->at(0).find("lag")
             != nullptr);
  const auto kept = json_of(get("/v1/events?stream=$cursor&internal=1&from="
                                + std::to_string(back.integer_at("record"))));
  const auto& record = kept.find("events")->as<array>()->at(0);
  BOOST_TEST(record.find("body")->text_at("reason") == "the bill was wrong");
  // Forward again; the state it had saved is still there for the place it belongs to.
  BOOST_TEST(post("/v1/consumers/c/reset",
                  "{\"position\":" + std::to_string(head) + R"(,"reason":"it was right"})")
                 .status
             == 200U);
  BOOST_TEST(json_of(get("/v1/checkpoints/c/latest")).find("state")->integer_at("sum") == 6);
}

BOOST_FIXTURE_TEST_CASE(an_outside_owner_keeps_its_states, served_here) {
  post("/v1/events?stream=s", R"([{"n":1},{"n":2},{"n":3}])");
  const auto first = json_of(put("/v1/checkpoints/fold.py", R"({"sequence":1,"state":[1]})"));
  BOOST_TEST(first.integer_at("sequence") == 1);
  BOOST_TEST(first.text_at("reason") == "outside");
  BOOST_TEST(put("/v1/checkpoints/fold.py", R"({"sequence":3,"schema":2,"state":{"sum":6}})").status
             == 200U);
  const auto newest = json_of(get("/v1/checkpoints/fold.py/latest"));
  BOOST_TEST(newest.integer_at("schema") == 2);
  BOOST_TEST(newest.find("state")->integer_at("sum") == 6);
  const auto before = json_of(get("/v1/checkpoints/fold.py/latest?at=2"));
  BOOST_TEST(before.integer_at("sequence") == 1);
  BOOST_TEST(json_of(get("/v1/states/fold.py?at=2")).integer_at("sequence") == 1);
  BOOST_TEST(json_of(get("/v1/checkpoints/fold.py")).find("checkpoints")->as<array>()->size()
             == 2U);
}

BOOST_FIXTURE_TEST_CASE(places_and_states_are_refused_with_the_rule, served_here) {
  post("/v1/events?stream=s", R"([{"n":1},{"n":2}])");
  post("/v1/consumers/c/commit", R"({"position":1})");
  struct row {
    const char* method;
    const char* target;
    const char* body;
    unsigned status;
    const char* says;
  };
  const std::string long_reason = R"({"position":1,"reason":")" + std::string(1001, 'x') + "\"}";
  for (const auto& [method, target, body, status, says] : {
           row{"POST", "/v1/consumers/none/reset", R"({"position":1,"reason":"x"})", 404, ""},
           row{"POST", "/v1/consumers/c/reset", R"({"position":1})", 400, "`reason`"},
           row{"POST", "/v1/consumers/c/reset", long_reason.c_str(), 400, "`reason`"},
           row{"POST", "/v1/consumers/c/reset", R"({"reason":"x"})", 400, "`position`"},
           row{"POST", "/v1/consumers/c/reset", R"({"position":-1,"reason":"x"})", 400,
               "`position`"},
           row{"POST", "/v1/consumers/c/reset", R"({"position":99999,"reason":"x"})", 400,
               "beyond the newest record"},
           row{"POST", "/v1/consumers/c/reset", R"({"position":1,"reason":"x","force":true})", 400,
               "unknown member"},
           row{"POST", "/v1/consumers/c/reset", "[]", 400, "JSON object"},
           row{"PUT", "/v1/checkpoints/learning", R"({"sequence":1,"state":1})", 409,
               "persistent actor"},
           row{"PUT", "/v1/checkpoints/o", R"({"sequence":99999,"state":1})", 400,
               "beyond the newest record"},
           row{"PUT", "/v1/checkpoints/o", R"({"state":1})", 400, "`sequence`"},
           row{"PUT", "/v1/checkpoints/o", R"({"sequence":1})", 400, "`state`"},
           row{"PUT", "/v1/checkpoints/o", R"({"sequence":1,"schema":70000,"state":1})", 400,
               "up to 65535"},
           row{"PUT", "/v1/checkpoints/o", R"({"sequence":1,"state":1,"owner":"p"})", 400,
               "unknown member"},
           row{"PUT", "/v1/events", "{}", 405, "not possible"},
       })
    BOOST_TEST_CONTEXT(method << " " << target << " " << body) {
      const auto told = std::string{method} == "PUT" ? put(target, body) : post(target, body);
      BOOST_TEST(told.status == status);
      BOOST_TEST(json_of(told).find("error")->text_at("what").find(says) != std::string::npos,
                 told.body);
    }
  BOOST_TEST(json_of(get("/v1/consumers/c")).integer_at("position") == 1);
}

BOOST_AUTO_TEST_CASE(a_consumer_is_not_put_where_records_are_gone) {
  scratch kept;
  const auto there = [&](options& chosen) { chosen.store.data = kept.path() / "data"; };
  std::int64_t last = 0; // of the events, or of Holdfast's own records behind them
  {
    served_here first{there};
    first.post("/v1/events?stream=s", R"([{"n":1},{"n":2},{"n":3},{"n":4},{"n":5},{"n":6}])");
    last = first.json_of(first.get("/v1/head")).integer_at("last");
    first.post("/v1/consumers/c/commit", "{\"position\":" + std::to_string(last) + "}");
  }
  served_here here{there}; // the anchor is at the head now
  // The fourth of those events; Holdfast's own records stand before them.
  const auto page = here.json_of(here.get("/v1/events?limit=4"));
  const auto floor = page.find("events")->as<array>()->back().integer_at("sequence");
  BOOST_TEST_REQUIRE(here.post("/v1/retention", "{\"floor\":" + std::to_string(floor)
                                                    + R"(,"force":true,"reason":"old"})")
                         .status
                     == 200U);
  const auto put_at = [&](std::int64_t position) {
    return here.post("/v1/consumers/c/reset",
                     "{\"position\":" + std::to_string(position) + R"(,"reason":"again"})");
  };
  for (const auto gone : {std::int64_t{0}, std::int64_t{1}, floor - 1}) {
    const auto told = put_at(gone);
    BOOST_TEST(told.status == 400U, gone << ": " << told.body);
    BOOST_TEST(told.body.find("below the retention floor " + std::to_string(floor))
                   != told.body.npos,
               told.body);
  }
  BOOST_TEST(here.json_of(here.get("/v1/consumers/c")).integer_at("position") == last);
  BOOST_TEST(put_at(floor).status == 200U); // nothing behind it is gone
  BOOST_TEST(numbers_of(here.json_of(here.get("/v1/consumers/c/next"))) == (numbers{5, 6}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(keeps_the_trace_of_the_request_or_of_the_envelope, served_here) {
  constexpr auto own = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";
  const upstream::door_headers with{
      {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}};
  post("/v1/events?stream=s", R"([{"n":1},{"trace":")" + std::string{own} + R"(","body":{"n":2}}])",
       "application/json", with);
  post("/v1/events?stream=s", R"({"n":3})", "application/json", {{"traceparent", "00-0-0-0"}});
  const auto told = json_of(get("/v1/events?stream=s"));
  const auto& events = *told.find("events")->as<array>();
  BOOST_TEST_REQUIRE(events.size() == 3U);
  BOOST_TEST(events[0].text_at("trace") == "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7");
  BOOST_TEST(events[1].text_at("trace") == own);
  BOOST_TEST(events[2].find("trace") == nullptr);
  // The trace says who caused it, not what it is.
  BOOST_TEST(outcome_at(json_of(post("/v1/events?stream=s", R"([{"n":1},{"n":3}])")), 0)
             == "duplicate");
  const auto refused =
      json_of(post("/v1/events", R"([{"stream":"s","trace":"none","body":{"n":4}}])"));
  BOOST_TEST(outcome_at(refused, 0) == "rejected");
}

BOOST_FIXTURE_TEST_CASE(follows_from_a_place_and_goes_on_from_the_last_one_heard, served_here) {
  post("/v1/events?stream=s", R"([{"n":1},{"n":2},{"n":3}])");
  std::vector<upstream::sent_event> heard;
  const auto listen = [&](const std::string& query, const upstream::door_headers& with,
                          std::size_t count, const std::function<void()>& then = {}) {
    heard.clear();
    upstream::event_stream cut;
    const auto heard_out = client->listen(
        "/v1/events/follow" + query, with, std::chrono::seconds{20}, [&](std::string_view bytes) {
          const auto before = heard.size();
          cut.feed(bytes, [&](const auto& one) { heard.push_back(one); });
          if (then && before < count && heard.size() >= count)
            then();
          return then ? true : heard.size() < count;
        });
    BOOST_TEST_REQUIRE(bool(heard_out), (heard_out ? "" : heard_out.error().what));
    return heard_out->status;
  };
  BOOST_TEST(listen("?from=1", {}, 3) == 200U);
  BOOST_TEST_REQUIRE(heard.size() == 3U);
  BOOST_TEST(heard[0].name == "event");
  BOOST_TEST(json::parse(heard[2].data)->find("body")->integer_at("n") == 3);
  const auto first = heard[0].id;
  listen("?from=1&field.n.gte=3", {{"Last-Event-ID", first}}, 1);
  BOOST_TEST(json::parse(heard[0].data)->find("body")->integer_at("n") == 3);
  // Without a place only what comes; the first piece says that it is listening.
  bool said_so = false;
  upstream::event_stream cut;
  const auto heard_out = client->listen(
      "/v1/events/follow", {}, std::chrono::seconds{20}, [&](std::string_view bytes) {
        if (!bytes.empty() && !std::exchange(said_so, true))
          post("/v1/events?stream=s", R"({"n":4})");
        heard.clear();
        cut.feed(bytes, [&](const auto& one) { heard.push_back(one); });
        return heard.empty();
      });
  BOOST_TEST_REQUIRE(bool(heard_out));
  BOOST_TEST_REQUIRE(heard.size() == 1U);
  BOOST_TEST(json::parse(heard[0].data)->find("body")->integer_at("n") == 4);
  for (const auto* wrong : {"?from=x", "?limit=3", "?to=7", "?field.=1"})
    BOOST_TEST(get("/v1/events/follow" + std::string{wrong}).status == 400U, wrong);
  BOOST_TEST(get("/v1/events/follow", {{"Last-Event-ID", "x"}}).status == 400U);
  // A daemon that stops says so.
  listen("?from=1", {}, 3, [&] { stop(); });
  BOOST_TEST_REQUIRE(!heard.empty());
  BOOST_TEST(heard.back().name == "end");
  BOOST_TEST(heard.back().data == R"({"reason":"stopping"})");
}

BOOST_AUTO_TEST_CASE(each_change_is_one_wide_line_of_the_audit) {
  scratch logs;
  {
    served_here told{[&](options& chosen) {
      chosen.telemetry.enabled = true;
      chosen.telemetry.directory = logs.path();
    }};
    told.post("/v1/events?stream=s", R"([{"n":1},{"n":1},2])", "application/json",
              {{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}});
    told.post("/v1/consumers/c/commit", R"({"position":1})");
    told.post("/v1/consumers/c/reset", R"({"position":0,"reason":"again"})");
    told.put("/v1/checkpoints/o", R"({"sequence":1,"state":1})");
    told.post("/v1/consumers/none/reset", R"({"position":0,"reason":"who"})");
    told.get("/v1/consumers/c");
  }
  std::vector<value> lines;
  for (const auto& entry : std::filesystem::directory_iterator{logs.path()})
    if (entry.path().filename().string().starts_with("audit.")) {
      std::ifstream file{entry.path()};
      for (std::string line; std::getline(file, line);)
        if (auto read = json::parse(line); read && read->text_at("logger") == "http")
          lines.push_back(*std::move(read));
    }
  BOOST_TEST_REQUIRE(lines.size() == 5U);
  const auto& first = *lines[0].find("fields");
  BOOST_TEST(lines[0].text_at("message") == "POST /v1/events");
  BOOST_TEST(first.integer_at("stored") == 1);
  BOOST_TEST(first.integer_at("duplicate") == 1);
  BOOST_TEST(first.integer_at("rejected") == 1);
  BOOST_TEST(first.integer_at("status") == 200);
  BOOST_TEST(first.integer_at("bytes") == 19);
  BOOST_TEST(first.text_at("trace") == "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7");
  BOOST_TEST(first.text_at("who").starts_with("uid "));
  BOOST_TEST(lines[2].find("fields")->text_at("reason") == "again");
  BOOST_TEST(lines[2].find("fields")->text_at("path") == "/v1/consumers/c/reset");
  BOOST_TEST(lines[3].text_at("message") == "PUT /v1/checkpoints/*");
  BOOST_TEST(lines[4].find("fields")->integer_at("status") == 404);
  const auto checked = persistence::verify_telemetry(logs.path().string());
  BOOST_TEST_REQUIRE(bool(checked));
  BOOST_TEST(checked->clean());
}

BOOST_AUTO_TEST_SUITE_END()
