// SPDX-License-Identifier: Apache-2.0
// Followers of a real store, with a hand on the clock, the workers and the journal's news.
#include "runtime/core.hpp"
#include "runtime/http/follow.hpp"
#include "runtime/runtime.hpp"
#include "tests/runtime/small_options.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <filesystem>
#include <fstream>
#include <optional>

using namespace holdfast;
using namespace std::chrono_literals;
using http::piece_source;

namespace {

/// A store, and a hub whose world moves only when it is told to.
struct followed : scratch {
  followed() : behind{start(small_options(*this))} {
    hub = std::make_shared<http::follow_hub>(
        http::follow_parts{[this] { return readable ? behind.inside().front->read() : nullptr; },
                           [this](sequence after, std::function<void(bool)> told) {
                             watches.emplace_back(after, std::move(told));
                           },
                           [this](std::function<void()> job) {
                             if (room)
                               jobs.push_back(std::move(job));
                             return room;
                           },
                           [this] { return now; }, 15s});
  }
  ~followed() { hub->stop(); }

  static runtime start(const options& chosen) {
    auto made = runtime::start(chosen);
    BOOST_TEST_REQUIRE(bool(made), (made ? "" : made.error().what));
    return *std::move(made);
  }

  /// Appends events with these numbers; answers the sequence of the last.
  sequence append(const std::vector<int>& numbers, const std::string& stream = "llm.usage",
                  std::size_t padding = 0) {
    std::vector<event> events;
    for (const auto number : numbers) {
      auto one = usage(number);
      one.stream = stream;
      if (padding > 0)
        one.body.as<object>()->emplace("padding", std::string(padding, 'x'));
      events.push_back(std::move(one));
    }
    const auto told = behind.append(std::move(events), durability::process).get();
    BOOST_TEST_REQUIRE(!told.refused);
    return told.answers.back().at;
  }

  /// Runs the jobs there are, and those that they make.
  void work() {
    while (!jobs.empty()) {
      const auto job = std::move(jobs.front());
      jobs.pop_front();
      job();
    }
  }

  /// The journal tells of records, as it does once for each watch.
  void tell(bool there_are = true) {
    for (auto& [_, told] : std::exchange(watches, {}))
      told(there_are);
  }

  void pass(std::chrono::milliseconds time) {
    now += time;
    hub->tick();
  }

  runtime behind;
  std::shared_ptr<http::follow_hub> hub;
  std::deque<std::function<void()>> jobs;
  std::vector<std::pair<sequence, std::function<void(bool)>>> watches;
  instant now{};
  bool readable = true;
  bool room = true;
};

/// The server's side of one body.
struct client {
  explicit client(std::shared_ptr<piece_source> from) : body{std::move(from)} { ask(); }

  void ask() {
    heard.reset();
    body->next([this](std::optional<std::string> piece) {
      over = !piece;
      heard = piece.value_or("");
    });
  }

  /// The piece that came, and asks for the next one.
  std::string take() {
    BOOST_TEST_REQUIRE(heard.has_value(), "nothing came");
    auto piece = *std::move(heard);
    ask();
    return piece;
  }

