// SPDX-License-Identifier: Apache-2.0
// Makes the events that every measured store is given, and measures the disk.
#include "tools/bench/workload.hpp"

#include <algorithm>
#include <array>
#include <random>

#include <fcntl.h>
#include <unistd.h>

namespace bench {

std::vector<holdfast::event> make_events(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  constexpr std::array models{"gpt-large", "sonnet-4", "llama-70b", "embed-small"};
  std::vector<holdfast::event> made;
  made.reserve(count);
  for (std::size_t number = 0; number < count; ++number) {
    if (number > 100 && random() % 5 == 0) {
      made.push_back(made[random() % number]);
      continue;
    }
    holdfast::object body{
        {"model", models[random() % models.size()]},
        {"input_tokens", random() % 8000},
        {"output_tokens", random() % 900},
        {"latency_ms", random() % 20000},
        {"outcome", random() % 50 == 0 ? "error" : "ok"},
        {"request_id", "req-" + std::to_string(seed) + "-" + std::to_string(number)},
        {"session", "session-" + std::to_string(random() % 5000)},
        {"pad", std::string(90 + random() % 40, 'x')}};
    holdfast::event one;
    one.stream = "llm.usage";
    one.type = "call";
    one.time = holdfast::wall_time{1'700'000'000'000'000 + static_cast<std::int64_t>(number)};
    one.body = std::move(body);
    made.push_back(std::move(one));
  }
  return made;
}

double quantile(std::vector<double>& samples, double at) {
  if (samples.empty())
    return 0;
  std::sort(samples.begin(), samples.end());
  const auto last = static_cast<double>(samples.size() - 1);
  return samples[static_cast<std::size_t>(at * last)];
}

scratch::scratch(std::filesystem::path made) : path_{std::move(made)} {
  std::filesystem::remove_all(path_);
  std::filesystem::create_directories(path_);
}

scratch::~scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

namespace {

double sync_us(const std::filesystem::path& path, bool overwrite) {
  constexpr int rounds = 300;
  const int fd = open(path.c_str(), O_CREAT | O_TRUNC | O_RDWR, 0600);
  const std::string block(4096, 'b');
  if (overwrite)
    for (int at = 0; at < rounds; ++at)
      if (pwrite(fd, block.data(), block.size(), at * 4096L) != 4096)
        return 0;
  fsync(fd);
  std::vector<double> samples;
  for (int at = 0; at < rounds; ++at) {
    const auto begun = std::chrono::steady_clock::now();
    if (pwrite(fd, block.data(), block.size(), at * 4096L) != 4096 || fdatasync(fd) != 0)
      return 0;
    samples.push_back(seconds_since(begun) * 1e6);
  }
  close(fd);
  return quantile(samples, 0.5);
}

} // namespace

disk_cost measure_disk(const std::filesystem::path& directory) {
  return {.append_us = sync_us(directory / "append", false),
          .overwrite_us = sync_us(directory / "overwrite", true)};
}

} // namespace bench
