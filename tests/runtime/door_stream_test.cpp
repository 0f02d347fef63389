// SPDX-License-Identifier: Apache-2.0
// Answers that go on: one piece at a time, for as long as the client reads.
#include "runtime/os/host.hpp"
#include "runtime/os/threads.hpp"
#include "tests/runtime/bare_server.hpp"

#include <boost/test/unit_test.hpp>

#include <malloc.h>
#include <sys/resource.h>

#include <deque>
#include <optional>
#include <string>
#include <vector>

using namespace holdfast;
using namespace std::chrono_literals;

namespace {

using take_piece = std::function<void(std::optional<std::string>)>;

/// A body whose pieces the test gives.
class by_the_test : public http::piece_source {
public:
  void next(take_piece take) override {
    seen.change([&](news& all) {
      ++all.asked;
      all.owed = std::move(take);
    });
  }

  void end(std::string_view why) override {
    take_piece owed;
    seen.change([&](news& all) {
      all.ends.emplace_back(why);
      owed = std::exchange(all.owed, nullptr);
    });
    if (owed && why == "stopping")
      owed("last words");
  }

  /// Waits until the server asks, and gives it that.
  void give(std::optional<std::string> piece) {
    take_piece owed;
    wait([](const news& all) { return bool(all.owed); });
    seen.change([&](news& all) { owed = std::exchange(all.owed, nullptr); });
    owed(std::move(piece));
  }

  struct news {
    int asked = 0;
    take_piece owed;
    std::vector<std::string> ends;
  };

  void wait(const std::function<bool(const news&)>& so) const {
    BOOST_TEST_REQUIRE(seen.wait_until(os::steady_now() + 1min, so));
  }
  std::vector<std::string> ends() const {
    return seen.with([](const news& all) { return all.ends; });
  }

  os::guarded<news> seen;
};

/// A body without an end.
class endless : public http::piece_source {
public:
  explicit endless(std::size_t bytes, std::shared_ptr<os::guarded<int>> ended)
      : bytes_{bytes}, ended_{std::move(ended)} {}
  void next(take_piece take) override { take(std::string(bytes_, 'x')); }
  void end(std::string_view why) override {
    if (why == "it does not read")
      ended_->change([](int& all) { ++all; });
  }

private:
  std::size_t bytes_;
  std::shared_ptr<os::guarded<int>> ended_;
};

http::response streaming(std::shared_ptr<http::piece_source> source) {
  http::response made;
  made.media_type = "text/event-stream";
  made.stream = std::move(source);
  return made;
}

/// A server that answers everything with one stream.
struct stream_server {
  explicit stream_server(const bare_server::change& changed = {})
      : served{changed, [this](const http::request&) { return streaming(source); }} {}

  std::shared_ptr<by_the_test> source = std::make_shared<by_the_test>();
  bare_server served;
};

const std::string ask = "GET /follow HTTP/1.1\r\n\r\n";

} // namespace

BOOST_AUTO_TEST_SUITE(door_stream)

BOOST_FIXTURE_TEST_CASE(sends_each_piece_as_a_chunk_and_asks_for_one_at_a_time, stream_server) {
  const talker client{served.socket()};
  client.say(ask);
  source->give("one");
  const auto head = client.hear("3\r\none\r\n");
  BOOST_TEST(head.starts_with("HTTP/1.1 200 OK\r\n"));
  BOOST_TEST(head.find("Transfer-Encoding: chunked\r\n") != head.npos);
  BOOST_TEST(head.find("Content-Length") == head.npos);
  source->give(""); // nothing to say is not the end
  source->give("and two");
  BOOST_TEST(client.hear("two\r\n") == "7\r\nand two\r\n");
  BOOST_TEST(served.door->streams() == 1U);
  source->give(std::nullopt);
  BOOST_TEST(client.hear() == "0\r\n\r\n");
  BOOST_TEST(source->seen.with([](const auto& all) { return all.asked; }) == 4);
  BOOST_TEST(source->ends().empty());
  BOOST_TEST(served.door->streams() == 0U);
}

BOOST_FIXTURE_TEST_CASE(gives_an_old_client_the_bare_bytes, stream_server) {
  const talker client{served.socket()};
  client.say("GET /follow HTTP/1.0\r\n\r\n");
  source->give("one");
  source->give(std::nullopt);
  const auto heard = client.hear();
  BOOST_TEST(heard.find("Transfer-Encoding") == heard.npos);
  BOOST_TEST(heard.ends_with("\r\n\r\none"));
}

