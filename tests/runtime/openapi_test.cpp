// SPDX-License-Identifier: Apache-2.0
// docs/openapi.json against the table of routes, and against what a daemon answers.
#include "runtime/http/openapi.hpp"
#include "runtime/http/routes.hpp"
#include "runtime/runtime.hpp"
#include "tests/runtime/schema_check.hpp"
#include "tests/runtime/served_here.hpp"

#include <algorithm>
#include <set>

using namespace holdfast;

namespace {

constexpr auto lines = "application/x-ndjson";
constexpr auto json_type = "application/json";

/// `/v1/events/{sequence}` as the table writes it: `/v1/events/*`.
std::string as_pattern(std::string_view path) {
  std::string made;
  while (!path.empty()) {
    const auto open = std::min(path.find('{'), path.size());
    made += path.substr(0, open);
    path.remove_prefix(open);
    if (!path.empty()) {
      made += '*';
      path.remove_prefix(path.find('}') + 1);
    }
  }
  return made;
}

/// `GET /v1/events/*` to what the document says of it.
std::map<std::string, const value*> operations_of(const value& document) {
  std::map<std::string, const value*> made;
  for (const auto& [path, methods] : *document.find("paths")->as<object>())
    for (const auto& [method, operation] : *methods.as<object>()) {
      auto name = method;
      std::transform(name.begin(), name.end(), name.begin(),
                     [](char one) { return static_cast<char>(one - 'a' + 'A'); });
      made.emplace(name + " " + as_pattern(path), &operation);
    }
  return made;
}

/// A store that was stopped once: only what an anchor covers can be retired.
void stopped_once(const options& chosen) {
  auto made = runtime::start(chosen);
  BOOST_TEST_REQUIRE(bool(made), (made ? "" : made.error().what));
  made->append({usage(1), usage(2)}).get();
  made->stop();
}

struct described : served_here {
  described() : served_here{stopped_once} {}

  /// Asks, and holds the request and the answer against the document.
  void ask(const std::string& method, const std::string& pattern, const std::string& target,
           unsigned status, const std::string& body = {}, const std::string& type = json_type,
           upstream::door_headers with = {}) {
    BOOST_TEST_CONTEXT(method << " " << target << " " << body) {
      const auto told = answer(method, pattern, target, body, type, with);
      BOOST_TEST(told.status == status, told.status << ": " << told.body);
      const auto found = operations.find(method + " " + pattern);
      BOOST_TEST_REQUIRE((found != operations.end()));
      BOOST_TEST(why_not(*found->second, told) == "");
      if (told.status < 300) {
        good.insert(found->first);
        BOOST_TEST(why_not_asked(*found->second, body, type) == "");
      }
    }
  }

  upstream::door_answer answer(const std::string& method, const std::string& pattern,
                               const std::string& target, const std::string& body,
                               const std::string& type, const upstream::door_headers& with) {
    if (pattern == "/v1/events/follow" || pattern == "/v1/actors/*/trace") {
      auto told = client->listen(target, with, std::chrono::seconds{60},
                                 [](std::string_view) { return false; });
      BOOST_TEST_REQUIRE(bool(told), (told ? "" : told.error().what));
      return *std::move(told);
    }
    return method == "GET"   ? get(target, with)
           : method == "PUT" ? put(target, body)
                             : post(target, body, type, with);
  }

  /// Which status, media type or member the document does not list; empty when it lists all.
  std::string why_not(const value& operation, const upstream::door_answer& told) const {
    const auto* listed = operation.find("responses")->find(std::to_string(told.status));
    if (listed == nullptr)
      return "status " + std::to_string(told.status) + " is not listed";
    const auto header = told.headers.find("content-type");
    auto type = header == told.headers.end() ? std::string{} : header->second;
    type = type.substr(0, type.find(';'));
    const auto* content = resolved(document, *listed).find("content")->find(type);
    if (content == nullptr)
      return "media type " + type + " is not listed";
    return type == json_type ? misfit(document, *content->find("schema"), read(told.body), "answer")
                             : std::string{};
  }

  std::string why_not_asked(const value& operation, const std::string& body,
                            const std::string& type) const {
    const auto* taken = operation.find("requestBody");
    if (taken == nullptr)
      return {};
    const auto* content = taken->find("content")->find(type);
    if (content == nullptr)
      return "media type " + type + " is not listed";
    return type == json_type ? misfit(document, *content->find("schema"), read(body), "request")
                             : std::string{};
  }

  static value read(const std::string& text) {
    auto made = json::parse(text);
    BOOST_TEST_REQUIRE(bool(made), text);
    return *std::move(made);
  }

  const value document = read(get("/v1/openapi.json").body);
  const std::map<std::string, const value*> operations = operations_of(document);
  std::set<std::string> good; ///< Operations that were answered with a 2xx.
};

} // namespace

BOOST_AUTO_TEST_SUITE(openapi)

