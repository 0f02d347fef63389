// SPDX-License-Identifier: Apache-2.0
// Supervision measured with Holdfast's supervisor and addresses.
#include "actors/address/address.hpp"
#include "actors/supervisor/supervisor_actor.hpp"
#include "tools/bench/tree.hpp"
#include "tools/bench/tree_world.hpp"

#include <ctime>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <thread>

namespace bench {

namespace {

using namespace std::chrono_literals;
namespace tree = holdfast::supervisor;

/// As the daemon's: the coarse one is what the kernel wrote down at its last tick.
holdfast::addressing::clocks real_clocks() {
  return {[] {
            timespec now{};
            clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
            return holdfast::instant{std::chrono::seconds{now.tv_sec}
                                     + std::chrono::nanoseconds{now.tv_nsec}};
          },
          [] { return std::chrono::steady_clock::now(); }};
}

holdfast::supervisor_flags flags(std::uint32_t intensity) {
  return {.name = "bench",
          .intensity = intensity,
          .period = 1h,
          .pauses = {.min = 0ms, .max = 0ms, .jitter_share = 0}};
}

/// A supervisor that is stopped, and has ended, when this goes out of scope.
struct standing_tree {
  caf::actor_system& system;
  tree::handle root;

  standing_tree(caf::actor_system& in, holdfast::supervisor_flags chosen,
                std::vector<tree::child> children, std::shared_ptr<holdfast::address_book> book,
                std::function<void(const holdfast::supervision_event&)> history = {})
      : system{in} {
    tree::surroundings around;
    around.book = std::move(book);
    around.history = std::move(history);
    around.time = real_clocks();
    auto made = tree::spawn_supervisor(system, std::move(chosen), std::move(children), around);
    if (!made)
      throw std::runtime_error{made.error().what};
    root = *made;
    caf::scoped_actor self{system};
    self->request(root, 5min, holdfast::await_children{})
        .receive([](const holdfast::children_started&) {},
                 [](caf::error& why) { throw std::runtime_error{holdfast::text_of(why)}; });
  }

  ~standing_tree() { stop(); }

