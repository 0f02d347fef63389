// SPDX-License-Identifier: Apache-2.0
// Attacks on the whole door: requests that a page could forge, names made to be taken for something
// else, secrets, and users that nobody invited.
#include "persistence/telemetry_reader.hpp"
#include "runtime/http/routes.hpp"
#include "tests/runtime/guarded_door.hpp"

#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <set>

using namespace holdfast;

namespace {

const std::string json_header = "Content-Type: application/json\r\n";

/// Of a request that would do something at each route that does.
std::map<std::string, std::pair<std::string, std::string>> changes() {
  const std::string log =
      R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]})";
  const std::string span =
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0af7651916cd43dd8448eb211c80319c",
         "spanId":"b7ad6b7169203331","name":"x"}]}]}]})";
  const std::string metric =
      R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":
         [{"asInt":"1"}]}}]}]}]})";
  return {
      {"POST /v1/events", {"/v1/events?stream=s", R"({"n":1})"}},
      {"POST /v1/traces", {"/v1/traces", span}},
      {"POST /v1/logs", {"/v1/logs", log}},
      {"POST /v1/metrics", {"/v1/metrics", metric}},
      {"POST /v1/consumers/*/commit", {"/v1/consumers/c/commit", R"({"position":1})"}},
      {"POST /v1/consumers/*/reset", {"/v1/consumers/c/reset", R"({"position":0,"reason":"x"})"}},
      {"POST /v1/checkpoints/*", {"/v1/checkpoints/learning", ""}},
      {"PUT /v1/checkpoints/*", {"/v1/checkpoints/o", R"({"sequence":1,"state":1})"}},
      {"POST /v1/actors/*/restart", {"/v1/actors/pressure/restart", R"({"reason":"x"})"}},
      {"POST /v1/actors/*/stop", {"/v1/actors/pressure/stop", R"({"reason":"x"})"}},
      {"POST /v1/retention",
       {"/v1/retention", R"({"floor":1,"force":true,"reason":"x","dry_run":true})"}}};
}

/// Every line that the daemon has written there.
std::vector<std::string> lines_in(const std::filesystem::path& logs) {
  std::vector<std::string> lines;
  for (const auto& one : std::filesystem::directory_iterator{logs}) {
    std::ifstream file{one.path()};
    for (std::string line; std::getline(file, line);)
      lines.push_back(line);
  }
  return lines;
}

std::function<void(options&)> logging_to(const std::filesystem::path& logs) {
  return [logs](options& chosen) {
    chosen.telemetry.enabled = true;
    chosen.telemetry.directory = logs;
  };
}

} // namespace

BOOST_AUTO_TEST_SUITE(door_hostile)

// All routes but those of events and OTLP took whatever a body was called, and events one without a
// name: a form on a page of anybody could have sent it.
BOOST_FIXTURE_TEST_CASE(a_change_is_refused_in_a_type_that_any_page_can_send, guarded_door) {
  status("POST /v1/events?stream=s", operating, json_header, R"([{"n":-1},{"n":-2}])");
  status("POST /v1/consumers/c/commit", operating, json_header, R"({"position":0})");
  const auto all = changes();
  const auto before = get("/v1/head").body;
  for (const auto& one : http::routes()) {
    if (one.method == "GET")
      continue;
    const auto found = all.find(std::string{one.method} + " " + std::string{one.pattern});
    BOOST_TEST_REQUIRE((found != all.end()), one.method << " " << one.pattern << " is new");
    const auto& [target, body] = found->second;
    const auto line = std::string{one.method} + " " + target;
    for (const std::string type :
         {"", "text/plain", "text/plain;charset=UTF-8", "multipart/form-data; boundary=x",
          "application/x-www-form-urlencoded", "text/plain; application/json", "application/jsonp",
          "application/json, text/plain", "text/html", "*/*", "json"})
      BOOST_TEST_CONTEXT(line << " as " << type) {
        const auto told = asks(
            line, operating, type.empty() ? std::string{} : "Content-Type: " + type + "\r\n", body);
        BOOST_TEST(told.starts_with("HTTP/1.1 415 "), told);
      }
  }
  BOOST_TEST(get("/v1/head").body == before);
  for (const auto& [name, one] : all) {
    const auto line = name.substr(0, name.find(' ') + 1) + one.first;
    const auto told = status(line, operating, json_header, one.second);
    // A store as young as this one has nothing to retire, whatever is asked.
    BOOST_TEST((told == 200U || (told == 409U && name == "POST /v1/retention")),
               line << " answered " << told);
  }
}

