// SPDX-License-Identifier: Apache-2.0
// What hostile and broken clients send: each gets its refusal, nobody else pays for it.
#include "runtime/http/request_reader.hpp"
#include "tests/runtime/bare_server.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace holdfast;
using namespace std::chrono_literals;

namespace {

struct attack {
  std::string bytes;
  unsigned status;
};

std::string line_of(unsigned status) {
  return "HTTP/1.1 " + std::to_string(status) + " ";
}

/// Says it on a fresh connection, followed by a request that must not be found in it.
void expect_refused(bare_server& served, const attack& one) {
  BOOST_TEST_CONTEXT(one.bytes.substr(0, 200)) {
    const talker client{served.socket()};
    client.say(one.bytes + "GET /smuggled HTTP/1.1\r\n\r\n");
    const auto heard = client.hear(); // until it is closed
    BOOST_TEST(heard.starts_with(line_of(one.status)), heard);
    BOOST_TEST(heard.find("Connection: close\r\n") != heard.npos);
    BOOST_TEST(heard.find("Server:") == heard.rfind("Server:")); // one answer
  }
}

void expect_all_refused(const std::vector<attack>& all) {
  bare_server served;
  for (const auto& one : all)
    expect_refused(served, one);
  BOOST_TEST(served.handled().empty());
  const talker honest{served.socket()};
  honest.say("GET /a HTTP/1.1\r\nConnection: close\r\n\r\n");
  BOOST_TEST(honest.hear().ends_with("GET /a "));
}

std::string post(const std::string& fields, const std::string& body = {}) {
  return "POST /a HTTP/1.1\r\n" + fields + "\r\n" + body;
}

} // namespace

BOOST_AUTO_TEST_SUITE(door_attack)

BOOST_AUTO_TEST_CASE(two_readers_cannot_disagree_about_where_a_request_ends) {
  const std::string length = "Content-Length: 5\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const std::string body = "5\r\nabcde\r\n0\r\n\r\n";
  expect_all_refused({
      {post(length + chunked, body), 400},
      {post(chunked + length, body), 400},
      {post(length + length, "abcde"), 400},
      {post(length + "Content-Length: 6\r\n", "abcde"), 400},
      {post("Content-Length: 5, 5\r\n", "abcde"), 400},
      {post("Content-Length: 5,\r\n", "abcde"), 400},
      {post("Content-Length: +5\r\n", "abcde"), 400},
      {post("Content-Length: -5\r\n", "abcde"), 400},
      {post("Content-Length: 0x5\r\n", "abcde"), 400},
      {post("Content-Length: 5 5\r\n", "abcde"), 400},
      {post("Content-Length: \r\n", "abcde"), 400},
      {post("Content-Length: 99999999999999999999\r\n", "abcde"), 400},
      {post(chunked + chunked, body), 400},
      {post("Transfer-Encoding: identity\r\n", body), 400},
      {post("Transfer-Encoding: chunked, identity\r\n", body), 400},
      {post("Transfer-Encoding: gzip, chunked\r\n", body), 400},
      {post("Transfer-Encoding: chunked, chunked\r\n", body), 400},
      {post("Transfer-Encoding: xchunked\r\n", body), 400},
      {post("Transfer-Encoding: \"chunked\"\r\n", body), 400},
      {post("Transfer-Encoding: chunked;q=1\r\n", body), 400},
      {post("Transfer-Encoding:\r\n", body), 400},
      {post("Transfer-Encoding : chunked\r\n", body), 400},
      {post("Transfer-Encoding\r\n: chunked\r\n", body), 400},
      {"POST /a HTTP/1.0\r\n" + chunked + "\r\n" + body, 400},
      {post("Host: a\r\nHost: b\r\n"), 400},
      {post("Authorization: Bearer a\r\nauthorization: Bearer b\r\n"), 400},
      {post("Origin: http://a\r\nOrigin: http://b\r\n"), 400},
      {post("Expect: the-unexpected\r\n" + length, "abcde"), 417},
  });
}

