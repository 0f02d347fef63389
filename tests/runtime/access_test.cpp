// SPDX-License-Identifier: Apache-2.0
// Who may ask what: hosts and origins to the letter, tokens, roles, and the order of the rules.
#include "runtime/http/access.hpp"

#include <boost/test/unit_test.hpp>

using namespace holdfast::http;

namespace {

using fields = std::map<std::string, std::string, std::less<>>;

const access_rules some_rules{
    {"holdfast.example"}, {"https://app.example", "http://localhost:3000"}, {1001}};

const arrival on_socket{peer{12, 1000}, "", true, {}};
const arrival on_loopback{
    std::nullopt, "127.0.0.1:4711", true, {"127.0.0.1:7878", "localhost:7878"}};

const arrival on_v6{std::nullopt, "[::1]:4711", true, {"[::1]:7878", "localhost:7878"}};

std::optional<token_holder> holder(std::string_view shown) {
  if (shown == "reading")
    return token_holder{"grafana", role::reads};
  if (shown == "operating")
    return token_holder{"ci", role::operates};
  return std::nullopt;
}

ruling asks(const arrival& came, const fields& headers, const asked_path& path = {},
            const std::string& method = "GET") {
  request head;
  head.method = method;
  head.headers = headers;
  return judge(head, came, some_rules, path, holder);
}

unsigned status(const ruling& made) {
  return made.refused ? made.refused->status : 200;
}

std::string header(const std::vector<std::pair<std::string, std::string>>& all,
                   std::string_view name) {
  for (const auto& [one, text] : all)
    if (one == name)
      return text;
  return "";
}

} // namespace

BOOST_AUTO_TEST_SUITE(admission)

BOOST_AUTO_TEST_CASE(serves_its_own_names_and_no_other) {
  struct row {
    const arrival* came;
    std::string host;
    unsigned expected;
  };
  for (const auto& [came, host, expected] : {
           row{&on_socket, "", 200},
           row{&on_socket, "localhost", 200},
           row{&on_socket, "holdfast", 200},
           row{&on_socket, "LOCALHOST", 200},
           row{&on_socket, "holdfast.example", 200},
           row{&on_socket, "evil.example", 403},
           row{&on_socket, "localhost:80", 403},
           row{&on_loopback, "127.0.0.1:7878", 200},
           row{&on_loopback, "LocalHost:7878", 200},
           row{&on_loopback, "holdfast.example", 200},
           row{&on_loopback, "", 403},
           row{&on_loopback, "localhost", 403},
           row{&on_loopback, "127.0.0.1:7879", 403},
           row{&on_loopback, "127.0.0.1:7878.evil.example", 403},
           row{&on_loopback, "evil.example", 403},
           row{&on_loopback, "holdfast.example.", 403},
           row{&on_loopback, "holdfast", 403},
           row{&on_loopback, "127.0.0.1:0", 403},
           row{&on_loopback, "127.0.0.1:07878", 403},
           row{&on_loopback, "127.0.0.1:", 403},
           row{&on_loopback, "127.0.0.1.:7878", 403},
           row{&on_loopback, "localhost.:7878", 403},
           row{&on_loopback, "localhost:7878.", 403},
           row{&on_loopback, "127.1:7878", 403},
           row{&on_loopback, "2130706433:7878", 403},
           row{&on_loopback, "0x7f.0.0.1:7878", 403},
           row{&on_loopback, "[::1]:7878", 403},
           row{&on_loopback, "[::ffff:127.0.0.1]:7878", 403},
           row{&on_loopback, "me@127.0.0.1:7878", 403},
           row{&on_loopback, "127.0.0.1:7878@evil.example", 403},
           row{&on_loopback, "127.0.0.1:7878, evil.example", 403},
           row{&on_loopback, "http://127.0.0.1:7878", 403},
           row{&on_loopback, "127.0.0.1:7878/", 403},
           row{&on_v6, "[::1]:7878", 200},
           row{&on_v6, "LOCALHOST:7878", 200},
           row{&on_v6, "[0:0:0:0:0:0:0:1]:7878", 403},
           row{&on_v6, "[::1%lo]:7878", 403},
           row{&on_v6, "[::1]", 403},
           row{&on_v6, "::1:7878", 403},
           row{&on_socket, "holdfast:0", 403},
           row{&on_socket, "localhost.", 403},
           row{&on_socket, "me@localhost", 403},
           row{&on_socket, "holdfast.example.", 403},
           row{&on_socket, "xholdfast", 403},
       })
    BOOST_TEST_CONTEXT("Host " << host) {
      BOOST_TEST(status(asks(*came, {{"host", host}, {"authorization", "Bearer reading"}}))
                 == expected);
    }
}