BOOST_FIXTURE_TEST_CASE(gives_only_the_head_where_only_that_is_asked_for, stream_server) {
  const talker client{served.socket()};
  client.say("HEAD /follow HTTP/1.1\r\n\r\n");
  const auto heard = client.hear();
  BOOST_TEST(heard.ends_with("\r\n\r\n"));
  BOOST_TEST(heard.find("Content-Length") == heard.npos);
  BOOST_TEST(source->ends().size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(notices_while_nothing_happens_that_the_client_has_gone, stream_server) {
  talker client{served.socket()};
  client.say(ask);
  source->wait([](const auto& all) { return all.asked == 1; });
  client.hang_up();
  source->wait([](const auto& all) { return !all.ends.empty(); });
  BOOST_TEST(source->ends().front() == "the client is gone");
  BOOST_TEST(served.door->streams() == 0U);
}

BOOST_FIXTURE_TEST_CASE(cuts_a_client_that_talks_instead_of_listening, stream_server) {
  const talker client{served.socket()};
  client.say(ask);
  source->wait([](const auto& all) { return all.asked == 1; });
  client.say(std::string(100'000, 'x'));
  source->wait([](const auto& all) { return !all.ends.empty(); });
}

BOOST_FIXTURE_TEST_CASE(a_stop_gets_the_last_piece_out, stream_server) {
  const talker client{served.socket()};
  client.say(ask);
  source->give("one");
  client.hear("one\r\n");
  source->wait([](const auto& all) { return bool(all.owed); });
  os::named_thread stops{"stops", [this] { served.door->stop(1min); }};
  BOOST_TEST(client.hear("words\r\n") == "a\r\nlast words\r\n");
  source->give(std::nullopt);
  BOOST_TEST(client.hear() == "0\r\n\r\n");
  stops.join();
  BOOST_TEST((source->ends() == std::vector<std::string>{"stopping"}));
}

BOOST_AUTO_TEST_CASE(a_stop_lets_answers_end_and_cuts_what_does_not) {
  os::guarded<std::vector<http::answer>> waiting;
  const auto source = std::make_shared<by_the_test>();
  bare_server served;
  http::server_settings chosen;
  chosen.socket = served.path() / "t";
  chosen.allows = [](const http::peer&) { return true; };
  http::server_owner owner;
  owner.admit = [](auto&, const auto&) { return std::nullopt; };
  owner.body_max = [](const auto&) { return std::uint64_t{0}; };
  owner.handle = [&](const auto&, http::answer take) {
    waiting.change([&](auto& all) { all.push_back(std::move(take)); });
  };
  owner.rejected = [](http::rejection) {};
  auto made = http::server::open(chosen, owner);
  BOOST_TEST_REQUIRE(bool(made));
  auto& door = **made;
  const talker asks{chosen.socket.string()};
  const talker stays{chosen.socket.string()};
  const talker idle{chosen.socket.string()};
  asks.say("GET /a HTTP/1.1\r\n\r\n");
  waiting.wait([](const auto& all) { return all.size() == 1; });
  stays.say("GET /b HTTP/1.1\r\n\r\n");
  waiting.wait([](const auto& all) { return all.size() == 2; });
  std::size_t cut = 0;
  os::named_thread stops{"stops", [&] { cut = door.stop(500ms); }};
  BOOST_TEST(idle.hear().empty()); // at once: it waits for nothing
  waiting.with([](const auto& all) { all.front()({}); });
  BOOST_TEST(asks.hear().find("Connection: close") != std::string::npos);
  BOOST_TEST(stays.hear().empty());
  stops.join();
  BOOST_TEST(cut == 1U);
  const talker late{chosen.socket.string()};
  BOOST_TEST(!late.connected);
}

BOOST_AUTO_TEST_CASE(one_stream_too_many_is_told_so) {
  stream_server one{[](http::server_settings& chosen) { chosen.streams_max = 1; }};
  const talker first{one.served.socket()};
  first.say(ask);
  one.source->give("one");
  first.hear("one\r\n");
  const talker second{one.served.socket()};
  second.say("GET /follow HTTP/1.1\r\nConnection: close\r\n\r\n");
  BOOST_TEST(second.hear().starts_with("HTTP/1.1 503 "));
  BOOST_TEST(one.served.rejected("streams") == 1);
  BOOST_TEST(one.source->ends().front() == "too many streams");
}

BOOST_AUTO_TEST_CASE(a_hundred_followers_that_never_read_are_dropped) {
  const auto ended = std::make_shared<os::guarded<int>>(0);
  bare_server served{[](http::server_settings& chosen) {
                       chosen.streams_max = 200;
                       chosen.stream_stall = 300ms;
                     },
                     [&](const http::request& asked) {
                       return asked.path == "/follow"
                                  ? streaming(std::make_shared<endless>(65536, ended))
                                  : http::response{};
                     }};
  std::vector<talker> followers;
  for (int i = 0; i < 100; ++i) {
    followers.emplace_back(served.socket());
    followers.back().say(ask);
  }
  const talker other{served.socket()};
  other.say("GET /other HTTP/1.1\r\n\r\n");
  BOOST_TEST(other.hear("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
  BOOST_TEST(served.comes([](const server_news& all) { return all.dropped.size() == 100; }));
  BOOST_TEST(served.rejected("slow_follower") == 100);
  ended->wait([](int all) { return all == 100; });
  BOOST_TEST(served.news.with([](const server_news& all) { return all.dropped.front(); })
                 .ends_with(" /follow"));
  BOOST_TEST(served.door->streams() == 0U);
}

#ifndef __SANITIZE_ADDRESS__ // which has memory of its own for each allocation
BOOST_AUTO_TEST_CASE(a_thousand_idle_followers_cost_less_than_thirty_megabytes) {
  constexpr std::size_t many = 1000;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  BOOST_TEST_REQUIRE(files.rlim_cur > 2 * many + 100);
  std::vector<std::shared_ptr<by_the_test>> sources; // of the server's thread only
  bare_server served{[](http::server_settings& chosen) {
                       chosen.connections_max = 2 * many;
                       chosen.streams_max = 2 * many;
                     },
                     [&](const http::request&) {
                       sources.push_back(std::make_shared<by_the_test>());
                       return streaming(sources.back());
                     }};
  const auto open = [&](std::size_t count, std::vector<talker>& into) {
    for (std::size_t i = 0; i < count; ++i) {
      into.emplace_back(served.socket());
      into.back().say(ask);
      into.back().hear("\r\n\r\n");
    }
  };
  std::vector<talker> clients;
  open(10, clients); // what the first ones cost is not theirs alone
  malloc_trim(0);    // what other tests have left does not count
  const auto before = os::resident_bytes();
  open(many, clients);
  const auto after = os::resident_bytes();
  BOOST_TEST_MESSAGE((after - before) / many << " bytes for each follower");
  BOOST_TEST(after - before < many * 30'000);
}
#endif

BOOST_AUTO_TEST_SUITE_END()
