// SPDX-License-Identifier: Apache-2.0
// The daemon's door: every route over a real socket, every limit, and who may come in.
#include "runtime/http/socket.hpp"
#include "runtime/upstream/door_reader.hpp"
#include "tests/runtime/served_here.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

using namespace holdfast;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(door)

BOOST_FIXTURE_TEST_CASE(answers_each_item_and_one_bad_one_costs_no_other, served_here) {
  const auto array_told = json_of(post("/v1/events?stream=s", R"([{"a":1},2,{"a":1},{"a":2}])"));
  BOOST_TEST(outcome_at(array_told, 0) == "stored");
  BOOST_TEST(outcome_at(array_told, 1) == "rejected");
  BOOST_TEST(outcome_at(array_told, 2) == "duplicate");
  BOOST_TEST(outcome_at(array_told, 3) == "stored");
  BOOST_TEST(array_told.integer_at("stored") == 2);
  BOOST_TEST(array_told.find("answers")->as<array>()->at(0).text_at("durability") == "power");

  const auto lines_told =
      json_of(post("/v1/events?stream=s", "{\"a\":3}\n{bad\n\n{\"a\":1}\n", "application/x-ndjson",
                   {{"Holdfast-Durability", "process"}}));
  BOOST_TEST(outcome_at(lines_told, 0) == "stored");
  BOOST_TEST(outcome_at(lines_told, 1) == "rejected");
  BOOST_TEST(lines_told.find("answers")->as<array>()->at(1).integer_at("line") == 2);
  BOOST_TEST(outcome_at(lines_told, 2) == "duplicate");

  const auto csv_told =
      json_of(post("/v1/events?stream=csv&type=row", "a,b\n1,x\n2\n", "text/csv"));
  BOOST_TEST(outcome_at(csv_told, 0) == "stored");
  BOOST_TEST(outcome_at(csv_told, 1) == "rejected");

  const upstream::door_headers keyed{{"Idempotency-Key", "k"}, {"Holdfast-Stream", "s"}};
  BOOST_TEST(outcome_at(json_of(post("/v1/events", R"({"n":1})", "application/json", keyed)), 0)
             == "stored");
  BOOST_TEST(outcome_at(json_of(post("/v1/events", R"({"n":1})", "application/json", keyed)), 0)
             == "duplicate");
  BOOST_TEST(outcome_at(json_of(post("/v1/events", R"({"n":2})", "application/json", keyed)), 0)
             == "conflict");
}

BOOST_FIXTURE_TEST_CASE(refuses_with_a_status_a_code_and_help, served_here) {
  struct row {
    std::string method, target, body, type;
    unsigned status;
    std::string code;
  };
  for (const auto& [method, target, body, type, status, code] : {
           row{"GET", "/v1/nothing", "", "", 404, "not_found"},
           row{"GET", "/v1/events/99999", "", "", 404, "not_found"},
           row{"GET", "/v1/events/first", "", "", 400, "invalid"},
           row{"GET", "/v1/events?from=x", "", "", 400, "invalid"},
           row{"GET", "/v1/events?limit=10001", "", "", 400, "invalid"},
           row{"GET", "/v1/events?since=soon", "", "", 400, "invalid"},
           row{"GET", "/v1/events?%zz", "", "", 400, "invalid"},
           row{"GET", "/v1/consumers/none", "", "", 404, "not_found"},
           row{"GET", "/v1/checkpoints/none", "", "", 404, "not_found"},
           row{"GET", "/v1/states/none", "", "", 404, "not_found"},
           row{"POST", "/v1/checkpoints/none", "", "application/json", 404, "not_found"},
           row{"POST", "/v1/status", "", "application/json", 405, "invalid"},
           row{"POST", "/v1/events?stream=s", "{", "application/json", 400, "invalid"},
           row{"POST", "/v1/events", "{}", "application/json", 400, "invalid"},
           row{"POST", "/v1/events?stream=s", "{}", "application/xml", 415, "invalid"},
           row{"POST", "/v1/events?stream=s", "{}", "", 415, "invalid"},
           row{"POST", "/v1/events?stream=s&durability=ever", "{}", "application/json", 400,
               "invalid"},
           row{"POST", "/v1/consumers/c/commit", "{}", "application/json", 400, "invalid"},
           row{"POST", "/v1/consumers/c/commit", R"({"position":1,"extra":2})", "application/json",
               400, "invalid"},
           row{"POST", "/v1/consumers/c/commit", R"({"position":99999})", "application/json", 400,
               "invalid"},
           row{"POST", "/v1/retention", R"({"floor":1})", "application/json", 400, "invalid"},
           row{"POST", "/v1/retention", R"({"reason":"x"})", "application/json", 400, "invalid"},
           row{"POST", "/v1/retention", R"({"floor":1,"dry_run":1,"reason":"x"})",
               "application/json", 400, "invalid"},
           row{"POST", "/v1/retention",
               R"({"floor":99999,"force":true,"dry_run":true,"reason":"x"})", "application/json",
               409, "conflict"},
           row{"POST", "/v1/retention", R"({"floor":99999,"force":true,"reason":"x"})",
               "application/json", 409, "conflict"},
           row{"POST", "/v1/events?stream=s", std::string(2 << 20, ' '), "application/json", 413,
               "invalid"},
       })
    BOOST_TEST_CONTEXT(method << " " << target) {
      const auto told = method == "GET" ? get(target) : post(target, body, type);
      BOOST_TEST(told.status == status);
      const auto read = json_of(told);
      BOOST_TEST(code_of(read) == code);
      BOOST_TEST(!read.find("error")->text_at("what").empty());
    }
}

