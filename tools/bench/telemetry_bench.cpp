// SPDX-License-Identifier: Apache-2.0
// What a telemetry call costs its caller: percentiles of single calls, through the writer and
// spdlog.
#include "actors/telemetry/telemetry_sink.hpp"
#include "persistence/telemetry_writer.hpp"

#include <benchmark/benchmark.h>
#include <spdlog/logger.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace holdfast;
using clock_type = std::chrono::steady_clock;

struct open_writer {
  std::string directory;
  std::shared_ptr<persistence::telemetry_writer> writer;

  open_writer() {
    directory = (std::filesystem::temp_directory_path() / "telemetry-bench-XXXXXX").string();
    if (::mkdtemp(directory.data()) == nullptr)
      std::abort();
    writer = std::make_shared<persistence::telemetry_writer>(persistence::telemetry_options{
        .directory = directory,
        .name = "bench",
        .now =
            [] {
              const auto since = std::chrono::system_clock::now().time_since_epoch();
              return persistence::telemetry_now{
                  {std::chrono::duration_cast<std::chrono::microseconds>(since).count()},
                  clock_type::now()};
            },
        .redaction = telemetry::redaction_for_writer({})});
    writer->start();
  }
  ~open_writer() {
    static_cast<void>(writer->stop(std::chrono::seconds{10}));
    std::filesystem::remove_all(directory);
  }
};

// Times each call by itself; every `burst` calls the caller pauses, as a busy actor would, so that
// the figure is that of taken lines and not of shed ones.
template <class Call>
void measure(benchmark::State& state, open_writer& opened, const Call& call) {
  constexpr std::size_t burst = 200;
  std::vector<std::int64_t> times;
  times.reserve(1U << 20U);
  for (auto _ : state) {
    const auto begin = clock_type::now();
    call();
    const auto took = clock_type::now() - begin;
    state.SetIterationTime(std::chrono::duration<double>(took).count());
    times.push_back(std::chrono::duration_cast<std::chrono::nanoseconds>(took).count());
    if (times.size() % burst == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  const auto at = [&times](double part) {
    const auto index = static_cast<std::ptrdiff_t>(static_cast<double>(times.size() - 1) * part);
    std::nth_element(times.begin(), times.begin() + index, times.end());
    return static_cast<double>(times[static_cast<std::size_t>(index)]);
  };
  state.counters["p50_ns"] = at(0.5);
  state.counters["p99_ns"] = at(0.99);
  state.counters["p999_ns"] = at(0.999);
  state.counters["shed"] = static_cast<double>(opened.writer->counters().dropped);
}

void call_with_fields(benchmark::State& state) {
  open_writer opened;
  const telemetry_field fields[] = {{"model", std::string_view{"large-2"}},
                                    {"input_tokens", std::int64_t{1200}},
                                    {"latency_ms", 84.5}};
  measure(state, opened, [&] {
    opened.writer->log({.level = severity::info,
                        .logger = "gateway",
                        .message = "call to the model has been answered",
                        .fields = fields});
  });
}

void call_through_spdlog(benchmark::State& state) {
  open_writer opened;
  const auto logger = telemetry::make_logger("gateway", opened.writer);
  measure(state, opened,
          [&] { logger->info("call {} to {} answered in {} ms", 42, "large-2", 84); });
}

// What the writing thread makes of it: one call is printed, redacted, summed and written.
void write_a_line(benchmark::State& state) {
  open_writer opened;
  const auto own = opened.writer->stop(std::chrono::seconds{10});
  persistence::telemetry_writer writer{
      {.directory = opened.directory,
       .name = "drain",
       .now =
           [] {
             return persistence::telemetry_now{{1'795'348'800'000'000}, clock_type::now()};
           },
       .redaction = telemetry::redaction_for_writer({})}};
  for (auto _ : state) {
    for (int line = 0; line < 1000; ++line)
      writer.log({.logger = "gateway", .message = "call to the model has been answered"});
    writer.drain();
  }
  state.SetItemsProcessed(state.iterations() * 1000);
  benchmark::DoNotOptimize(own);
}

BENCHMARK(call_with_fields)->UseManualTime();
BENCHMARK(call_through_spdlog)->UseManualTime();
BENCHMARK(write_a_line);

} // namespace

BENCHMARK_MAIN();