  void stop() {
    if (!root)
      return;
    caf::scoped_actor self{system};
    self->monitor(root);
    caf::anon_send_exit(root, caf::exit_reason::user_shutdown);
    root = nullptr;
    self->receive([](const caf::down_msg&) {});
  }
};

tree::child child_of(std::string id, const caf::actor& told) {
  tree::child made;
  made.spec.id = std::move(id);
  made.spec.messages.queued = holdfast::message_fate::redeliver;
  made.start = [told](caf::actor_system& in) { return in.spawn(crashing_child, told); };
  return made;
}

} // namespace

std::vector<double> crash_to_serving_holdfast(std::size_t crashes) {
  quiet_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  const auto book = std::make_shared<holdfast::address_book>();
  std::vector<double> times;
  std::atomic<std::size_t> recorded{0};
  {
    const standing_tree standing{system,
                                 flags(10'000),
                                 {child_of("child", caf::actor{self})},
                                 book,
                                 [&](const holdfast::supervision_event&) { ++recorded; }};
    await<came_up>(self);
    const auto child = book->find("child");
    await_ping(self, child);
    for (std::size_t i = 0; i < crashes; ++i) {
      const stop_watch since;
      self->send(child, do_fail{});
      await<came_up>(self);
      await_ping(self, child);
      times.push_back(since.us());
    }
  }
  book->clear();
  if (recorded < 3 * crashes)
    throw std::runtime_error{"the history has fewer records than there were crashes"};
  return times;
}

namespace {

/// So many children of one spec, started by calls of which at most 100 are under way.
void start_many(caf::actor_system& system, const tree::handle& root, std::size_t children) {
  caf::scoped_actor self{system};
  constexpr std::size_t window = 100;
  const tree::child_to_start one;
  for (std::size_t done = 0; done < children;) {
    const auto count = std::min(window, children - done);
    std::vector<std::function<void()>> answers;
    for (std::size_t i = 0; i < count; ++i) {
      auto asked = std::make_shared<decltype(self->request(
          root, 5min, holdfast::carried<tree::child_to_start>{one}))>(
          self->request(root, 5min, holdfast::carried<tree::child_to_start>{one}));
      answers.push_back([asked] {
        asked->receive(
            [](const holdfast::carried<holdfast::child_answer>& told) {
              if (told->what != holdfast::child_verdict::done)
                throw std::runtime_error{told->text};
            },
            [](caf::error& why) { throw std::runtime_error{holdfast::text_of(why)}; });
      });
    }
    for (const auto& answer : answers)
      answer();
    done += count;
  }
}

} // namespace

many_children many_children_holdfast(std::size_t children) {
  quiet_config config;
  caf::actor_system system{config};
  auto chosen = flags(1);
  chosen.strategy = holdfast::restart_strategy::simple_one_for_one;
  standing_tree standing{system, chosen, {child_of("child", {})}, nullptr};
  many_children told;
  const stop_watch starting;
  start_many(system, standing.root, children);
  told.start_seconds = starting.seconds();
  const stop_watch stopping;
  standing.stop();
  told.stop_seconds = stopping.seconds();
  return told;
}

double throughput(way which, std::size_t messages, std::size_t handler_ns) {
  quiet_config config;
  caf::actor_system system{config};
  const auto handled = std::make_shared<std::atomic<std::size_t>>(0);
  auto worker = system.spawn(
      [handled](caf::event_based_actor*, std::size_t for_ns) -> caf::behavior {
        return {[handled, for_ns](std::size_t) {
          const auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds{for_ns};
          while (for_ns > 0 && std::chrono::steady_clock::now() < until) {
          }
          handled->fetch_add(1, std::memory_order_relaxed);
        }};
      },
      handler_ns);
  std::unique_ptr<holdfast::addressing::address> address;
  auto to = worker;
  if (which == way::address) {
    address = std::make_unique<holdfast::addressing::address>(
        system,
        holdfast::addressing::settings{"worker", {}, {.messages_max = 100'000}, {}, real_clocks()});
    address->open(worker, 1);
    to = address->handle();
  }
  const stop_watch since;
  const auto producer = system.spawn(
      [handled, to, messages](caf::event_based_actor* self, int) -> caf::behavior {
        self->send(self, caf::tick_atom::value);
        return {[handled, to, messages, self, sent = std::size_t{0}](caf::tick_atom) mutable {
          for (auto done = handled->load(std::memory_order_relaxed);
               sent < messages && sent - done < 1000;) {
            self->send(to, sent);
            if (++sent % 64 == 0)
              done = handled->load(std::memory_order_relaxed);
          }
          if (sent < messages)
            self->send(self, caf::tick_atom::value);
          else
            self->quit();
        }};
      },
      0);
  while (handled->load(std::memory_order_relaxed) < messages)
    std::this_thread::sleep_for(100us);
  const auto rate = static_cast<double>(messages) / since.seconds();
  caf::anon_send_exit(worker, caf::exit_reason::user_shutdown);
  return rate;
}

inspection inspect_holdfast(std::size_t actors) {
  quiet_config config;
  caf::actor_system system{config};
  const auto book = std::make_shared<holdfast::address_book>();
  inspection told;
  {
    auto chosen = flags(1);
    chosen.strategy = holdfast::restart_strategy::simple_one_for_one;
    const standing_tree standing{system, chosen, {child_of("child", {})}, book};
    start_many(system, standing.root, actors);
    const stop_watch since;
    std::uint64_t seen = 0;
    for (const auto& one : book->all())
      seen += one.counters->read().incarnation;
    told.all_ms = since.us() / 1000;
    if (seen < actors)
      throw std::runtime_error{"not all actors were seen"};
  }
  constexpr std::size_t deep = 1'000'000;
  std::atomic<bool> go_on{false};
  auto busy = system.spawn<caf::detached>(
      [&](caf::event_based_actor*, int) -> caf::behavior {
        return {[&](std::size_t) {
          while (!go_on)
            std::this_thread::sleep_for(1ms);
        }};
      },
      0);
  {
    holdfast::addressing::address address{
        system, {"deep", {}, {.messages_max = 2 * deep}, {}, real_clocks()}};
    address.open(busy, 1);
    for (std::size_t i = 0; i <= deep; ++i)
      caf::anon_send(address.handle(), i);
    const auto counters = address.watch();
    const stop_watch since;
    const auto reading = counters->read();
    told.deep_ms = since.us() / 1000;
    if (reading.queued + (reading.current ? 1 : 0) != deep + 1 || reading.kinds.size() != 1)
      throw std::runtime_error{"the mailbox was not seen whole"};
    go_on = true;
    caf::anon_send_exit(busy, caf::exit_reason::kill);
    busy = nullptr;
    while (counters->read().queued > 0)
      std::this_thread::sleep_for(1ms);
  }
  return told;
}

} // namespace bench
