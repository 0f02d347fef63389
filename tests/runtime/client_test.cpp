// SPDX-License-Identifier: Apache-2.0
// The client against a server that follows a script: pieces, early answers, and broken connections.
#include "runtime/http/client.hpp"
#include "runtime/http/socket.hpp"
#include "runtime/os/threads.hpp"
#include "tests/support/expect.hpp"

#include <boost/test/unit_test.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

using namespace holdfast;
using holdfast::testing::code_of;
using holdfast::testing::good;

namespace {

/// What the server does with one connection.
using script = std::function<void(int)>;

/// Reads until the text is there, or the end.
std::string hear_until(int from, const std::string& text) {
  std::string heard;
  char letter = 0;
  while (heard.find(text) == heard.npos && ::recv(from, &letter, 1, 0) == 1)
    heard += letter;
  return heard;
}

void say(int to, const std::string& text) {
  std::ignore = ::send(to, text.data(), text.size(), MSG_NOSIGNAL);
}

const std::string fine = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine";

struct scripted : holdfast::testing::temporary {
  ~scripted() {
    ::shutdown(at, SHUT_RDWR); // ends a wait that no test came to end
    thread.join();
    ::close(at);
  }

  /// One connection after the other; each is closed when its script ends.
  void serve(std::vector<script> scripts) {
    listening.emplace(good(http::listening_socket::open(path / "s", 5)));
    at = listening->release();
    thread = os::named_thread{"scripted", [this, scripts] {
                                for (const auto& play : scripts) {
                                  pollfd somebody{at, POLLIN, 0};
                                  ::poll(&somebody, 1, -1);
                                  const int one = ::accept(at, nullptr, nullptr);
                                  if (one < 0)
                                    return;
                                  play(one);
                                  ::close(one);
                                }
                              }};
  }

  http::client_settings here() const { return {.socket = path / "s"}; }
  std::optional<http::listening_socket> listening;
  int at = -1;
  os::named_thread thread;
};

const http::outgoing ask{.method = "GET", .target = "/livez", .headers = {}, .body = {}};

} // namespace

BOOST_FIXTURE_TEST_SUITE(client, scripted)

BOOST_AUTO_TEST_CASE(takes_answers_that_come_in_pieces_over_one_connection) {
  serve({[](int one) {
    hear_until(one, "\r\n\r\n");
    for (const auto letter : fine)
      say(one, {letter});
    BOOST_TEST(
        hear_until(one, "body").starts_with("POST /v1/events HTTP/1.1\r\nHost: localhost\r\n"));
    say(one, "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nTransfer-Encoding: chunked\r\n\r\n");
    say(one, "2\r\nno\r\n");
    say(one, "0\r\n\r\n");
  }});
  http::client asking{here()};
  const auto first = good(asking.exchange(ask));
  BOOST_TEST(first.status == 200U);
  BOOST_TEST(first.body == "fine");
  const auto second = good(asking.exchange(
      {.method = "POST", .target = "/v1/events", .headers = {{"A", "b"}}, .body = "body"}));
  BOOST_TEST(second.status == 429U);
  BOOST_TEST(second.body == "no");
  BOOST_TEST(second.retry_after().value().count() == 7);
}

BOOST_AUTO_TEST_CASE(asks_again_when_the_connection_it_kept_was_closed) {
  const auto once = [](int one) {
    hear_until(one, "\r\n\r\n");
    say(one, fine);
  };
  const auto not_at_all = [&](int one) {
    once(one);
    hear_until(one, "\r\n\r\n"); // heard, but closed without a word
  };
  serve({once, not_at_all, once});
  http::client asking{here()};
  for (int i = 0; i < 3; ++i)
    BOOST_TEST(good(asking.exchange(ask)).body == "fine");
}

BOOST_AUTO_TEST_CASE(hears_a_refusal_that_comes_before_the_whole_body_is_sent) {
  serve({[](int one) {
           hear_until(one, "\r\n\r\n");
           say(one, "HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n");
         },
         [](int one) {
           hear_until(one, "\r\n\r\n");
           say(one, fine);
         }});
  http::client asking{here()};
  const std::string large(16U << 20U, 'x');
  BOOST_TEST(
      good(asking.exchange({.method = "POST", .target = "/", .headers = {}, .body = large})).status
      == 413U);
  BOOST_TEST(good(asking.exchange(ask)).body == "fine"); // over a new connection
}

BOOST_AUTO_TEST_CASE(tells_what_is_wrong_with_an_answer) {
  struct row {
    std::string said;
    fault_code expected;
  };
  const row rows[] = {
      {"", fault_code::unreachable},
      {"SSH-2.0-x\r\n\r\n", fault_code::unreachable},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfine", fault_code::unreachable},
      {"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", fault_code::invalid},
      {"HTTP/1.1 200 OK\r\n\r\n" + std::string(99, 'x'), fault_code::invalid},
  };
  std::vector<script> scripts;
  for (const auto& one : rows)
    scripts.emplace_back(
        [said = one.said](int to) { // outlives the rows: nobody awaits the last one
          hear_until(to, "\r\n\r\n");
          say(to, said);
        });
  serve(std::move(scripts));
  auto limited = here();
  limited.body_bytes_max = 50;
  for (const auto& [said, expected] : rows)
    BOOST_TEST_CONTEXT(said) {
      http::client asking{limited};
      BOOST_TEST((code_of(asking.exchange(ask)) == expected));
    }
}

BOOST_AUTO_TEST_CASE(waits_no_longer_than_it_may) {
  serve({[](int one) { hear_until(one, "never"); }});
  auto hurried = here();
  hurried.deadline = std::chrono::milliseconds{1};
  http::client asking{hurried};
  BOOST_TEST((code_of(asking.exchange(ask)) == fault_code::timed_out));
}

BOOST_AUTO_TEST_CASE(says_that_nobody_listens) {
  for (const auto& where : {path / "none", path / std::string(200, 'x')})
    BOOST_TEST((code_of(http::client{{.socket = where}}.exchange(ask)) == fault_code::unreachable));
}

BOOST_AUTO_TEST_SUITE_END()