BOOST_FIXTURE_TEST_CASE(serves_pages_as_json_and_as_lines, served_here) {
  std::string lines;
  for (int i = 1; i <= 600; ++i)
    lines += "{\"n\":" + std::to_string(i) + "}\n";
  post("/v1/events?stream=s", lines, "application/x-ndjson");
  post("/v1/events?stream=t", R"({"n":0})");
  const auto page = json_of(get("/v1/events?stream=s&limit=10"));
  BOOST_TEST_REQUIRE(page.find("events")->as<array>()->size() == 10U);
  BOOST_TEST(page.find("events")->as<array>()->front().find("body")->integer_at("n") == 1);
  const auto all = get("/v1/events?stream=s&limit=10000", {{"Accept", "application/x-ndjson"}});
  BOOST_TEST(std::count(all.body.begin(), all.body.end(), '\n') == 600);
  BOOST_TEST(all.headers.contains("holdfast-next"));
  const auto own = json_of(get("/v1/events?internal=1&stream=$*&limit=10000"));
  for (const auto& one : *own.find("events")->as<array>())
    BOOST_TEST(one.text_at("stream").front() == '$');
  const auto at = page.find("events")->as<array>()->front().integer_at("sequence");
  BOOST_TEST(json_of(get("/v1/events/" + std::to_string(at))).text_at("stream") == "s");
}

BOOST_FIXTURE_TEST_CASE(a_consumer_goes_on_where_it_committed, served_here) {
  post("/v1/events?stream=s", R"([{"n":1},{"n":2},{"n":3}])");
  const auto first = json_of(get("/v1/consumers/c/next?limit=2&stream=s"));
  BOOST_TEST(first.integer_at("position") == 0);
  const auto& events = *first.find("events")->as<array>();
  BOOST_TEST_REQUIRE(events.size() == 2U);
  const auto place = std::to_string(events.back().integer_at("sequence"));
  const auto done = json_of(post("/v1/consumers/c/commit",
                                 "{\"position\":" + place + R"(,"expected":0,"state":{"k":1}})"));
  BOOST_TEST(std::to_string(done.integer_at("position")) == place);
  BOOST_TEST(post("/v1/consumers/c/commit", "{\"position\":" + place + ",\"expected\":0}").status
             == 409U);
  const auto next = json_of(get("/v1/consumers/c/next?stream=s"));
  BOOST_TEST_REQUIRE(next.find("events")->as<array>()->size() == 1U);
  BOOST_TEST(next.find("events")->as<array>()->front().find("body")->integer_at("n") == 3);
  BOOST_TEST(json_of(get("/v1/consumers")).find("consumers")->as<array>()->size() == 1U);
  BOOST_TEST(json_of(get("/v1/checkpoints/c/latest")).find("state")->integer_at("k") == 1);
}

