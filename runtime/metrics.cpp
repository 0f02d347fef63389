// SPDX-License-Identifier: Apache-2.0
// Metrics with prometheus-cpp's registry and text.
#include "runtime/metrics.hpp"

#include "runtime/os/host.hpp"
#include "runtime/version.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace holdfast {

namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;

const prometheus::Histogram::BucketBoundaries latency_bounds{
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};

} // namespace

struct metrics::families {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& appends = BuildCounter()
                                                         .Name("holdfast_appended_total")
                                                         .Help("Events answered, by outcome.")
                                                         .Register(registry);
  prometheus::Family<prometheus::Counter>& refusals =
      BuildCounter()
          .Name("holdfast_append_refused_total")
          .Help("Requests of which nothing was taken, by reason.")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& latency =
      BuildHistogram()
          .Name("holdfast_append_duration_seconds")
          .Help("From the request to its answer, by durability.")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& requests =
      BuildCounter()
          .Name("holdfast_http_requests_total")
          .Help("Requests answered, by route and status.")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& rejections =
      BuildCounter()
          .Name("holdfast_http_rejected_total")
          .Help("Connections and requests ended before a route saw them, by cause.")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& restarts =
      BuildCounter()
          .Name("holdfast_actor_restarts_total")
          .Help("Restarts of supervised actors, by name.")
          .Register(registry);
};

metrics::metrics() : held_{std::make_unique<families>()} {
  // Present from the start, so that a rate over them has a beginning.
  for (const auto what : {outcome::stored, outcome::duplicate, outcome::conflict, outcome::rejected,
                          outcome::unknown})
    held_->appends.Add({{"outcome", std::string{to_string(what)}}});
  for (const auto level : {durability::none, durability::process, durability::power})
    held_->latency.Add({{"durability", std::string{to_string(level)}}}, latency_bounds);
}

metrics::~metrics() = default;

void metrics::appended(const append_result& told, durability level,
                       std::chrono::duration<double> took) {
  if (told.refused) {
    held_->refusals.Add({{"reason", std::string{to_string(told.refused->reason.code)}}})
        .Increment();
    return;
  }
  std::uint64_t counts[6] = {};
  for (const auto& one : told.answers)
    ++counts[static_cast<std::size_t>(one.what) % 6];
  for (const auto what : {outcome::stored, outcome::duplicate, outcome::conflict, outcome::rejected,
                          outcome::unknown})
    if (const auto count = counts[static_cast<std::size_t>(what)]; count > 0)
      held_->appends.Add({{"outcome", std::string{to_string(what)}}})
          .Increment(static_cast<double>(count));
  held_->latency.Add({{"durability", std::string{to_string(level)}}}, latency_bounds)
      .Observe(took.count());
}

void metrics::answered(const std::string& route, unsigned status) {
  held_->requests.Add({{"route", route}, {"code", std::to_string(status)}}).Increment();
}

void metrics::rejected(const std::string& cause) {
  held_->rejections.Add({{"cause", cause}}).Increment();
}

void metrics::restarted(const std::string& child) {
  held_->restarts.Add({{"type", child}}).Increment();
}

std::string metrics::print(const metrics_now& now) const {
  auto collected = held_->registry.Collect();
  // The rest is as it is now; a registry of its own keeps two askers apart.
  prometheus::Registry moment;
  const auto gauge = [&](const char* name, const char* help, auto number,
                         const std::map<std::string, std::string>& labels = {}) {
    BuildGauge().Name(name).Help(help).Register(moment).Add(labels).Set(
        static_cast<double>(number));
  };
  const auto counter = [&](const char* name, const char* help, auto number) {
    BuildCounter().Name(name).Help(help).Register(moment).Add({}).Increment(
        static_cast<double>(number));
  };
  gauge("holdfast_build_info", "The version that runs.", 1, {{"version", version}});
  gauge("holdfast_uptime_seconds", "Since the start.", now.uptime_seconds);
  gauge("holdfast_head_sequence", "The newest record.", now.head);
  counter("holdfast_events_total", "Events ever stored.", now.events);
  counter("holdfast_duplicates_total", "Duplicates ever answered.", now.duplicates);
  const auto answered = now.events + now.duplicates;
  gauge("holdfast_dedup_ratio", "Duplicates among all events ever answered, 0 to 1.",
        answered == 0 ? 0.0 : static_cast<double>(now.duplicates) / static_cast<double>(answered));
  if (now.unique_patterns)
    gauge("holdfast_unique_patterns", "Patterns of use that learning tells apart.",
          *now.unique_patterns);
  counter("holdfast_commits_total", "Commits since the start.", now.commits);
  gauge("holdfast_store_bytes", "Of the data directory.", now.disk_bytes);
  gauge("holdfast_disk_free_bytes", "Of its file system.", now.free_bytes);
  gauge("holdfast_unprocessed_bytes", "That the slowest consumer has to process.",
        now.unprocessed_bytes);
  gauge("holdfast_unprocessed_events", "That the slowest consumer has to process.",
        now.unprocessed_events);
  gauge("holdfast_waiting_events", "Taken and not yet answered.", now.waiting_events);
  gauge("holdfast_paused", "1 while producers are asked to pause.", now.paused ? 1 : 0);
  gauge("holdfast_writable", "1 while appends are taken.", now.writable ? 1 : 0);
  gauge("holdfast_http_connections", "Open now.", now.connections);
  gauge("holdfast_actor_live", "Supervised actors that run.", now.actors);
  counter("holdfast_telemetry_dropped_total", "Log lines shed.", now.telemetry_dropped);
  for (const auto& [owner, when] : now.checkpoints)
    gauge("holdfast_checkpoint_last_success_timestamp_seconds", "The newest checkpoint.",
          static_cast<double>(when.us) / 1e6, {{"owner", owner}});
  gauge("process_resident_memory_bytes", "Resident memory.", os::resident_bytes());
  counter("process_cpu_seconds_total", "Processor time used.", os::cpu_seconds());
  gauge("process_start_time_seconds", "Of the process, since 1970.", now.started_seconds);
  gauge("process_open_fds", "Open file descriptors.", os::open_files());
  for (auto& family : moment.Collect())
    collected.push_back(std::move(family));
  return prometheus::TextSerializer{}.Serialize(collected);
}

} // namespace holdfast
