// SPDX-License-Identifier: Apache-2.0
// Reads /proc; what is not there, or is in another form, is left out.
#include "runtime/os/host_load.hpp"

#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

namespace holdfast::os {
namespace {

/// The first line: user, nice, system, idle, iowait, irq, softirq, steal; what follows is counted
/// in the first two already.
std::optional<cpu_ticks> read_cpu(const std::filesystem::path& file) {
  std::ifstream from{file};
  std::string line;
  std::getline(from, line);
  std::istringstream words{line};
  std::string title;
  if (!(words >> title) || title != "cpu")
    return std::nullopt;
  cpu_ticks made;
  std::uint64_t ticks = 0;
  int column = 0;
  for (; column < 8 && words >> ticks; ++column) {
    made.all += ticks;
    if (column != 3 && column != 4)
      made.busy += ticks;
  }
  return column < 4 ? std::nullopt : std::optional{made};
}

std::optional<double> read_memory(const std::filesystem::path& file) {
  std::ifstream from{file};
  double total = 0;
  std::optional<double> available;
  for (std::string line; std::getline(from, line);) {
    std::istringstream words{line};
    std::string title;
    double kilobytes = 0;
    if (!(words >> title >> kilobytes))
      continue;
    if (title == "MemTotal:")
      total = kilobytes;
    else if (title == "MemAvailable:")
      available = kilobytes;
  }
  if (total <= 0 || !available)
    return std::nullopt;
  return 100 * (1 - *available / total);
}

/// `some avg10=1.25 avg60=... total=...`
std::optional<double> read_stall(const std::filesystem::path& file) {
  std::ifstream from{file};
  std::string title;
  std::string average;
  if (!(from >> title >> average) || title != "some" || !average.starts_with("avg10="))
    return std::nullopt;
  std::istringstream number{average.substr(6)};
  double percent = 0;
  return number >> percent ? std::optional{percent} : std::nullopt;
}

std::optional<disk_room> read_disk(const std::filesystem::path& store) {
  std::error_code problem;
  const auto space = std::filesystem::space(store, problem);
  if (store.empty() || problem)
    return std::nullopt;
  return disk_room{space.available, space.capacity};
}

} // namespace

host_load read_host_load(const std::filesystem::path& store, const std::filesystem::path& proc) {
  return {.cpu = read_cpu(proc / "stat"),
          .memory_percent = read_memory(proc / "meminfo"),
          .cpu_stall_percent = read_stall(proc / "pressure/cpu"),
          .memory_stall_percent = read_stall(proc / "pressure/memory"),
          .io_stall_percent = read_stall(proc / "pressure/io"),
          .disk = read_disk(store)};
}

} // namespace holdfast::os
