// SPDX-License-Identifier: Apache-2.0
// Runs of Holdfast for the report: appends, reopening, replay, an idle daemon.
#include "tools/bench/measure_holdfast.hpp"

#include "runtime/runtime.hpp"
#include "tools/bench/child.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <deque>
#include <iterator>
#include <stdexcept>
#include <thread>

#include <unistd.h>

namespace bench {

namespace {

holdfast::runtime start(const std::filesystem::path& directory) {
  holdfast::options chosen;
  chosen.store.data = directory / "holdfast";
  chosen.store.memory_bytes = 64U << 20U; // as the RocksDB loop beside it
  chosen.store.cache_bytes = 32U << 20U;
  chosen.initialise = true;
  chosen.telemetry.enabled = false;
  auto made = holdfast::runtime::start(std::move(chosen));
  if (!made)
    throw std::runtime_error(made.error().what);
  return std::move(*made);
}

void await(std::future<holdfast::append_result> answer) {
  const auto told = answer.get();
  if (told.refused)
    throw std::runtime_error(told.refused->reason.what);
  for (const auto& one : told.answers)
    if (one.what != holdfast::outcome::stored && one.what != holdfast::outcome::duplicate)
      throw std::runtime_error("an event was answered " + std::string{to_string(one.what)});
}

/// Every event through `window` requests under way at a time.
void produce(holdfast::runtime& store, const std::vector<holdfast::event>& events,
             std::size_t request, std::size_t window) {
  std::deque<std::future<holdfast::append_result>> under_way;
  for (std::size_t first = 0; first < events.size(); first += request) {
    const auto end = std::min(first + request, events.size());
    std::vector<holdfast::event> some(std::next(events.begin(), static_cast<std::ptrdiff_t>(first)),
                                      std::next(events.begin(), static_cast<std::ptrdiff_t>(end)));
    if (under_way.size() == window) {
      await(std::move(under_way.front()));
      under_way.pop_front();
    }
    under_way.push_back(store.append(std::move(some)));
  }
  for (auto& left : under_way)
    await(std::move(left));
}

} // namespace

append_run measure_appends(const std::filesystem::path& directory,
                           const std::vector<holdfast::event>& events, std::size_t producers,
                           std::size_t request, std::size_t window) {
  auto store = start(directory);
  std::vector<std::vector<holdfast::event>> shares(producers);
  for (std::size_t at = 0; at < events.size(); ++at)
    shares[at * producers / events.size()].push_back(events[at]);
  const auto commits = store.stats().commits;
  const auto begun = std::chrono::steady_clock::now();
  std::vector<std::jthread> threads;
  for (const auto& share : shares)
    threads.emplace_back([&] { produce(store, share, request, window); });
  threads.clear();
  const auto took = seconds_since(begun);
  const auto stats = store.stats();
  return {.events_per_second = static_cast<double>(events.size()) / took,
          .batch_events =
              static_cast<double>(events.size())
              / static_cast<double>(std::max<std::uint64_t>(stats.commits - commits, 1))};
}

double measure_single_append(const std::filesystem::path& directory, std::size_t count) {
  auto store = start(directory);
  std::vector<double> samples;
  for (auto& one : make_events(count, 99)) {
    const auto begun = std::chrono::steady_clock::now();
    await(store.append({std::move(one)}));
    samples.push_back(seconds_since(begun) * 1e6);
  }
  return quantile(samples, 0.5);
}

void append_and_die(const std::filesystem::path& directory, std::size_t count) {
  auto store = start(directory);
  produce(store, make_events(count, 7), 500, 4);
  kill(getpid(), SIGKILL);
  std::abort();
}

reopen_run measure_reopen_after_kill(const std::string& self,
                                     const std::filesystem::path& directory, std::size_t count) {
  run({self, "--append-and-die", directory.string(), std::to_string(count)});
  const auto begun = std::chrono::steady_clock::now();
  auto store = start(directory);
  return {.seconds = seconds_since(begun), .records = store.report().records_verified};
}

double measure_clean_reopen(const std::filesystem::path& directory, std::size_t count) {
  {
    auto store = start(directory);
    constexpr std::size_t part = 50'000;
    std::atomic<std::uint64_t> seed{1000};
    std::vector<std::jthread> threads;
    // Each makes its own events: that takes about as long as storing them.
    for (int producer = 0; producer < 4; ++producer)
      threads.emplace_back([&] {
        while (store.stats().events < count)
          produce(store, make_events(part, seed++), 1000, 4);
      });
  }
  const auto begun = std::chrono::steady_clock::now();
  auto store = start(directory);
  return seconds_since(begun);
}

idle_run measure_idle(const std::string& command, const std::filesystem::path& directory) {
  const auto data = (directory / "idle").string();
  const auto socket = (directory / "door").string();
  const child daemon{{command, "run", "--data", data, "--socket", socket, "--init"}};
  for (int tries = 0; tries < 200 && run({command, "status", "--socket", socket}) != 0; ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  std::this_thread::sleep_for(std::chrono::seconds{2});
  const auto before = daemon.cpu_seconds();
  constexpr int idle_seconds = 20;
  std::this_thread::sleep_for(std::chrono::seconds{idle_seconds});
  const auto after = daemon.cpu_seconds();
  const auto resident = daemon.resident_mib();
  std::vector<double> samples;
  for (int round = 0; round < 30; ++round) {
    const auto begun = std::chrono::steady_clock::now();
    run({command, "status", "--socket", socket});
    samples.push_back(seconds_since(begun) * 1e3);
  }
  return {.resident_mib = resident,
          .cpu_percent = (after - before) * 100 / idle_seconds,
          .status_ms = quantile(samples, 0.5)};
}

} // namespace bench