BOOST_FIXTURE_TEST_CASE(who_may_not_ask_is_told_before_a_body_is_sent, guarded_door) {
  for (const auto& [more, expected] :
       {std::pair{std::string{}, "401"},
        {"Authorization: Bearer " + std::string(32, 'x') + "\r\n", "401"},
        {"Authorization: Bearer " + reading + "\r\n", "403"},
        {"Authorization: Bearer " + operating + "\r\nOrigin: https://evil.example\r\n", "403"},
        {"Authorization: Bearer " + operating + "\r\nOrigin: null\r\n", "403"}})
    for (const std::string size : {"Content-Length: 1000000", "Transfer-Encoding: chunked",
                                   "Content-Length: 10\r\nExpect: 100-continue"})
      BOOST_TEST_CONTEXT(more << size) {
        talker one{address};
        one.say("POST /v1/events?stream=s HTTP/1.1\r\nHost: " + address + "\r\n" + more + size
                + "\r\n" + json_header + "\r\n");
        const auto heard = one.hear("}\n"); // no byte of the body has been sent
        BOOST_TEST(heard.starts_with("HTTP/1.1 " + std::string{expected}), heard);
        BOOST_TEST(heard.find("Connection: close\r\n") != heard.npos);
      }
}

BOOST_FIXTURE_TEST_CASE(a_name_is_never_a_path, guarded_door) {
  post("/v1/events?stream=s", R"({"n":1})");
  const auto files = [this] {
    std::set<std::string> found;
    for (const auto& one : std::filesystem::recursive_directory_iterator{path()})
      if (one.path().string().find("/db/") == std::string::npos) // which the store changes
        found.insert(one.path().string());
    return found;
  };
  const auto before = files();
  for (const std::string name : {"..%2f..%2fescaped", "%2e%2e", ".", "%2Fetc%2Fpasswd", "..%5cup",
                                 "%2e%2e%2f%2e%2e%2f%2e%2e%2fescaped"})
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(put("/v1/checkpoints/" + name, R"({"sequence":1,"state":1})").status == 200U);
      BOOST_TEST(post("/v1/consumers/" + name + "/commit", R"({"position":1})").status == 200U);
      BOOST_TEST(post("/v1/events?stream=" + name, R"({"n":2})").status == 200U);
      BOOST_TEST(get("/v1/states/" + name).status == 200U);
      BOOST_TEST(post("/v1/checkpoints/" + name, "").status == 404U);
    }
  BOOST_TEST(files() == before, boost::test_tools::per_element());
  // Not decoded, it is another path, and nothing is there.
  for (const auto* raw : {"/v1/../etc/passwd", "/v1/checkpoints/../../status", "/..", "/v1/states/",
                          "/v1//status", "/v1/events/../status"})
    BOOST_TEST(get(raw).status >= 400U, raw);
}