BOOST_AUTO_TEST_CASE(lets_pages_of_configured_origins_ask_and_no_other) {
  for (const std::string origin : {"https://app.example", "http://localhost:3000"}) {
    const auto made = asks(on_socket, {{"origin", origin}});
    BOOST_TEST(status(made) == 200U);
    const auto headers = origin_headers(origin);
    BOOST_TEST(header(headers, "Access-Control-Allow-Origin") == origin);
    BOOST_TEST(header(headers, "Vary") == "Origin");
  }
  for (const std::string origin : {"https://app.example:443",
                                   "http://app.example",
                                   "https://APP.example",
                                   "null",
                                   "*",
                                   "https://app.example.evil.example",
                                   "https://app.example/",
                                   " ",
                                   "NULL",
                                   "https://",
                                   "https://app.exampl",
                                   "https://app.example.",
                                   "https://xapp.example",
                                   "app.example",
                                   "wss://app.example",
                                   "file://",
                                   "https://me@app.example",
                                   "http://localhost",
                                   "http://localhost:30000",
                                   "http://localhost:3000 https://evil.example",
                                   "https://app.example,https://evil.example",
                                   "https://evil.example#https://app.example"}) {
    const auto made = asks(on_socket, {{"origin", origin}});
    BOOST_TEST(status(made) == 403U, origin);
    BOOST_TEST_REQUIRE(bool(made.refused));
    BOOST_TEST(header(made.refused->headers, "Access-Control-Allow-Origin") == "");
  }
  BOOST_TEST(origin_headers("").empty());
}

BOOST_AUTO_TEST_CASE(answers_a_preflight_without_a_token) {
  const asked_path path{role::operates, false, "GET, POST"};
  const fields asked{{"host", "localhost:7878"},
                     {"origin", "https://app.example"},
                     {"access-control-request-method", "POST"}};
  const auto made = asks(on_loopback, asked, path, "OPTIONS");
  BOOST_TEST(status(made) == 204U);
  BOOST_TEST(header(made.refused->headers, "Access-Control-Allow-Methods") == "GET, POST");
  BOOST_TEST(header(made.refused->headers, "Access-Control-Allow-Origin") == "https://app.example");
  BOOST_TEST(status(asks(on_loopback, asked, {}, "OPTIONS")) == 404U);
  auto foreign = asked;
  foreign["origin"] = "https://evil.example";
  BOOST_TEST(status(asks(on_loopback, foreign, path, "OPTIONS")) == 403U);
}

BOOST_AUTO_TEST_CASE(wants_a_token_on_tcp_and_looks_at_its_role) {
  const asked_path nothing{};
  const asked_path reading{role::reads, false, "GET"};
  const asked_path changing{role::operates, false, "POST"};
  const asked_path probe{role::reads, true, "GET"};
  struct row {
    std::string authorization;
    const asked_path* path;
    unsigned expected;
  };
  for (const auto& [authorization, path, expected] : {
           row{"", &reading, 401},
           row{"", &nothing, 401},
           row{"", &probe, 200},
           row{"Bearer wrong", &probe, 401},
           row{"Bearer wrong", &reading, 401},
           row{"Bearer ", &reading, 401},
           row{"Basic operating", &reading, 401},
           row{"Beareroperating", &reading, 401},
           row{"Bearer operating,", &reading, 401},
           row{"Bearer reading", &reading, 200},
           row{"bearer   reading", &reading, 200},
           row{"Bearer reading", &changing, 403},
           row{"Bearer operating", &changing, 200},
       })
    BOOST_TEST_CONTEXT("Authorization: " << authorization << ", methods " << path->methods) {
      const auto made =
          asks(on_loopback, {{"host", "localhost:7878"}, {"authorization", authorization}}, *path);
      BOOST_TEST(status(made) == expected);
      if (expected == 401)
        BOOST_TEST(header(made.refused->headers, "WWW-Authenticate").starts_with("Bearer"));
      if (made.refused)
        BOOST_TEST(made.refused->body.find("wrong") == std::string::npos);
    }
  auto afar = on_loopback;
  afar.loopback = false;
  BOOST_TEST(status(asks(afar, {{"host", "localhost:7878"}}, probe)) == 401U);
}

BOOST_AUTO_TEST_CASE(knows_users_that_may_only_read) {
  const asked_path changing{role::operates, false, "POST"};
  BOOST_TEST(status(asks(on_socket, {}, changing)) == 200U);
  auto reader = on_socket;
  reader.process = peer{12, 1001};
  const auto refused = asks(reader, {}, changing);
  BOOST_TEST(status(refused) == 403U);
  BOOST_TEST(refused.refused->body.find("uid 1001 pid 12 may only read") != std::string::npos);
  BOOST_TEST(status(asks(reader, {}, {role::reads, false, "GET"})) == 200U);
  // A token says nothing on the Unix socket: the kernel knows better who that is.
  BOOST_TEST(status(asks(reader, {{"authorization", "Bearer operating"}}, changing)) == 403U);
}

BOOST_AUTO_TEST_SUITE_END()