BOOST_AUTO_TEST_CASE(documents_the_routes_and_no_others) {
  const auto document = json::parse(http::openapi_document());
  BOOST_TEST_REQUIRE(bool(document), (document ? "" : document.error().what));
  BOOST_TEST(document->text_at("openapi") == "3.1.0");
  std::set<std::string> routed;
  for (const auto& one : http::routes())
    routed.insert(std::string{one.method} + " " + std::string{one.pattern});
  std::set<std::string> listed;
  for (const auto& [name, _] : operations_of(*document))
    listed.insert(name);
  BOOST_TEST(routed == listed, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(lists_for_each_route_what_the_door_itself_may_answer) {
  const auto document = json::parse(http::openapi_document());
  BOOST_TEST_REQUIRE(bool(document));
  for (const auto& [name, operation] : operations_of(*document))
    for (const auto* status :
         {"200", "400", "401", "403", "413", "414", "415", "417", "431", "500", "503", "504"})
      BOOST_TEST((operation->find("responses")->find(status) != nullptr), name << " " << status);
}

BOOST_AUTO_TEST_CASE(notices_what_is_not_listed) {
  const auto schema = described::read(
      R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"array","items":
         {"enum":["x"]}}},"required":["a"]})");
  for (const auto& [given, says] :
       {std::pair{R"({"a":1,"b":["x"]})", ""},
        {R"({"b":[]})", "answer: `a` is missing"},
        {R"({"a":1,"c":2})", "answer: `c` is not listed"},
        {R"({"a":"1"})", "answer.a: no integer"},
        {R"({"a":1,"b":["x","y"]})", "answer.b[1]: none of those listed"},
        {"[]", "answer: no object"}})
    BOOST_TEST(misfit(schema, schema, described::read(given), "answer") == says);
}