BOOST_AUTO_TEST_CASE(no_name_makes_a_line_or_a_header_of_its_own) {
  scratch logs;
  {
    guarded_door here{logging_to(logs.path())};
    here.post("/v1/events?stream=s", R"({"n":1})");
    const std::string evil = "%0d%0aSet-Cookie:%20evil=1%0d%0a%0d%0aevil";
    const std::string big(5000, 'x');
    for (const auto& name :
         {evil, std::string{"a%0ab"}, std::string{"a%0db"}, std::string{"a%00b"},
          std::string{"%ff%fe"}, std::string{"%7f"}, std::string{"%1b[31m"}, big})
      BOOST_TEST_CONTEXT(name.substr(0, 50)) {
        for (const auto& [line, body] :
             {std::pair{"PUT /v1/checkpoints/" + name, R"({"sequence":1,"state":1})"},
              {"POST /v1/checkpoints/" + name, "{}"},
              {"POST /v1/consumers/" + name + "/commit", R"({"position":1})"},
              {"POST /v1/consumers/" + name + "/reset", R"({"position":1,"reason":"x"})"},
              {"GET /v1/consumers/" + name, ""},
              {"GET /v1/checkpoints/" + name, ""},
              {"GET /v1/states/" + name, ""},
              {"GET /v1/" + name, ""},
              {"DELETE /v1/" + name, ""}}) {
          const auto told = here.asks(line, operating, json_header, body);
          BOOST_TEST((told.starts_with("HTTP/1.1 4")), told);
          BOOST_TEST(told.find("\nSet-Cookie") == told.npos);
        }
        for (const auto* member : {"stream", "type"}) {
          const auto told = here.json_of(
              here.post("/v1/events?stream=s&" + std::string{member} + "=" + name, R"({"n":2})"));
          BOOST_TEST(outcome_at(told, 0) == "rejected");
        }
      }
    const std::string lines = R"("a\r\nid: 99\r\n\r\nevent: evil")";
    for (const auto* member : {"stream", "type", "trace"}) {
      const auto told =
          here.json_of(here.post("/v1/events?stream=s", "[{\"" + std::string{member} + "\":" + lines
                                                            + R"(,"body":{"n":3}}])"));
      BOOST_TEST(outcome_at(told, 0) == "rejected", member);
    }
    // A key and a reason are texts; they are kept as they are, on one line.
    here.post("/v1/events?stream=s", "[{\"key\":" + lines + R"(,"body":{"n":3}}])");
    here.post("/v1/consumers/c/commit", R"({"position":1})");
    here.post("/v1/consumers/c/reset", "{\"position\":0,\"reason\":" + lines + "}");
    // As a header it cannot even arrive; what can is no more than a name.
    for (const auto* header : {"Holdfast-Stream", "Holdfast-Type", "Holdfast-Durability",
                               "Idempotency-Key", "traceparent", "Last-Event-ID"}) {
      const auto told = here.asks("POST /v1/events?stream=s", operating,
                                  json_header + header + ": a\r\n b: c\r\n", "{}");
      BOOST_TEST(told.starts_with("HTTP/1.1 400"), header);
    }
    BOOST_TEST(here.get("/v1/consumers/c", {{"traceparent", "\xff\x80"}}).status == 200U);
    const auto followed =
        here.client->listen("/v1/events/follow?from=1&internal=1", {}, std::chrono::seconds{20},
                            [](std::string_view bytes) {
                              BOOST_TEST(bytes.find("\nevent: evil") == bytes.npos);
                              return bytes.find("\"n\":3") == bytes.npos;
                            });
    BOOST_TEST(bool(followed));
  }
  for (const auto& line : lines_in(logs.path())) {
    BOOST_TEST(bool(json::parse(line)), line);
    BOOST_TEST(line.size() < 5000U, line.substr(0, 200));
  }
  const auto checked = persistence::verify_telemetry(logs.path().string());
  BOOST_TEST_REQUIRE(bool(checked));
  BOOST_TEST(checked->clean());
}

BOOST_AUTO_TEST_CASE(a_token_is_never_told_to_anybody) {
  scratch logs;
  const std::string wrong(40, 'w');
  std::vector<std::string> heard;
  {
    guarded_door here{logging_to(logs.path())};
    for (const auto& token : {wrong, reading, operating, operating + ","})
      for (const auto* line : {"GET /v1/status", "GET /metrics", "GET /readyz?verbose",
                               "POST /v1/events", "PUT /v1/checkpoints/o", "GET /v1/nothing",
                               "POST /v1/traces", "GET /v1/events/follow?from=x"})
        heard.push_back(here.asks(line, token, json_header, "{"));
    // A file that cannot be read any more keeps its secrets, too.
    here.write_tokens("ci admin " + operating + "\n");
    const auto until = os::steady_now() + std::chrono::minutes{1};
    do
      heard.push_back(here.get("/readyz?verbose").body);
    while (heard.back().find("tokens") == std::string::npos && os::steady_now() < until);
    heard.push_back(here.get("/metrics").body);
    heard.push_back(here.get("/v1/status").body);
    heard.push_back(here.get("/v1/events?internal=1").body);
    for (const auto& line : here.said.with([](const auto& all) { return all; }))
      heard.push_back(line);
  }
  const auto lines = lines_in(logs.path());
  BOOST_TEST(std::any_of(lines.begin(), lines.end(), [](const auto& line) {
    return line.find("POST /v1/events") != line.npos; // so there is something to look at
  }));
  heard.insert(heard.end(), lines.begin(), lines.end());
  for (const auto& one : heard)
    for (const auto& secret : {wrong, reading, operating})
      BOOST_TEST(one.find(secret) == one.npos, one.substr(0, 300));
}

