// SPDX-License-Identifier: Apache-2.0
// Holdfast, a raw RocksDB loop, SQLite and the disk itself, in one run on one machine.
#include "tools/bench/arguments.hpp"
#include "tools/bench/measure_holdfast.hpp"
#include "tools/bench/report.hpp"
#include "tools/bench/workload.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

namespace {

struct choices {
  std::string command;
  std::filesystem::path directory = std::filesystem::temp_directory_path() / "holdfast-bench";
  std::size_t events = 400'000;
  std::size_t store_events = 2'000'000;
};

std::vector<bench::figure> measure(const choices& chosen, const std::string& self) {
  using namespace bench;
  std::vector<figure> all;
  const auto plain = [&](std::string what, double value, std::string unit) {
    all.push_back({.what = std::move(what), .value = value, .unit = std::move(unit)});
  };
  const auto events = make_events(chosen.events, 42);
  const scratch room{chosen.directory};
  const auto inside = [&](const char* name) { return room.path() / name; };
  const auto fresh = [&](const char* name) { return scratch{inside(name)}; };

  say("the disk");
  const auto disk = measure_disk(room.path());
  plain("fdatasync after a 4 KiB append, p50", disk.append_us, "us");
  plain("fdatasync after a 4 KiB overwrite, p50", disk.overwrite_us, "us");

  say("appends through the C++ API");
  append_run holdfast;
  {
    const auto where = fresh("appends");
    holdfast = measure_appends(where.path(), events, 8, 100, 4);
  }
  say("the raw RocksDB loop");
  double raw = 0;
  double raw_large = 0;
  const auto reached = static_cast<std::size_t>(std::max(1.0, holdfast.batch_events));
  {
    const auto where = fresh("raw");
    raw = measure_rocksdb(where.path(), events, 100);
  }
  {
    const auto where = fresh("raw-large");
    raw_large = measure_rocksdb(where.path(), events, reached);
  }
  say("SQLite");
  double sqlite = 0;
  {
    const auto where = fresh("sqlite");
    sqlite = measure_sqlite(where.path(), events, 100);
  }
  plain("Holdfast, 8 producers, requests of 100, power", holdfast.events_per_second, "events/s");
  plain("  mean events in one commit", holdfast.batch_events, "");
  plain("raw RocksDB loop, batch 100", raw, "events/s");
  plain("raw RocksDB loop, batch " + std::to_string(reached), raw_large, "events/s");
  plain("SQLite (WAL, FULL), batch 100", sqlite, "events/s");
  all.push_back(against("Holdfast / raw RocksDB loop at batch 100",
                        holdfast.events_per_second / raw, 1.3, true, "x"));
  plain("Holdfast / raw RocksDB loop at its own batch", holdfast.events_per_second / raw_large,
        "x");
  all.push_back(against("Holdfast / SQLite", holdfast.events_per_second / sqlite, 2, true, "x"));

  say("single appends");
  {
    const auto where = fresh("single");
    const auto single = measure_single_append(where.path(), 2000);
    plain("one append at a time, p50", single, "us");
    all.push_back(against("one append / one fdatasync", single / disk.append_us, 2.5, false, "x"));
  }
  say("reopening after a kill");
  {
    const auto where = fresh("killed");
    const auto reopened = measure_reopen_after_kill(self, where.path(), 150'000);
    all.push_back(against(
        "reopen after a kill, both opens and verification",
        static_cast<double>(reopened.records) / reopened.seconds, 60'000, true, "events/s",
        number(reopened.seconds) + " s for " + std::to_string(reopened.records) + " records"));
  }
  say("reopening a large store");
  {
    const auto where = fresh("large");
    const auto clean = measure_clean_reopen(where.path(), chosen.store_events);
    all.push_back(against("reopen after a clean stop", clean, 1, false, "s",
                          std::to_string(chosen.store_events) + " events"));
  }
  if (chosen.command.empty())
    return all;
  say("an idle daemon");
  {
    const auto where = fresh("idle");
    const auto idle = measure_idle(chosen.command, where.path());
    all.push_back(against("idle daemon, resident", idle.resident_mib, 40, false, "MiB"));
    all.push_back(against("idle daemon, CPU", idle.cpu_percent, 0.1, false, "%", "over 20 s"));
    all.push_back(against("holdfast status, p50", idle.status_ms, 20, false, "ms"));
  }
  return all;
}

int usage() {
  std::fputs("usage: holdfast-bench [--command PATH] [--directory DIR] [--events N]"
             " [--store-events N]\n",
             stderr);
  return 2;
}

} // namespace

int main(int count, char** words) {
  if (count == 4 && std::strcmp(words[1], "--append-and-die") == 0)
    bench::append_and_die(words[2], std::strtoull(words[3], nullptr, 10));
  choices chosen;
  if (!bench::read_arguments(count, words,
                             {{"--command", &chosen.command},
                              {"--directory", &chosen.directory},
                              {"--events", &chosen.events},
                              {"--store-events", &chosen.store_events}}))
    return usage();
  try {
    const auto self = std::filesystem::read_symlink("/proc/self/exe").string();
    const auto all = measure(chosen, self);
    bench::print_table(all);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "holdfast-bench: %s\n", problem.what());
    return 1;
  }
  return 0;
}
