// SPDX-License-Identifier: Apache-2.0
// A thousand children on real threads that crash all the time: is each mended, is nothing lost,
// does it end? HOLDFAST_CRASHES says how often (5,000), HOLDFAST_SEED who.
#include "actors/shell.hpp"
#include "actors/supervisor/supervisor_actor.hpp"

#include <boost/test/unit_test.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>

namespace holdfast::supervisor::test {

namespace {

using namespace std::chrono_literals;

struct do_crash {
  static constexpr auto name = "do_crash";
  static constexpr auto fields = std::make_tuple();
};

struct do_work {
  static constexpr auto name = "do_work";
  static constexpr auto fields = std::make_tuple();
};

constexpr std::size_t branches = 10;
constexpr std::size_t children_each = 100;

std::size_t chosen(const char* name, std::size_t otherwise) {
  const auto* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// Counts what its children and their supervisors do; outlives them all.
struct tally {
  std::atomic<std::size_t> living{0};
  std::atomic<std::size_t> most{0};
  std::atomic<std::size_t> worked{0};
  std::mutex guard;
  std::condition_variable moved;
  std::size_t died = 0;
  std::size_t started = 0;
  std::size_t gave_up = 0;
  std::map<std::string, std::uint64_t> incarnation; ///< The last that was started.
  std::vector<std::string> problems;

  void hear(const supervision_event& event) {
    const std::lock_guard lock{guard};
    died += event.what == supervision_fact::died ? 1 : 0;
    gave_up += event.what == supervision_fact::gave_up ? 1 : 0;
    if (event.what == supervision_fact::started) {
      ++started;
      auto& last = incarnation[event.child];
      if (event.incarnation != last + 1)
        problems.push_back(event.child + " went from " + std::to_string(last) + " to "
                           + std::to_string(event.incarnation));
      last = event.incarnation;
    }
    moved.notify_all();
  }

  /// Whether it came true within a minute.
  template <class Done>
  bool await(Done done) {
    std::unique_lock lock{guard};
    return moved.wait_for(lock, 1min, done);
  }
};

/// Exists as long as its actor's behaviour: each incarnation's end is seen.
struct presence {
  explicit presence(std::shared_ptr<tally> in) : counted{std::move(in)} {
    const auto now = ++counted->living;
    for (auto most = counted->most.load(); now > most;)
      if (counted->most.compare_exchange_weak(most, now))
        break;
  }
  presence(const presence&) = delete;
  presence& operator=(const presence&) = delete;
  ~presence() { --counted->living; }

  std::shared_ptr<tally> counted;
};

caf::behavior crashing(caf::event_based_actor* self, const std::shared_ptr<tally>& counted) {
  furnish(self);
  const auto here = std::make_shared<presence>(counted);
  return {[here](do_crash) { throw std::runtime_error{"told to crash"}; },
          [here](do_work) { ++here->counted->worked; }};
}

child worker(std::string id, const std::shared_ptr<tally>& counted) {
  child made;
  made.spec.id = std::move(id);
  made.spec.messages.queued = message_fate::redeliver;
  made.start = [counted](caf::actor_system& in) { return in.spawn(crashing, counted); };
  return made;
}

struct quick_config : caf::actor_system_config {
  quick_config() {
    set("scheduler.max-threads", std::size_t{4});
    set("scheduler.max-throughput", std::size_t{20});
    set("logger.console-verbosity", caf::atom("quiet"));
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(supervisor_stress)

BOOST_AUTO_TEST_CASE(a_thousand_children_crash_and_come_back) {
  const auto crashes = chosen("HOLDFAST_CRASHES", 5'000);
  const auto seed = chosen("HOLDFAST_SEED", std::random_device{}());
  BOOST_TEST_MESSAGE("HOLDFAST_SEED=" << seed << " HOLDFAST_CRASHES=" << crashes);
  const auto counted = std::make_shared<tally>();
  const auto book = std::make_shared<address_book>();
  quick_config config;
  caf::actor_system system{config};
  surroundings around;
  around.history = [counted](const supervision_event& event) { counted->hear(event); };
  around.book = book;

  // Budgets far beyond what comes within a millisecond: none gives up.
  const auto flags = [](std::string name) {
    return supervisor_flags{.name = std::move(name),
                            .intensity = 10'000,
                            .period = 1ms,
                            .pauses = {.min = 0ms, .max = 1ms}};
  };
  std::vector<child> all;
  for (std::size_t i = 0; i < branches; ++i) {
    child branch;
    branch.spec.id = "branch " + std::to_string(i);
    branch.spec.type = child_type::supervisor;
    branch.start = [=](caf::actor_system& in) {
      std::vector<child> below;
      for (std::size_t k = 0; k < children_each; ++k)
        below.push_back(worker(std::to_string(i) + "/" + std::to_string(k), counted));
      auto made =
          spawn_supervisor(in, flags("branch " + std::to_string(i)), std::move(below), around);
      if (!made)
        throw std::runtime_error{made.error().what};
      return caf::actor_cast<caf::actor>(*made);
    };
    all.push_back(std::move(branch));
  }
  auto root = spawn_supervisor(system, flags("root"), std::move(all), around);
  BOOST_TEST_REQUIRE(bool{root});
  constexpr auto everybody = branches * children_each;
  BOOST_TEST_REQUIRE(counted->await([&] { return counted->started == everybody + branches; }));

  std::vector<caf::actor> doors;
  for (std::size_t i = 0; i < branches; ++i)
    for (std::size_t k = 0; k < children_each; ++k)
      doors.push_back(book->find(std::to_string(i) + "/" + std::to_string(k)));
  std::mt19937_64 chance{seed};
  std::size_t asked = 0;
  std::size_t work = 0;
  while (asked < crashes) {
    // So many at once; what is sent to one that is down already waits for the next.
    for (std::size_t i = 0; i < 200 && asked < crashes; ++i, ++asked) {
      const auto& door = doors[chance() % doors.size()];
      BOOST_TEST_REQUIRE(bool{door});
      caf::anon_send(door, do_crash{});
      caf::anon_send(door, do_work{});
      ++work;
    }
    BOOST_TEST_REQUIRE(counted->await([&] { return counted->died >= asked; }));
  }
  BOOST_TEST_REQUIRE(
      counted->await([&] { return counted->started >= everybody + branches + crashes; }));
  BOOST_TEST(counted->died == crashes);
  BOOST_TEST(counted->gave_up == 0U);
  BOOST_TEST(counted->problems.empty());
  BOOST_TEST(counted->most <= everybody + 200); // an actor's memory may outlive it a little
  doors.clear();

  caf::scoped_actor self{system};
  self->monitor(*root);
  caf::anon_send(*root, stop_children{30s});
  bool ended = false;
  self->receive([&](const caf::down_msg&) { ended = true; }, caf::after(1min) >> [] {});
  BOOST_TEST(ended);
  *root = nullptr;
  book->clear();
  BOOST_TEST(counted->worked == work);
  const auto gone = [&] { return counted->living == 0; };
  for (int i = 0; i < 1000 && !gone(); ++i)
    std::this_thread::sleep_for(10ms);
  BOOST_TEST(gone());
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::supervisor::test