BOOST_FIXTURE_TEST_CASE(lists_every_status_and_member_of_the_answers, described) {
  const auto events = "/v1/events";
  ask("POST", events, "/v1/events?stream=s", 200, R"([{"n":1},{"n":1},{"stream":"t","body":{"n":2},
      "type":"u","schema":2,"key":"k","time":"2026-08-01T12:34:56Z"}])",
      json_type, {{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}});
  ask("POST", events, "/v1/events?stream=t", 200, R"({"body":{"n":3},"key":"k","type":"u"})");
  ask("POST", events, "/v1/events?stream=s&durability=none", 200, "{\"n\":4}\n{bad\n", lines);
  ask("POST", events, "/v1/events?stream=s", 200, "n,m\n5,6\n", "text/csv");
  ask("POST", events, "/v1/events", 400, R"({"n":1})");
  ask("POST", events, "/v1/events?stream=s", 400, "{}", json_type, {{"Content-Encoding", "gzip"}});
  ask("POST", events, "/v1/events?stream=s", 413, std::string(2 << 20, ' '));
  ask("POST", events, "/v1/events?stream=s", 415, "n", "text/plain");
  ask("POST", events, "/v1/events?stream=s", 415, "{}", json_type, {{"Content-Encoding", "br"}});
  for (const auto* signal : {"/v1/traces", "/v1/logs", "/v1/metrics"}) {
    ask("POST", signal, signal, 200, "{}");
    ask("POST", signal, signal, 200, "", "application/x-protobuf");
    ask("POST", signal, signal, 400, "[");
    ask("POST", signal, signal, 400, "\xff", "application/x-protobuf");
    ask("POST", signal, signal, 415, "{}", "text/plain");
    ask("POST", signal, signal, 415, "{}", json_type, {{"Content-Encoding", "br"}});
    ask("POST", signal, signal, 413, std::string(17 << 20, ' '));
  }
  ask("POST", "/v1/traces", "/v1/traces", 200,
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"no ids"}]}]}]})");
  ask("GET", "/v1/head", "/v1/head?time=2030-01-01T00:00:00Z", 200);
  ask("GET", "/v1/head", "/v1/head?time=soon", 400);

  const auto commit = "/v1/consumers/*/commit";
  ask("POST", commit, "/v1/consumers/c/commit", 200, R"({"position":1,"state":{"a":1}})");
  ask("POST", commit, "/v1/consumers/c/commit", 409, R"({"position":3,"expected":2})");
  ask("POST", commit, "/v1/consumers/c/commit", 400, R"({"position":99999})");
  const auto reset = "/v1/consumers/*/reset";
  ask("POST", reset, "/v1/consumers/c/reset", 200, R"({"position":0,"reason":"again"})");
  ask("POST", reset, "/v1/consumers/c/reset", 400, R"({"position":0})");
  ask("POST", reset, "/v1/consumers/nobody/reset", 404, R"({"position":0,"reason":"again"})");
  ask("GET", "/v1/consumers", "/v1/consumers", 200);
  ask("GET", "/v1/consumers/*", "/v1/consumers/c", 200);
  ask("GET", "/v1/consumers/*", "/v1/consumers/nobody", 404);
  ask("GET", "/v1/consumers/*/next", "/v1/consumers/c/next?limit=2", 200);
  ask("GET", "/v1/consumers/*/next", "/v1/consumers/c/next?limit=x", 400);

  const auto owner = "/v1/checkpoints/*";
  ask("POST", owner, "/v1/checkpoints/learning", 200);
  ask("POST", owner, "/v1/checkpoints/nobody", 404);
  ask("PUT", owner, "/v1/checkpoints/agent", 200, R"({"sequence":1,"schema":2,"state":{"a":1}})");
  ask("PUT", owner, "/v1/checkpoints/agent", 400, R"({"sequence":1})");
  ask("PUT", owner, "/v1/checkpoints/learning", 409, R"({"sequence":1,"state":1})");
  ask("GET", "/v1/checkpoints", "/v1/checkpoints", 200);
  ask("GET", owner, "/v1/checkpoints/agent", 200);
  ask("GET", owner, "/v1/checkpoints/nobody", 404);
  const auto one = "/v1/checkpoints/*/*";
  ask("GET", one, "/v1/checkpoints/agent/1", 200);
  ask("GET", one, "/v1/checkpoints/agent/latest?at=5", 200);
  ask("GET", one, "/v1/checkpoints/agent/99999", 404);
  ask("GET", one, "/v1/checkpoints/agent/last", 400);
  ask("GET", "/v1/states/*", "/v1/states/learning", 200);
  ask("GET", "/v1/states/*", "/v1/states/agent?at=3", 200);
  ask("GET", "/v1/states/*", "/v1/states/agent?at=soon", 400);
  ask("GET", "/v1/states/*", "/v1/states/nobody", 404);

  ask("GET", events, "/v1/events?internal=1&proof=1&limit=1000", 200);
  ask("GET", events, "/v1/events?field.n.gte=2", 200, "", "", {{"Accept", lines}});
  ask("GET", events, "/v1/events?limit=x", 400);
  ask("GET", "/v1/events/*", "/v1/events/1?proof=1", 200);
  ask("GET", "/v1/events/*", "/v1/events/99999", 404);
  ask("GET", "/v1/events/*", "/v1/events/first", 400);
  ask("GET", "/v1/events/follow", "/v1/events/follow?from=1", 200);
  ask("GET", "/v1/events/follow", "/v1/events/follow?limit=1", 400);

  ask("GET", "/v1/actors", "/v1/actors?state=running,unknown&name=o", 200);
  ask("GET", "/v1/actors", "/v1/actors?state=asleep", 400);
  ask("GET", "/v1/actors/*", "/v1/actors/learning?history=3", 200);
  ask("GET", "/v1/actors/*", "/v1/actors/journal?history=101", 400);
  ask("GET", "/v1/actors/*", "/v1/actors/nobody", 404);
  ask("GET", "/v1/actors/*/why", "/v1/actors/pressure/why", 200);
  ask("GET", "/v1/actors/*/why", "/v1/actors/nobody/why", 404);
  const auto trace = "/v1/actors/*/trace";
  ask("GET", trace, "/v1/actors/journal/trace?max=5&rate=5", 200);
  ask("GET", trace, "/v1/actors/journal/trace?max=5", 400);
  ask("GET", trace, "/v1/actors/nobody/trace?max=5&rate=5", 404);
  const auto restart = "/v1/actors/*/restart";
  ask("POST", restart, "/v1/actors/pressure/restart", 200, R"({"reason":"odd counts"})");
  ask("POST", restart, "/v1/actors/pressure/restart", 400, R"({"why":"odd counts"})");
  ask("POST", restart, "/v1/actors/nobody/restart", 404, R"({"reason":"odd counts"})");
  const auto stopping = "/v1/actors/*/stop";
  ask("POST", stopping, "/v1/actors/journal/stop", 409, R"({"reason":"not needed"})");
  ask("POST", stopping, "/v1/actors/pressure/stop", 200, R"({"reason":"not needed"})");
  ask("POST", restart, "/v1/actors/pressure/restart", 200, R"({"reason":"needed"})");
  ask("GET", "/health", "/health", 200);

  ask("POST", "/v1/retention", "/v1/retention", 400, R"({"floor":1})");
  ask("POST", "/v1/retention", "/v1/retention", 409, R"({"floor":99999,"reason":"old"})");
  ask("POST", "/v1/retention", "/v1/retention", 200, R"({"floor":1,"reason":"old","force":true})");
  for (const auto* plain : {"/v1/controls", "/v1/status", "/v1/learning/stats", "/v1/openapi.json",
                            "/livez", "/startupz", "/metrics"})
    ask("GET", plain, plain, 200);
  ask("GET", "/v1/controls", "/v1/controls?prefix=nothing", 200);
  ask("GET", "/readyz", "/readyz?verbose&exclude=writable", 200);

  for (const auto& [name, _] : operations)
    BOOST_TEST(good.contains(name), name << " was not asked");
}

BOOST_AUTO_TEST_SUITE_END()