BOOST_AUTO_TEST_CASE(lines_are_lines_and_nothing_hides_in_them) {
  const std::string zero(1, '\0');
  expect_all_refused({
      {"GET /a HTTP/1.1\n\n", 400},
      {"GET /a HTTP/1.1\r\nHost: a\n\r\n", 400},
      {"GET /a HTTP/1.1\nHost: a\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\n A: b\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nA: b\rC: d\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nA: b\r\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nA: b" + zero + "\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nA" + zero + ": b\r\n\r\n", 400},
      {"GET /a" + zero + " HTTP/1.1\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nA: \x01\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nA: \x7f\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nA b\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\n: b\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nA(: b\r\n\r\n", 400},
      {"GET /a\r\n", 400}, // HTTP/0.9
      {"GET /a\r\n\r\n", 400},
      {"\r\nGET /a HTTP/1.1\r\n\r\n", 400},
      {" GET /a HTTP/1.1\r\n\r\n", 400},
      {"GET  /a HTTP/1.1\r\n\r\n", 400},
      {"GET /a  HTTP/1.1\r\n\r\n", 400},
      {"GET /a b HTTP/1.1\r\n\r\n", 400},
      {"GET\t/a HTTP/1.1\r\n\r\n", 400},
      {"GET a HTTP/1.1\r\n\r\n", 400},
      {"GET http://a/b HTTP/1.1\r\n\r\n", 400},
      {"CONNECT a:1 HTTP/1.1\r\n\r\n", 400},
      {"GET /a?%zz HTTP/1.1\r\n\r\n", 400},
      {"GET /a http/1.1\r\n\r\n", 400},
      {"GET /a HTTP/1.2\r\n\r\n", 505},
      {"GET /a HTTP/1.10\r\n\r\n", 505},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"\x16\x03\x01\x02", 400}, // TLS
  });
}

