// SPDX-License-Identifier: Apache-2.0
// Every actor of a running daemon crashes under load: is it mended, and is what was acknowledged
// still there, once?
#include "runtime/core.hpp"
#include "tests/runtime/small_options.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <map>
#include <thread>

using namespace holdfast;
using namespace std::chrono_literals;

namespace {

/// Counts events: its state is checked at the end.
fold counting() {
  return {.name = "counting",
          .stream = "llm*",
          .schema = 1,
          .initial = [] { return std::any{std::int64_t{0}}; },
          .apply = [](std::any& state,
                      const recorded_event&) { ++std::any_cast<std::int64_t&>(state); },
          .encode = [](const std::any& state) { return value{std::any_cast<std::int64_t>(state)}; },
          .decode = [](const value& state, std::uint16_t) -> result<std::any> {
            return std::any{*state.as<std::int64_t>()};
          }};
}

/// Sends events, each until it is acknowledged, and remembers where it is said to be.
class producer {
public:
  producer(runtime& to, int first) : thread_{[this, &to, first] { run(to, first); }} {}
  producer(const producer&) = delete;
  producer& operator=(const producer&) = delete;
  ~producer() { stop(); }

  std::map<int, sequence> stop() {
    stopping_ = true;
    if (thread_.joinable())
      thread_.join();
    return acknowledged_;
  }

  std::size_t count() const { return count_; }

private:
  void run(runtime& to, int number) {
    while (!stopping_) {
      const auto told = to.append({usage(number)}).get();
      if (told.refused || told.answers.front().what == outcome::unknown) {
        std::this_thread::sleep_for(1ms);
        continue;
      }
      acknowledged_[number++] = told.answers.front().at;
      ++count_;
    }
  }

  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> count_{0};
  std::map<int, sequence> acknowledged_;
  std::thread thread_;
};

struct producers {
  explicit producers(runtime& to) {
    for (int i = 0; i < 4; ++i)
      all.push_back(std::make_unique<producer>(to, i * 10'000'000));
  }

  std::size_t total() const {
    std::size_t sum = 0;
    for (const auto& one : all)
      sum += one->count();
    return sum;
  }

  std::vector<std::unique_ptr<producer>> all;
};

/// What its supervisor says of an actor.
std::optional<child_status> status_of(runtime& of, const std::string& actor) {
  for (const auto& list : of.inside().house->children(5s))
    for (const auto& one : list.children)
      if (one.id == actor)
        return one;
  return std::nullopt;
}

/// Whether it came true within a minute.
template <class Done>
bool await(Done done) {
  for (int i = 0; i < 6000; ++i) {
    if (done())
      return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

/// Where each event is, by its number.
std::map<int, std::vector<sequence>> events_in(const runtime& one) {
  std::map<int, std::vector<sequence>> found;
  for (sequence from{1};;) {
    const auto page = one.events({.from = from, .stream = "llm.usage", .limit = 1000});
    BOOST_TEST_REQUIRE(bool(page));
    if (page->events.empty())
      return found;
    for (const auto& event : page->events)
      found[static_cast<int>(event.body.integer_at("n"))].push_back(event.at);
    from = page->events.back().at + 1;
  }
}

} // namespace

BOOST_AUTO_TEST_SUITE(every_actor)

BOOST_FIXTURE_TEST_CASE(is_mended_when_it_crashes_under_load, scratch) {
  auto chosen = small_options(*this);
  chosen.telemetry.enabled = true;
  auto made = runtime::start(chosen);
  BOOST_TEST_REQUIRE(bool(made), (made ? "" : made.error().what));
  BOOST_TEST_REQUIRE(bool(made->add(counting())));
  producers load{*made};
  for (const std::string whom :
       {"committer", "keeper", "journal", "pressure", "telemetry", "fold counting", "folds"})
    BOOST_TEST_CONTEXT(whom) {
      const auto before = status_of(*made, whom);
      BOOST_TEST_REQUIRE(before.has_value());
      const auto served = load.total();
      BOOST_TEST_REQUIRE(await([&] { return load.total() > served + 20; }));
      BOOST_TEST_REQUIRE(bool(made->inside().house->crash(whom)));
      BOOST_TEST(await([&] {
        const auto now = status_of(*made, whom);
        return now && now->state == child_state::running && now->incarnation > before->incarnation;
      }));
      const auto mended = load.total();
      BOOST_TEST(await([&] { return load.total() > mended + 20; }));
    }
  std::map<int, sequence> acknowledged;
  for (const auto& one : load.all)
    acknowledged.merge(one->stop());
  const auto stored = events_in(*made);
  BOOST_TEST(acknowledged.size() > 100U);
  for (const auto& [number, at] : acknowledged) {
    const auto found = stored.find(number);
    BOOST_TEST_REQUIRE((found != stored.end() && found->second == std::vector<sequence>{at}),
                       number);
  }
  BOOST_TEST(await([&] { return bool(made->state_value("counting")); }));
  const auto counted = made->state_value("counting");
  BOOST_TEST_REQUIRE(bool(counted), (counted ? "" : counted.error().what));
  BOOST_TEST(*counted->state.as<std::int64_t>() == static_cast<std::int64_t>(stored.size()));
  const auto stopped = made->stop();
  BOOST_TEST(stopped.stayed.empty(), boost::test_tools::per_element());
  BOOST_TEST(stopped.unclean == "");
}

/// A door is kept by an actor like the others: it opens again, and closes once, when it is told.
BOOST_FIXTURE_TEST_CASE(that_keeps_a_door_opens_it_again, scratch) {
  struct tally {
    std::atomic<int> opened{0};
    std::atomic<int> open{0};
    std::atomic<int> closed{0};
  };
  struct counted_door final : doorkeeping::kept_door {
    explicit counted_door(tally& in) : counted{in} {
      ++counted.opened;
      ++counted.open;
    }
    ~counted_door() override { --counted.open; }
    std::size_t close(std::chrono::milliseconds) override {
      ++counted.closed;
      return 3;
    }
    tally& counted;
  };
  tally counted;
  auto made = runtime::start(small_options(*this));
  BOOST_TEST_REQUIRE(bool(made), (made ? "" : made.error().what));
  auto& house = *made->inside().house;
  const auto refused = house.open_door([]() -> result<std::unique_ptr<doorkeeping::kept_door>> {
    return fault{fault_code::conflict, "somebody stands there", "ask him to leave"};
  });
  BOOST_TEST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == fault_code::conflict));
  BOOST_TEST(refused.error().help == "ask him to leave");

  const auto opened = house.open_door([&]() -> result<std::unique_ptr<doorkeeping::kept_door>> {
    std::unique_ptr<doorkeeping::kept_door> door = std::make_unique<counted_door>(counted);
    return door;
  });
  BOOST_TEST_REQUIRE(bool(opened), (opened ? "" : opened.error().what));
  for (int i = 2; i < 5; ++i) {
    BOOST_TEST_REQUIRE(bool(house.crash("door")));
    BOOST_TEST(await([&] { return counted.opened == i && counted.open == 1; }));
    BOOST_TEST(await([&] {
      const auto now = status_of(*made, "door");
      return now && now->state == child_state::running;
    }));
  }
  BOOST_TEST(counted.closed == 0);
  BOOST_TEST(house.close_door(1s) == 3U);
  BOOST_TEST(await([&] { return counted.open == 0; }));
  BOOST_TEST(counted.opened == 4);
  BOOST_TEST(house.close_door(1s) == 0U);
  BOOST_TEST(made->stop().stayed.empty());
}

BOOST_AUTO_TEST_SUITE_END()
