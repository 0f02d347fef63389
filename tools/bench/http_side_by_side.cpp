// SPDX-License-Identifier: Apache-2.0
// Holdfast's HTTP door, its C++ API, the disk, NATS JetStream and Redis, in one run on one machine.
#include "tools/bench/arguments.hpp"
#include "tools/bench/measure_holdfast.hpp"
#include "tools/bench/report.hpp"
#include "tools/bench/serve_holdfast.hpp"
#include "tools/bench/serve_others.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <thread>

#include <sys/resource.h>

namespace {

using namespace bench;

struct choices {
  std::string command;
  std::filesystem::path directory = std::filesystem::temp_directory_path() / "holdfast-bench-http";
  std::size_t events = 400'000;
  std::size_t singles = 150'000;
  std::string only; ///< One of the parts; empty: all.
};

constexpr std::size_t producers = 8;
constexpr std::size_t window = 4; ///< Requests that each producer has under way.
constexpr std::size_t batch = 500;
constexpr std::size_t connections = 64;
constexpr std::size_t followers = 1000;

/// Known by a key, and timed by the store: as every compared server does it.
std::vector<holdfast::event> make_keyed_events(std::size_t count, std::uint64_t seed) {
  auto made = make_events(count, seed);
  for (auto& one : made) {
    one.key = one.body.text_at("request_id");
    one.time = {};
  }
  return made;
}

class report {
public:
  explicit report(choices chosen)
      : chosen_{std::move(chosen)}, room_{chosen_.directory}, events_{make_keyed_events(
                                                                  chosen_.events, 42)},
        batches_{keyed(events_)}, singles_{keyed(make_keyed_events(chosen_.singles, 43))} {}

  std::vector<figure> all() {
    const auto wanted = [this](const char* part) {
      return chosen_.only.empty() || chosen_.only == part;
    };
    if (wanted("batches"))
      in_batches();
    if (wanted("singles"))
      one_by_one();
    if (wanted("followers"))
      for_followers();
    return std::move(all_);
  }

private:
  scratch fresh(const char* name) const { return scratch{room_.path() / name}; }

  void add(std::string what, double value, std::string unit, std::string remark = {}) {
    all_.push_back({.what = std::move(what),
                    .value = value,
                    .unit = std::move(unit),
                    .remark = std::move(remark)});
  }

  static std::string cost(double client_us, double server_us) {
    return "CPU " + number(server_us) + " us each, the client's " + number(client_us) + " us";
  }

  /// A load of `events` on a server, with what it cost each side.
  template <class Speakers>
  double load(const std::string& what, const char* unit, const child& server, const endpoint& to,
              const std::vector<keyed_event>& events, const Speakers& speakers) {
    const auto used = server.cpu_seconds();
    const auto run = measure_load(to, events, speakers);
    const auto each = (server.cpu_seconds() - used) * 1e6 / static_cast<double>(events.size());
    add(what, run.events_per_second, unit, cost(run.client_us, each));
    return run.events_per_second;
  }

  /// The same load on a server of another make, if it is installed.
  template <class Server>
  void compare(const char* name, const std::string& what, const char* unit,
               const std::vector<keyed_event>& events, std::size_t lines, std::size_t at_a_time) {
    if (!is_installed(Server::program))
      return add(what, 0, "",
                 std::string{"not measured: "} + Server::program + " is not installed");
    say(what.c_str());
    const auto where = fresh(name);
    const Server server{where.path()};
    load(what, unit, server.process(), server.where(), events,
         Server::speakers(shares_of(events, lines), at_a_time));
  }

  void in_batches() {
    constexpr auto lines = producers * window;
    const auto shares = shares_of(batches_, lines);
    say("batches through the C++ API");
    double api = 0;
    const auto used = cpu_seconds_here();
    {
      const auto where = fresh("api");
      api = measure_appends(where.path(), events_, producers, batch, window).events_per_second;
    }
    const auto each = (cpu_seconds_here() - used) * 1e6 / static_cast<double>(events_.size());
    add("C++ API, 8 producers with 4 requests of 500 under way", api, "events/s",
        "CPU " + number(each) + " us each, with opening and closing the store");
    const auto over_http = [&](const char* name, const std::string& what, bool tcp) {
      say(what.c_str());
      const auto where = fresh(name);
      const holdfast_daemon served{chosen_.command, where.path()};
      const auto& to = tcp ? served.tcp() : served.local();
      return load(what, "events/s", served.process(), to, batches_,
                  http_speakers(to, shares, batch));
    };
    const auto local = over_http("http", "HTTP, Unix socket, 32 connections, NDJSON of 500", false);
    const auto tcp = over_http("tcp", "HTTP, TCP with a token, the same", true);
    all_.push_back(against("**HTTP / C++ API**, Unix socket", local / api, 0.6, true, "x"));
    all_.push_back(against("**HTTP / C++ API**, TCP", tcp / api, 0.6, true, "x"));
    compare<nats_server>("nats", "NATS JetStream, 32 connections, 500 publications at a time",
                         "events/s", batches_, lines, batch);
    compare<redis_server>("redis", "Redis, 32 connections, pipelines of 500", "events/s", batches_,
                          lines, batch);
  }

