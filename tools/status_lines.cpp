// SPDX-License-Identifier: Apache-2.0
// What the daemon says of itself, in five lines.
#include "tools/status_lines.hpp"

#include "tools/progress.hpp"

#include <chrono>

namespace holdfast::tools {
namespace {

const value& member(const value& of, std::string_view name) {
  static const value none;
  const auto* found = of.find(name);
  return found == nullptr ? none : *found;
}

std::uint64_t count_at(const value& of, std::string_view name) {
  const auto number = of.number_at(name);
  return number < 0 ? 0 : static_cast<std::uint64_t>(number);
}

bool truth_at(const value& of, std::string_view name) {
  const auto* found = member(of, name).as<bool>();
  return found != nullptr && *found;
}

struct actors {
  std::uint64_t total = 0;
  std::uint64_t running = 0;
  std::string troubled; ///< The first that does not run, and why.
};

actors actors_of(const value& told) {
  actors found;
  const auto* supervisors = member(told, "supervisors").as<array>();
  if (supervisors == nullptr)
    return found;
  for (const auto& one : *supervisors) {
    const auto* children = member(one, "children").as<array>();
    if (children == nullptr)
      continue;
    for (const auto& child : *children) {
      ++found.total;
      if (child.text_at("state") == "running")
        ++found.running;
      else if (found.troubled.empty())
        found.troubled =
            child.text_at("id") + " " + child.text_at("state")
            + (child.text_at("last_cause").empty() ? "" : " (" + child.text_at("last_cause") + ")");
    }
  }
  return found;
}

struct verdict {
  status_line line;
  std::string next;
};

verdict verdict_of(const value& told, const actors& all) {
  const auto& store = member(told, "store");
  const auto standing = store.text_at("standing");
  if (standing == "no_space")
    return {{tone::bad, "NOT WRITABLE: the disk is full; it goes on by itself once there is room"},
            "df -h " + told.text_at("data")};
  if (standing == "gave_up")
    return {{tone::bad, "FAILED: the store failed and could not be reopened"},
            "holdfast store verify --deep"};
  if (!truth_at(told, "ready"))
    return {{tone::warn, "NOT READY: the store is " + standing}, "holdfast logs verify"};
  if (!all.troubled.empty())
    return {{tone::warn, "DEGRADED: " + all.troubled}, "holdfast events tail --stream '$*'"};
  if (truth_at(member(told, "pressure"), "paused"))
    return {{tone::warn,
             "PAUSED: consumers are behind (" + member(told, "pressure").text_at("cause") + ")"},
            "holdfast store stats"};
  if (count_at(member(told, "start"), "records_repaired") != 0)
    return {{tone::warn, "READY, repaired at the last start"}, "holdfast store verify --deep"};
  return {{tone::good, "READY"},
          count_at(store, "events") == 0 ? "holdfast ingest FILE" : "holdfast events tail -f"};
}

std::string start_line(const value& told) {
  const auto& start = member(told, "start");
  std::int64_t us = 0;
  if (const auto* phases = member(start, "phases_us").as<object>())
    for (const auto& [name, took] : *phases)
      us += took.as<std::int64_t>() == nullptr ? 0 : *took.as<std::int64_t>();
  auto text = "started  "
              + std::string{truth_at(start, "created") ? "on a new store"
                            : truth_at(start, "clean") ? "after a clean stop"
                                                       : "after a crash"}
              + " in " + spoken(std::chrono::milliseconds{us / 1000}) + ", "
              + grouped(count_at(start, "records_verified")) + " records verified";
  if (const auto repaired = count_at(start, "records_repaired"); repaired != 0)
    text += ", " + grouped(repaired) + " repaired (evidence: " + start.text_at("evidence") + ")";
  return text + "; up "
         + spoken(std::chrono::milliseconds{static_cast<std::int64_t>(told.number_at("uptime_ms"))})
         + ", pid " + std::to_string(count_at(told, "pid"));
}

} // namespace

std::vector<status_line> status_lines(const value& told) {
  const auto& store = member(told, "store");
  const auto& pressure = member(told, "pressure");
  const auto all = actors_of(told);
  auto [line, next] = verdict_of(told, all);
  line.text += "  " + told.text_at("data");
  return {line,
          {tone::plain, "store    " + grouped(count_at(store, "events")) + " events, "
                            + grouped(count_at(store, "duplicates")) + " duplicates refused, up to "
                            + std::to_string(count_at(store, "head")) + "; "
                            + spoken_bytes(count_at(store, "disk_bytes")) + ", "
                            + spoken_bytes(count_at(store, "free_bytes")) + " free"},
          {tone::plain, start_line(told)},
          {tone::plain, "actors   " + std::to_string(all.running) + " of "
                            + std::to_string(all.total) + " running; waiting "
                            + grouped(count_at(store, "waiting_events")) + " events, unprocessed "
                            + spoken_bytes(count_at(pressure, "unprocessed_bytes"))},
          {tone::dim, "next     " + next}};
}

} // namespace holdfast::tools
