// SPDX-License-Identifier: Apache-2.0
// Does a trace over the door tell what an actor handles, and end where it should?
#include "runtime/http/actor_trace.hpp"
#include "runtime/upstream/event_stream.hpp"
#include "tests/runtime/served_here.hpp"

#include <boost/test/unit_test.hpp>

using namespace holdfast;
using namespace std::chrono_literals;

namespace {

/// What was sent, in order: `message KIND`, `end REASON`.
struct traced {
  std::vector<value> messages;
  std::string end;
};

struct tracing_client : served_here {
  /// Listens; `at_begin` is called once the trace has begun, and every time with what came so far
  /// whether to go on.
  traced listen(
      const std::string& target, const std::function<void()>& at_begin,
      const std::function<bool(const traced&)>& more = [](const auto&) { return true; }) {
    traced made;
    upstream::event_stream cut;
    bool begun = false;
    const auto told = client->listen(target, {}, 60s, [&](std::string_view bytes) {
      cut.feed(bytes, [&](const upstream::sent_event& one) {
        auto data = json::parse(one.data);
        BOOST_TEST_REQUIRE(bool(data), one.data);
        if (one.name == "end")
          made.end = data->text_at("reason");
        else
          made.messages.push_back(*std::move(data));
      });
      if (!std::exchange(begun, true))
        at_begin();
      return more(made);
    });
    BOOST_TEST_REQUIRE(bool(told), (told ? "" : told.error().what));
    BOOST_TEST(told->status == 200U, told->body);
    return made;
  }

  void append(int number) {
    post("/v1/events?stream=s", R"({"n":)" + std::to_string(number) + "}");
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(actor_trace)

BOOST_FIXTURE_TEST_CASE(tells_of_messages_until_it_has_told_enough, tracing_client) {
  const auto found = listen("/v1/actors/committer/trace?max=1&rate=1000", [&] { append(1); });
  BOOST_TEST(found.end == "all_told");
  BOOST_TEST_REQUIRE(found.messages.size() == 1U);
  const auto& one = found.messages.front();
  BOOST_TEST(one.text_at("kind").find("batch_in_hand") != std::string::npos, json::print(one));
  BOOST_TEST(one.text_at("from") == "journal");
  BOOST_TEST(*one.find("request")->as<bool>());
  BOOST_TEST(!*one.find("failed")->as<bool>());
  BOOST_TEST(one.find("body") == nullptr);
}

BOOST_FIXTURE_TEST_CASE(trips_where_messages_come_too_fast, tracing_client) {
  int number = 0;
  const auto found = listen(
      "/v1/actors/committer/trace?max=1000&rate=1&bodies", [] {},
      [&](const traced&) {
        for (int i = 0; i < 3; ++i)
          append(++number);
        return true;
      });
  BOOST_TEST(found.end == "too_fast");
  BOOST_TEST_REQUIRE(!found.messages.empty());
  BOOST_TEST(found.messages.front().find("body") != nullptr);
}

BOOST_FIXTURE_TEST_CASE(is_the_only_one_of_its_actor_and_ends_with_its_client, tracing_client) {
  const std::string target = "/v1/actors/pressure/trace?max=1000&rate=1000";
  const auto found = listen(
      target, [&] { BOOST_TEST(get(target).status == 429U); }, [](const traced&) { return false; });
  BOOST_TEST(found.end == "");
  // The daemon hears of it a moment later.
  unsigned status = 429;
  for (int tries = 0; status == 429 && tries < 1000; ++tries) {
    const auto told = client->listen(target, {}, 60s, [](std::string_view) { return false; });
    BOOST_TEST_REQUIRE(bool(told));
    status = told->status;
  }
  BOOST_TEST(status == 200U);
}

BOOST_FIXTURE_TEST_CASE(ends_with_the_daemon, tracing_client) {
  const auto found = listen("/v1/actors/keeper/trace?max=1&rate=1", [&] { stop(); });
  BOOST_TEST(found.end == "stopping");
  stop = {};
}

BOOST_FIXTURE_TEST_CASE(shows_bodies_without_their_secrets, tracing_client) {
  append(1);
  const auto found = listen("/v1/actors/journal/trace?max=1&rate=1000&bodies", [&] {
    post("/v1/retention", R"({"floor":1,"force":true,"reason":"sk-abcdefghijklmnopqrstuvwx"})");
  });
  BOOST_TEST_REQUIRE(found.messages.size() == 1U);
  const auto body = found.messages.front().text_at("body");
  BOOST_TEST(body.find("[redacted]") != std::string::npos, body);
  BOOST_TEST(body.find("abcdefghijklmnop") == std::string::npos, body);
}

BOOST_AUTO_TEST_SUITE_END()