  void one_by_one() {
    const auto before = measure_disk(room_.path()).append_us;
    double single = 0;
    std::vector<double> quiet;
    std::vector<double> livez;
    {
      say("single events over HTTP, and /livez meanwhile");
      const auto where = fresh("singles");
      const holdfast_daemon served{chosen_.command, where.path()};
      const auto speakers = http_speakers(served.local(), shares_of(singles_, connections), 1);
      livez_watch before_it{served.local()};
      std::this_thread::sleep_for(std::chrono::seconds{2});
      quiet = before_it.stop();
      livez_watch watch{served.local()};
      single = load("HTTP, Unix socket, 64 connections, single events, level `power`", "requests/s",
                    served.process(), served.local(), singles_, speakers);
      livez = watch.stop();
    }
    const auto after = measure_disk(room_.path()).append_us;
    const auto syncs = 2e6 / (before + after);
    add("fdatasync after a 4 KiB append, one after the other", syncs, "per s",
        "p50 " + number(before) + " us before, " + number(after) + " us after");
    all_.push_back(against("**single requests / fdatasync**", single / syncs, 10, true, "x"));
    add("`/livez` before that load, p99", quantile(quiet, 0.99) / 1e3, "ms",
        "p50 " + number(quantile(quiet, 0.5) / 1e3) + " ms");
    add("`/livez` meanwhile, p50", quantile(livez, 0.5) / 1e3, "ms");
    all_.push_back(against("**`/livez` meanwhile**, p99", quantile(livez, 0.99) / 1e3, 5, false,
                           "ms", std::to_string(livez.size()) + " requests"));
    compare<nats_server>("nats", "NATS JetStream, 64 connections, single publications",
                         "requests/s", singles_, connections, 1);
    compare<redis_server>("redis", "Redis, 64 connections, single events", "requests/s", singles_,
                          connections, 1);
  }

  void for_followers() {
    for (const bool tls : {false, true}) {
      say(tls ? "idle followers over TLS" : "idle followers");
      const auto where = fresh("followers");
      const holdfast_daemon served{chosen_.command, where.path(), tls};
      const auto cost = measure_followers(served, followers, tls);
      const auto grown = cost.after_mib - cost.before_mib;
      const auto remark =
          number(cost.before_mib) + " MiB before, " + number(cost.after_mib) + " after";
      constexpr double bound = 30e6 / (1U << 20U);
      if (tls)
        add("1,000 idle followers, TLS", grown, "MiB", remark);
      else
        all_.push_back(
            against("**1,000 idle followers**, Unix socket", grown, bound, false, "MiB", remark));
    }
  }

  const choices chosen_;
  const scratch room_;
  const std::vector<holdfast::event> events_;
  const std::vector<keyed_event> batches_;
  const std::vector<keyed_event> singles_;
  std::vector<figure> all_;
};

int usage() {
  std::fputs("usage: holdfast-bench-http --command PATH [--directory DIR] [--events N]"
             " [--singles N]\n"
             "       [--only batches|singles|followers]\n",
             stderr);
  return 2;
}

/// Followers are connections, at both ends.
void allow_many_files() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

} // namespace

int main(int count, char** words) {
  choices chosen;
  const bool understood = read_arguments(count, words,
                                         {{"--command", &chosen.command},
                                          {"--directory", &chosen.directory},
                                          {"--events", &chosen.events},
                                          {"--singles", &chosen.singles},
                                          {"--only", &chosen.only}});
  if (!understood || chosen.command.empty())
    return usage();
  allow_many_files();
  try {
    print_table(report{std::move(chosen)}.all());
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "holdfast-bench-http: %s\n", problem.what());
    return 1;
  }
  return 0;
}