BOOST_FIXTURE_TEST_CASE(shows_states_checkpoints_status_and_metrics, served_here) {
  const std::string usage = R"({"model":"m","input_tokens":3,"output_tokens":4,"outcome":"ok"})";
  const auto at = json_of(post("/v1/events?stream=llm.usage", usage))
                      .find("answers")
                      ->as<array>()
                      ->front()
                      .integer_at("sequence");
  const auto now = json_of(get("/v1/states/learning"));
  BOOST_TEST(now.integer_at("sequence") >= at);
  const auto then = json_of(get("/v1/states/learning?at=" + std::to_string(at)));
  BOOST_TEST(json::print(*then.find("state")) == json::print(*now.find("state")));
  const auto taken = json_of(post("/v1/checkpoints/learning", ""));
  const auto covered = std::to_string(taken.integer_at("sequence"));
  BOOST_TEST(json_of(get("/v1/checkpoints/learning/" + covered)).find("state") != nullptr);
  BOOST_TEST(get("/v1/checkpoints/learning/1000000").status == 404U);
  BOOST_TEST(get("/v1/learning/stats").status == 200U);
  const auto status = json_of(get("/v1/status"));
  BOOST_TEST(status.text_at("data") == (path() / "data").string());
  BOOST_TEST(status.find("store")->integer_at("events") == 1);
  BOOST_TEST(status.find("supervisors")->as<array>()->size() == 2U);
  BOOST_TEST(get("/livez").body == "ok\n");
  BOOST_TEST(get("/readyz?verbose").body.find("[+]writable") != std::string::npos);
  BOOST_TEST(get("/startupz").body == "ok\n");
  const auto probed = get("/readyz?verbose&exclude=writable,nonsense");
  BOOST_TEST(probed.status == 200U);
  BOOST_TEST(probed.body.find("[+]writable (excluded)") != std::string::npos);
  BOOST_TEST(probed.body.find("no check has the name nonsense") != std::string::npos);
  const auto text = get("/metrics").body;
  for (const auto* name :
       {"holdfast_appended_total{outcome=\"stored\"} 1", "holdfast_unprocessed_bytes 0",
        "holdfast_paused 0", "holdfast_append_duration_seconds_count{durability=\"power\"} 1",
        "holdfast_http_requests_total{", "holdfast_dedup_ratio 0", "holdfast_unique_patterns 1",
        "process_start_time_seconds", "holdfast_build_info", "process_resident_memory_bytes"})
    BOOST_TEST(text.find(name) != text.npos, name);
}

BOOST_FIXTURE_TEST_CASE(a_reader_over_http_answers_as_the_store_does, served_here) {
  post("/v1/events?stream=s", R"([{"n":1},{"n":2},{"n":3}])");
  post("/v1/consumers/c/commit", R"({"position":1,"state":7})");
  const auto reader = upstream::make_door_reader(client);
  const auto head = reader->head();
  BOOST_TEST_REQUIRE(bool(head));
  BOOST_TEST(head->events == 3U);
  std::vector<recorded_event> all;
  BOOST_TEST(bool(reader->scan(sequence{1}, head->last, [&](const recorded_event& one) {
    all.push_back(one);
    return true;
  })));
  BOOST_TEST_REQUIRE(all.size() == head->last.value);
  BOOST_TEST((all.back().chain == head->chain));
  BOOST_TEST(*reader->record(all[0].at) == all[0]);
  BOOST_TEST(*reader->at_time(all[0].recorded) <= all[0].at);
  BOOST_TEST(reader->consumer("c")->position == sequence{1});
  BOOST_TEST((reader->consumer("none").error().code == fault_code::not_found));
  BOOST_TEST(reader->consumers()->size() == 1U);
  BOOST_TEST((reader->newest_checkpoint("c", head->last)->state == value{7}));
  BOOST_TEST(reader->checkpoints("none")->empty());
  std::size_t views = 0;
  recorded_event whole;
  BOOST_TEST(bool(
      reader->scan_views(sequence{1}, head->last,
                         [&](sequence at, const persistence::record_view& view) -> result<bool> {
                           BOOST_TEST(bool(reader->raise(at, view, whole)));
                           BOOST_TEST(whole == all[views]);
                           ++views;
                           return true;
                         })));
  BOOST_TEST(views == all.size());
}

BOOST_AUTO_TEST_CASE(lets_in_only_who_may) {
  served_here refusing{{}, [](int) { return http::peer{1, 4711}; }};
  const auto told = refusing.client->get("/livez");
  BOOST_TEST((told.error().code == fault_code::unreachable));
  served_here listed{[](options& chosen) { chosen.door.uids = {4711}; },
                     [](int) {
                       return http::peer{1, 4711};
                     }};
  BOOST_TEST(listed.get("/livez").status == 200U);
}

BOOST_FIXTURE_TEST_CASE(serves_nobody_who_comes_through_a_browser, served_here) {
  BOOST_TEST(get("/livez", {{"Host", "evil.example"}}).status == 403U);
  BOOST_TEST(get("/livez", {{"Origin", "http://localhost"}}).status == 403U);
}

BOOST_AUTO_TEST_CASE(a_slow_or_endless_header_ends_at_its_limit) {
  served_here quick{[](options& chosen) { chosen.door.header_deadline = 50ms; }};
  by_hand slow{quick.path() / "s"};
  slow.say("GET /livez HTT");
  BOOST_TEST(slow.hear().empty());
  by_hand endless{quick.path() / "s"};
  endless.say("GET /livez HTTP/1.1\r\nX: " + std::string(20000, 'x'));
  BOOST_TEST(endless.hear().find(" 431 ") != std::string::npos);
  by_hand garbage{quick.path() / "s"};
  garbage.say("\x16\x03\x01garbage\r\n\r\n");
  BOOST_TEST(garbage.hear().find(" 400 ") != std::string::npos);
  BOOST_TEST(quick.get("/livez").status == 200U);
}

