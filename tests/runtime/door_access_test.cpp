// SPDX-License-Identifier: Apache-2.0
// Who gets in through a real door on TCP: tokens as their file changes, hosts, pages, roles.
#include "tests/runtime/guarded_door.hpp"

using namespace holdfast;

BOOST_AUTO_TEST_SUITE(door_access)

BOOST_FIXTURE_TEST_CASE(a_role_is_what_a_token_may_do, guarded_door) {
  const std::string json = "Content-Type: application/json\r\n";
  BOOST_TEST(status("GET /v1/status", "") == 401U);
  BOOST_TEST(status("GET /v1/nothing", "") == 401U);
  BOOST_TEST(status("GET /v1/status", std::string(32, 'x')) == 401U);
  BOOST_TEST(status("GET /v1/status", reading) == 200U);
  BOOST_TEST(status("GET /metrics", "") == 401U);
  BOOST_TEST(status("GET /livez", "") == 200U);
  BOOST_TEST(status("GET /readyz", "") == 200U);
  BOOST_TEST(status("POST /v1/events?stream=s", reading, json, "{}") == 403U);
  BOOST_TEST(status("POST /v1/events?stream=s", operating, json, "{}") == 200U);
  const auto metrics = get("/metrics").body;
  BOOST_TEST(metrics.find("holdfast_http_rejected_total{cause=\"token\"} 4") != metrics.npos);
}

BOOST_FIXTURE_TEST_CASE(tokens_change_under_a_running_door, guarded_door) {
  const std::string newer(32, 'n');
  write_tokens("ci operator " + newer + "\n");
  // The file is looked at every second; a minute is more than it takes.
  const auto until = os::steady_now() + std::chrono::minutes{1};
  while (status("GET /v1/status", newer) != 200U && os::steady_now() < until)
    continue;
  BOOST_TEST(status("GET /v1/status", newer) == 200U);
  BOOST_TEST(status("GET /v1/status", operating) == 401U);
}

BOOST_FIXTURE_TEST_CASE(a_page_asks_only_from_its_configured_origin, guarded_door) {
  const auto told = asks("GET /v1/status", reading, "Origin: https://app.example\r\n");
  BOOST_TEST(told.find("Access-Control-Allow-Origin: https://app.example\r\n") != told.npos);
  BOOST_TEST(told.find("Vary: Origin\r\n") != told.npos);
  const auto none = asks("GET /v1/nothing", reading, "Origin: https://app.example\r\n");
  BOOST_TEST(none.starts_with("HTTP/1.1 404"));
  BOOST_TEST(none.find("Access-Control-Allow-Origin") != none.npos);
  BOOST_TEST(status("GET /v1/status", reading, "Origin: https://evil.example\r\n") == 403U);
  const auto preflight = asks("OPTIONS /v1/events", "",
                              "Origin: https://app.example\r\n"
                              "Access-Control-Request-Method: POST\r\n");
  BOOST_TEST(preflight.starts_with("HTTP/1.1 204"));
  BOOST_TEST(preflight.find("Access-Control-Allow-Methods: POST, GET") != preflight.npos,
             preflight);
}

BOOST_AUTO_TEST_CASE(a_door_without_a_good_token_file_does_not_open) {
  struct row {
    std::string text;
    std::filesystem::perms may;
    fault_code expected;
  };
  scratch place;
  for (const auto& [text, may, expected] :
       {row{"", std::filesystem::perms(0600), fault_code::invalid},
        row{"ci admin " + operating, std::filesystem::perms(0600), fault_code::invalid},
        row{"ci operator " + operating, std::filesystem::perms(0644), fault_code::denied}}) {
    auto chosen = small_options(place);
    chosen.door.socket = place.path() / "s";
    chosen.door.tcp = {"127.0.0.1:0"};
    chosen.door.tokens = place.path() / "tokens";
    std::ofstream{chosen.door.tokens} << text;
    std::filesystem::permissions(chosen.door.tokens, may);
    daemon_outlets outlets;
    outlets.signals = false;
    outlets.say = [](const std::string&) {};
    const auto ended = run_daemon(chosen, outlets);
    BOOST_TEST_REQUIRE(!ended);
    BOOST_TEST((ended.error().code == expected), ended.error().what);
    BOOST_TEST(ended.error().what.find(chosen.door.tokens.string()) != std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