  std::shared_ptr<piece_source> body;
  std::optional<std::string> heard;
  bool over = false;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

event_query from(std::uint64_t first, const std::string& stream = {}) {
  return {.from = sequence{first}, .stream = stream};
}

} // namespace

BOOST_AUTO_TEST_SUITE(following)

BOOST_FIXTURE_TEST_CASE(tells_what_was_and_what_comes, followed) {
  const auto first = append({1, 2});
  client one{hub->follow(from(1), false)};
  BOOST_TEST(one.take() == ": from 1\n\n"); // at once, so that the header leaves
  work();
  const auto page = one.take();
  BOOST_TEST(count(page, "\nevent: event\ndata: {\"sequence\":") == 2U);
  BOOST_TEST(has(page, "id: " + std::to_string(first.value) + "\n"));
  BOOST_TEST(page.ends_with("}\n\n"));
  work();
  BOOST_TEST(!one.heard.has_value());
  BOOST_TEST(jobs.empty()); // it waits without a thread
  BOOST_TEST_REQUIRE(watches.size() == 1U);
  append({3});
  tell();
  work();
  BOOST_TEST(has(one.take(), "\"n\":3"));
}

BOOST_FIXTURE_TEST_CASE(one_watch_wakes_all_and_each_hears_what_it_chose, followed) {
  append({1});
  std::vector<std::unique_ptr<client>> all;
  for (const auto* stream : {"", "a", "b", "a"})
    all.push_back(
        std::make_unique<client>(hub->follow(from(behind.stats().head.value + 1, stream), false)));
  for (auto& each : all)
    each->take();
  work();
  BOOST_TEST(watches.size() == 1U);
  append({2}, "a");
  tell();
  work();
  BOOST_TEST(all[0]->heard.has_value());
  BOOST_TEST(all[1]->heard.has_value());
  BOOST_TEST(!all[2]->heard.has_value());
  BOOST_TEST(all[3]->heard.has_value());
  BOOST_TEST(watches.size() == 1U); // again one, for who has seen it
  append({3}, "b");
  tell();
  work();
  BOOST_TEST(all[2]->heard.has_value());
}

/// A follower that was reading while another began to wait could have waited for ever: the watch
/// was set for records behind those that it had not seen.
BOOST_FIXTURE_TEST_CASE(never_waits_for_records_that_are_there, followed) {
  append({1});
  client early{hub->follow(from(1), false)};
  early.take();
  work();
  early.take();
  work();
  BOOST_TEST_REQUIRE(watches.size() == 1U);
  const auto seen = watches.front().first;
  append({2});
  // It looks before the journal has told anybody.
  client late{hub->follow(from(1, "none"), false)};
  late.take();
  work();
  append({3});
  tell();
  work();
  BOOST_TEST(has(early.take(), "\"n\":2"));
  BOOST_TEST_REQUIRE(watches.size() == 1U);
  BOOST_TEST(watches.front().first > seen);
}

BOOST_FIXTURE_TEST_CASE(gives_long_histories_in_pieces_and_only_when_asked, followed) {
  std::vector<int> numbers(100);
  for (int i = 0; i < 100; ++i)
    numbers[static_cast<std::size_t>(i)] = i;
  append(numbers, "s", 10'000);
  client one{hub->follow(from(1), false)};
  one.take();
  std::size_t records = 0;
  std::size_t pieces = 0;
  for (; records < 100 && pieces < 100; ++pieces) {
    work();
    BOOST_TEST_REQUIRE(one.heard.has_value());
    const auto size = one.heard->size();
    BOOST_TEST(size < 450U * 1024U);
    work();
    BOOST_TEST(jobs.empty()); // nothing is read ahead
    records += count(one.take(), "\ndata: ");
  }
  BOOST_TEST(records == 100U);
  BOOST_TEST(pieces >= 3U);
}

BOOST_FIXTURE_TEST_CASE(shows_that_it_lives_and_where_it_is, followed) {
  append({1});
  client one{hub->follow(from(1, "none"), false)};
  one.take();
  work();
  pass(14s);
  work();
  BOOST_TEST(!one.heard.has_value());
  pass(1s);
  work();
  const auto head = behind.stats().head;
  BOOST_TEST(one.take() == ":\nid: " + std::to_string(head.value) + "\n\n");
  work();
  pass(14s);
  work();
  BOOST_TEST(!one.heard.has_value());
}

BOOST_FIXTURE_TEST_CASE(ends_where_records_are_gone_that_it_was_promised, followed) {
  const auto first = append({0});
  for (int i = 1; i < 10; ++i)
    append({i});
  const auto floor = first + 4;
  const auto after = "id: " + std::to_string(floor.value + 1) + "\n";
  behind.stop(); // moves the anchor to the head
  behind = start(small_options(*this));
  BOOST_TEST_REQUIRE(
      bool(behind.inside().retire({.floor = floor, .forced = true, .reason = "old"})));
  // One that comes back has a promise; one that names a place takes what there is.
  client back{hub->follow(from(first.value + 2), true)};
  client anew{hub->follow(from(first.value + 2), false)};
  back.take();
  anew.take();
  work();
  BOOST_TEST(back.take()
             == "event: end\ndata: {\"floor\":" + std::to_string(floor.value)
                    + ",\"reason\":\"retired\"}\n\n");
  BOOST_TEST(back.over);
  BOOST_TEST(has(anew.take(), after));
  // Nothing is missing for one that has seen all that was retired.
  client near{hub->follow(from(floor.value + 1), true)};
  near.take();
  work();
  BOOST_TEST(has(near.take(), after));
}

BOOST_FIXTURE_TEST_CASE(says_what_it_knew_and_ends_where_the_bytes_are_damaged, followed) {
  std::vector<int> numbers(100);
  for (int i = 0; i < 100; ++i)
    numbers[static_cast<std::size_t>(i)] = i;
  append(numbers, "s", 10'000);
  behind.stop(); // what was said stands in table files now
  behind = start(small_options(*this));
  std::filesystem::path largest;
  for (const auto& one : std::filesystem::recursive_directory_iterator{path() / "data" / "db"})
    if (one.path().extension() == ".sst"
        && (largest.empty() || one.file_size() > std::filesystem::file_size(largest)))
      largest = one.path();
  BOOST_TEST_REQUIRE(!largest.empty());
  const auto size = std::filesystem::file_size(largest);
  BOOST_TEST_MESSAGE(largest << " has " << size << " bytes");
  std::fstream file{largest, std::ios::in | std::ios::out | std::ios::binary};
  const std::string ruin(size / 4, '\xff');
  file.seekp(static_cast<std::streamoff>(size / 3));
  file.write(ruin.data(), static_cast<std::streamsize>(ruin.size()));
  file.close();
  client one{hub->follow(from(1), false)};
  one.take();
  std::string told;
  while (!one.over && told.find("event: end") == told.npos) {
    work();
    BOOST_TEST_REQUIRE(one.heard.has_value());
    told += one.take();
  }
  BOOST_TEST(has(told, "\"n\":0"));
  BOOST_TEST(!has(told, "\"n\":99"));
  const auto end = told.substr(told.find("event: end"));
  BOOST_TEST(end.starts_with("event: end\ndata: {\"reason\":\"damaged\",\"what\":\""), end);
  BOOST_TEST(one.over);
}

BOOST_FIXTURE_TEST_CASE(a_stop_is_said_and_ends_the_body, followed) {
  append({1});
  client waiting{hub->follow(from(1), false)};
  waiting.take();
  work();
  waiting.take();
  work();
  waiting.body->end("stopping");
  BOOST_TEST(*waiting.heard == "event: end\ndata: {\"reason\":\"stopping\"}\n\n");
  waiting.ask();
  BOOST_TEST(waiting.over);
  // One whose client has not asked yet is told when it does.
  client late{hub->follow(from(1), false)};
  late.body->end("stopping");
  late.ask();
  BOOST_TEST(has(*late.heard, "stopping"));
  late.ask();
  BOOST_TEST(late.over);
}

BOOST_FIXTURE_TEST_CASE(who_is_gone_is_forgotten, followed) {
  append({1});
  auto body = hub->follow(from(1), false);
  const std::weak_ptr<piece_source> watched = body;
  {
    client gone{std::move(body)};
    gone.take();
    work();
    gone.take();
    work();
    gone.body->end("the client is gone");
    tell();
    work();
    BOOST_TEST(!gone.heard.has_value());
  }
  BOOST_TEST(watched.expired());
}

BOOST_FIXTURE_TEST_CASE(waits_while_the_store_cannot_be_read_or_nobody_can_work, followed) {
  append({1});
  readable = false;
  client one{hub->follow(from(1), false)};
  one.take();
  work();
  BOOST_TEST(!one.heard.has_value());
  BOOST_TEST(jobs.empty()); // it does not ask again and again
  readable = true;
  room = false;
  pass(50ms);
  BOOST_TEST(jobs.empty());
  room = true;
  pass(50ms);
  work();
  BOOST_TEST(has(one.take(), "\"n\":1"));
  // The journal restarts while it is asked to tell.
  work();
  BOOST_TEST_REQUIRE(watches.size() == 1U);
  tell(false);
  work();
  BOOST_TEST(watches.empty());
  pass(50ms);
  work();
  BOOST_TEST(watches.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