BOOST_AUTO_TEST_CASE(a_body_that_does_not_come_or_does_not_end_costs_only_itself) {
  served_here quick{[](options& chosen) {
    chosen.door.request_deadline = 200ms;
    chosen.door.body_bytes_max = 1024;
  }};
  by_hand silent{quick.path() / "s"};
  silent.say("POST /v1/events HTTP/1.1\r\nContent-Length: 10\r\n\r\n");
  const auto heard = silent.hear();
  BOOST_TEST((heard.empty() || heard.find(" 504 ") != heard.npos));
  by_hand chunked{quick.path() / "s"};
  chunked.say("POST /v1/events HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n"
              + std::string(2048, 'x'));
  BOOST_TEST(chunked.hear().find(" 413 ") != std::string::npos);
  by_hand early{quick.path() / "s"};
  early.say("POST /v1/events HTTP/1.1\r\nContent-Length: 99999\r\n\r\n");
  BOOST_TEST(early.hear().find(" 413 ") != std::string::npos);
  BOOST_TEST(quick.get("/livez").status == 200U);
}

BOOST_AUTO_TEST_CASE(one_connection_too_many_is_told_so) {
  served_here small{[](options& chosen) { chosen.door.connections_max = 2; }};
  BOOST_TEST(small.get("/livez").status == 200U); // keeps its connection
  by_hand second{small.path() / "s"};
  by_hand third{small.path() / "s"};
  const auto heard = third.hear();
  BOOST_TEST(heard.find(" 503 ") != heard.npos);
  BOOST_TEST(heard.find("Retry-After: 1") != heard.npos);
}

BOOST_AUTO_TEST_CASE(producers_are_answered_429_while_paused) {
  served_here small{[](options& chosen) {
    chosen.pressure.pause_bytes = 100;
    chosen.pressure.resume_bytes = 50;
  }};
  small.post("/v1/events?stream=s", R"({"n":0})");
  small.post("/v1/consumers/slow/commit", R"({"position":1})");
  unsigned status = 200;
  for (int i = 1; i < 100000 && status == 200; ++i)
    status = small.post("/v1/events?stream=s", "{\"n\":" + std::to_string(i) + "}").status;
  BOOST_TEST(status == 429U);
  const auto told = small.post("/v1/events?stream=s", R"({"n":-1})");
  BOOST_TEST(told.retry_after().has_value());
  BOOST_TEST(code_of(small.json_of(told)) == "busy");
}

BOOST_FIXTURE_TEST_CASE(takes_the_place_of_a_dead_socket_only, scratch) {
  const auto at = path() / "s";
  {
    const auto first = http::listening_socket::open(at, 1);
    BOOST_TEST_REQUIRE(bool(first));
    struct stat found {};
    BOOST_TEST_REQUIRE(lstat(at.c_str(), &found) == 0);
    BOOST_TEST((found.st_mode & 0777U) == 0600U);
    BOOST_TEST((http::listening_socket::open(at, 1).error().code == fault_code::conflict));
  }
  BOOST_TEST(!std::filesystem::exists(at));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, at.c_str(), sizeof address.sun_path - 1);
  const int stale = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  BOOST_TEST_REQUIRE(::bind(stale, reinterpret_cast<const sockaddr*>(&address), sizeof address)
                     == 0);
  ::close(stale);
  BOOST_TEST(bool(http::listening_socket::open(at, 1)));
  std::filesystem::create_symlink(path() / "elsewhere", at);
  BOOST_TEST((http::listening_socket::open(at, 1).error().code == fault_code::invalid));
  BOOST_TEST((http::listening_socket::open(path() / std::string(200, 'x'), 1).error().code
              == fault_code::invalid));
}

BOOST_FIXTURE_TEST_CASE(says_where_it_is_and_what_it_found, served_here) {
  const auto lines = said.with([](const auto& all) { return all; });
  const auto has = [&](const std::string& text) {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const auto& line) { return line.find(text) != line.npos; });
  };
  BOOST_TEST(has("data:   " + (path() / "data").string()));
  BOOST_TEST(has("socket: " + (path() / "s").string()));
  BOOST_TEST(has("start: new store"));
  daemon_outlets outlets;
  outlets.signals = false;
  outlets.say = [](const std::string&) {};
  auto second = small_options(*this);
  second.door.socket = path() / "other";
  BOOST_TEST((run_daemon(second, outlets).error().code == fault_code::conflict));
  second.store.data = path() / "fresh";
  second.door.socket = path() / "s";
  BOOST_TEST((run_daemon(second, outlets).error().code == fault_code::conflict));
}

BOOST_AUTO_TEST_SUITE_END()