BOOST_AUTO_TEST_CASE(chunks_are_what_they_say) {
  const auto chunks = [](const std::string& body) {
    return post("Transfer-Encoding: chunked\r\n", body);
  };
  expect_all_refused({
      {chunks("g\r\n"), 400},
      {chunks("-1\r\n"), 400},
      {chunks(" 5\r\nabcde\r\n0\r\n\r\n"), 400},
      {chunks("0x5\r\nabcde\r\n0\r\n\r\n"), 400},
      {chunks("5\nabcde\n0\n\n\r\n"), 400},
      {chunks("5\r\nabcdeX\r\n0\r\n\r\n"), 400},
      {chunks("5\r\nabcde0\r\n\r\n"), 400},
      {chunks("5;a\nb\r\nabcde\r\n0\r\n\r\n"), 400},
      {chunks("\r\n"), 400},
      {chunks(";a=b\r\n"), 400},
      {chunks("FFFFFFFFFFFFFFFFF\r\n"), 400},
      {chunks("FFFFFFFFFFFFFFFF\r\n"), 413},
      {chunks("186A1\r\n"), 413}, // one byte more than is allowed
      {chunks("5;" + std::string(100'000, 'x')), 400},
      {chunks("0\r\n" + std::string(100'000, 'x')), 400},
      {chunks("0\r\nContent-Length: 5\r\n\r\n"), 400},
  });
  bare_server served;
  const talker client{served.socket()};
  client.say(chunks("5;name=\"value\"\r\nabcde\r\n3\r\nfgh\r\n0\r\nTrailer: x\r\n\r\n"));
  client.say("GET /b HTTP/1.1\r\nConnection: close\r\n\r\n");
  const auto heard = client.hear();
  BOOST_TEST(heard.find("POST /a abcdefgh") != heard.npos);
  BOOST_TEST(heard.ends_with("GET /b "));
}

// A chunked body whose last chunk came in two pieces ended the daemon by an assertion of the
// parser.
BOOST_AUTO_TEST_CASE(a_body_that_drips_in_is_read_like_any_other) {
  using state = http::request_reader::state;
  for (const std::string body : {"0\r\n\r\n", "1\r\na\r\n0\r\n\r\n", "0\r\nA: b\r\n\r\n"})
    for (std::size_t step = 1; step < body.size(); ++step) {
      http::request_reader reader{{}};
      auto now = state::nothing;
      const auto all = post("Transfer-Encoding: chunked\r\n", body);
      for (std::size_t at = 0; at < all.size(); at += step) {
        const auto piece = all.substr(at, step);
        std::copy(piece.begin(), piece.end(), reader.room().begin());
        now = reader.took(piece.size());
        if (now == state::head)
          now = reader.allow_body(100);
      }
      BOOST_TEST((now == state::whole));
    }
}

BOOST_AUTO_TEST_CASE(sizes_end_at_their_limit) {
  std::string fields;
  for (int i = 0; i < 101; ++i)
    fields += "A" + std::to_string(i) + ": b\r\n";
  expect_all_refused({
      {"GET /a HTTP/1.1\r\n" + fields + "\r\n", 431},
      {"GET /a HTTP/1.1\r\nA: " + std::string(20'000, 'x'), 431},
      {"GET /" + std::string(9'000, 'x'), 414},
      {std::string(9'000, 'x'), 414},
      {post("Content-Length: 100001\r\n"), 413},
      {post("Content-Length: 100001\r\nExpect: 100-continue\r\n"), 413},
      {post("Transfer-Encoding: chunked\r\n",
            "186A0\r\n" + std::string(100'000, 'x') + "\r\n1\r\n"),
       413},
  });
}

BOOST_AUTO_TEST_CASE(requests_sent_ahead_are_answered_in_order) {
  bare_server served;
  const talker client{served.socket()};
  std::string all;
  for (int i = 0; i < 500; ++i)
    all += post("Content-Length: 3\r\n", std::to_string(100 + i));
  client.say(all + "GET /last HTTP/1.1\r\nConnection: close\r\n\r\n");
  const auto heard = client.hear();
  std::size_t at = 0;
  for (int i = 0; i < 500 && at != heard.npos; ++i)
    at = heard.find("POST /a " + std::to_string(100 + i), at);
  BOOST_TEST(at != heard.npos);
  BOOST_TEST(heard.ends_with("GET /last "));
}

BOOST_AUTO_TEST_CASE(a_refusal_before_the_body_reads_none_of_it) {
  bare_server served;
  const talker client{served.socket()};
  client.say("POST /forbidden HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde");
  BOOST_TEST(client.hear().starts_with(line_of(403)));
  const talker waits{served.socket()};
  waits.say("POST /forbidden HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  BOOST_TEST(waits.hear().starts_with(line_of(403)));
  const talker asks{served.socket()};
  asks.say("GET /forbidden HTTP/1.1\r\n\r\nGET /a HTTP/1.1\r\nConnection: close\r\n\r\n");
  const auto heard = asks.hear();
  BOOST_TEST(heard.starts_with(line_of(403)));
  BOOST_TEST(heard.ends_with("GET /a ")); // nothing was in doubt, so the connection stayed
  const talker invited{served.socket()};
  invited.say("POST /a HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  BOOST_TEST(invited.hear("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  invited.say("abcde");
  BOOST_TEST(invited.hear("abcde").ends_with("POST /a abcde"));
}

BOOST_AUTO_TEST_CASE(two_hundred_slow_clients_cost_a_fast_one_nothing) {
  bare_server served{[](http::server_settings& chosen) { chosen.header_deadline = 500ms; }};
  const talker fast{served.socket()};
  std::vector<talker> slow;
  for (int i = 0; i < 200; ++i) {
    slow.emplace_back(served.socket());
    slow.back().say("GET /slow HTTP/1.1\r\nHo");
  }
  fast.say("GET /fast HTTP/1.1\r\n\r\n");
  BOOST_TEST(fast.hear("/fast ").ends_with("GET /fast "));
  for (const auto& one : slow)
    BOOST_TEST(one.hear().empty());
  BOOST_TEST(served.rejected("deadline") == 200);
  fast.say("GET /again HTTP/1.1\r\n\r\n");
  BOOST_TEST(fast.hear("/again ").ends_with("GET /again "));
  BOOST_TEST(served.handled().size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_client_that_does_not_read_its_answer_is_cut) {
  bare_server served{[](http::server_settings& chosen) { chosen.request_deadline = 200ms; },
                     [](const http::request&) {
                       http::response made;
                       made.body = std::string(20'000'000, 'x');
                       return made;
                     }};
  const talker client{served.socket()};
  client.say("GET /a HTTP/1.1\r\n\r\n");
  BOOST_TEST(
      served.comes([](const server_news& all) { return all.rejected.contains("deadline"); }));
  BOOST_TEST(client.hear().size() < 20'000'000U);
}

BOOST_AUTO_TEST_CASE(a_flood_of_connections_is_told_or_cut_and_the_first_stay) {
  bare_server served{[](http::server_settings& chosen) { chosen.connections_max = 8; }};
  std::vector<talker> first;
  for (int i = 0; i < 8; ++i) {
    first.emplace_back(served.socket());
    first.back().say("GET /first HTTP/1.1\r\n\r\n");
    BOOST_TEST(first.back().hear("/first ").ends_with("GET /first "));
  }
  std::vector<talker> flood;
  for (int i = 0; i < 100; ++i)
    flood.emplace_back(served.socket());
  int told = 0;
  for (auto& one : flood) {
    const auto heard = one.hear();
    BOOST_TEST((heard.empty() || heard.starts_with(line_of(503))));
    told += heard.empty() ? 0 : 1;
    one.hang_up();
  }
  BOOST_TEST(told >= 1);
  BOOST_TEST(served.rejected("connections") == 100);
  BOOST_TEST(served.door->connections() <= 24U);
  for (const auto& one : first) {
    one.say("GET /still HTTP/1.1\r\n\r\n");
    BOOST_TEST(one.hear("/still ").ends_with("GET /still "));
  }
}

BOOST_AUTO_TEST_CASE(an_answer_cannot_be_made_to_hold_a_second_one) {
  bare_server served{{}, [](const http::request&) {
                       http::response made;
                       made.headers.emplace_back("Holdfast-Name",
                                                 "a\r\nSet-Cookie: b\r\n\r\nHTTP/1.1");
                       return made;
                     }};
  const talker client{served.socket()};
  client.say("GET /a HTTP/1.1\r\nConnection: close\r\n\r\n");
  const auto heard = client.hear();
  BOOST_TEST(heard.find("\r\nSet-Cookie") == heard.npos);
  BOOST_TEST(heard.find("Holdfast-Name: a??Set-Cookie: b????HTTP/1.1\r\n") != heard.npos);
}

BOOST_AUTO_TEST_CASE(what_a_handler_throws_stays_here) {
  bare_server served{
      {}, [](const http::request&) -> http::response { throw std::runtime_error{"the secret"}; }};
  const talker client{served.socket()};
  client.say("GET /a HTTP/1.1\r\nConnection: close\r\n\r\n");
  const auto heard = client.hear();
  BOOST_TEST(heard.starts_with(line_of(500)));
  BOOST_TEST(heard.find("secret") == heard.npos);
  BOOST_TEST(heard.find("incident-1") != heard.npos);
  const auto failed = served.news.with([](const server_news& all) { return all.failed; });
  BOOST_TEST_REQUIRE(failed.size() == 1U);
  BOOST_TEST(failed.front() == "incident-1: the secret");
}

BOOST_AUTO_TEST_SUITE_END()