BOOST_AUTO_TEST_CASE(callers_turned_away_are_on_the_record_and_cannot_fill_it) {
  constexpr std::int64_t many = 300;
  scratch logs;
  {
    guarded_door here{logging_to(logs.path())};
    for (std::int64_t i = 0; i < many; ++i)
      here.asks("POST /v1/retention", i % 2 == 0 ? "" : reading, json_header, "{}");
    here.asks("GET /v1/status", ""); // changes nothing, so it is no matter of the audit
  }
  std::int64_t listed = 0;
  std::int64_t counted = 0;
  for (const auto& line : lines_in(logs.path())) {
    const auto read = json::parse(line);
    if (!read || read->text_at("logger") != "http" || read->text_at("level") != "audit")
      continue;
    const auto& fields = *read->find("fields");
    if (read->text_at("message") == "refused requests are not listed: too many") {
      counted += fields.integer_at("count");
      continue;
    }
    ++listed;
    BOOST_TEST(read->text_at("message") == "POST /v1/retention");
    BOOST_TEST((fields.integer_at("status") == 401 || fields.integer_at("status") == 403));
    BOOST_TEST(fields.text_at("who").starts_with("token "));
  }
  BOOST_TEST(listed + counted == many);
  BOOST_TEST(listed >= 10);
  BOOST_TEST(counted > 0);
}

/// Whether somebody with that uid, who can reach the socket, is answered there.
bool is_served(const std::filesystem::path& socket, uid_t who) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
  const auto child = fork();
  if (child == 0) { // only what may be called after a fork with threads
    const char ask[] = "GET /livez HTTP/1.1\r\n\r\n";
    char heard = 0;
    const int line = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (setgid(who) != 0 || setuid(who) != 0
        || connect(line, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      _exit(2);
    std::ignore = send(line, ask, sizeof ask - 1, MSG_NOSIGNAL);
    _exit(recv(line, &heard, 1, 0) == 1 ? 1 : 0);
  }
  int status = 0;
  BOOST_TEST_REQUIRE(waitpid(child, &status, 0) == child);
  BOOST_TEST_REQUIRE((WIFEXITED(status) && WEXITSTATUS(status) < 2), "it could not connect");
  return WEXITSTATUS(status) == 1;
}

BOOST_AUTO_TEST_CASE(another_user_is_not_served_though_the_socket_can_be_reached) {
  if (geteuid() != 0) {
    BOOST_TEST_MESSAGE("skipped: only root can become somebody else");
    return;
  }
  constexpr uid_t invited = 61001;
  constexpr uid_t nobody = 61002;
  served_here here{[](options& chosen) { chosen.door.uids = {0, invited}; }};
  BOOST_TEST(
      (std::filesystem::status(here.path() / "s").permissions() == std::filesystem::perms(0600)));
  chmod(here.path().c_str(), 0755);
  chmod((here.path() / "s").c_str(), 0666); // as an operator may who trusts the list of users
  BOOST_TEST(is_served(here.path() / "s", invited));
  BOOST_TEST(!is_served(here.path() / "s", nobody));
  served_here plain;
  chmod(plain.path().c_str(), 0755);
  chmod((plain.path() / "s").c_str(), 0666);
  BOOST_TEST(!is_served(plain.path() / "s", nobody));
}

BOOST_AUTO_TEST_CASE(a_link_in_the_place_of_the_socket_is_left_alone) {
  scratch place;
  std::ofstream{place.path() / "precious"} << "kept";
  served_here other;
  for (const auto& target :
       {place.path() / "precious", place.path() / "nothing", other.path() / "s", place.path()})
    BOOST_TEST_CONTEXT(target) {
      std::filesystem::remove(place.path() / "s");
      std::filesystem::create_symlink(target, place.path() / "s");
      auto chosen = small_options(place);
      chosen.door.socket = place.path() / "s";
      daemon_outlets outlets;
      outlets.signals = false;
      outlets.say = [](const std::string&) {};
      const auto ended = run_daemon(chosen, outlets);
      BOOST_TEST_REQUIRE(!ended);
      BOOST_TEST((ended.error().code == fault_code::invalid));
      BOOST_TEST(ended.error().what.find("symbolic link") != std::string::npos);
      BOOST_TEST((std::filesystem::read_symlink(place.path() / "s") == target));
    }
  BOOST_TEST(std::filesystem::file_size(place.path() / "precious") == 4U);
  BOOST_TEST(other.get("/livez").status == 200U);
}

BOOST_AUTO_TEST_SUITE_END()
