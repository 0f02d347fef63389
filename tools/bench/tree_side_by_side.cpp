// SPDX-License-Identifier: Apache-2.0
// Supervision and inspection beside CAF alone and beside an OTP supervisor, in one run.
#include "tools/bench/arguments.hpp"
#include "tools/bench/report.hpp"
#include "tools/bench/tree.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <memory>

namespace bench {

namespace {

struct choices {
  std::size_t crashes = 9'000;
  std::size_t children = 100'000;
  std::size_t messages = 2'000'000;
  std::string otp = "tools/bench/otp_supervisor.erl";
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double median_of_first(const std::vector<double>& all) {
  const auto count = static_cast<std::ptrdiff_t>(std::min<std::size_t>(1000, all.size()));
  return median({all.begin(), all.begin() + count});
}

double median_of_last(const std::vector<double>& all) {
  const auto count = static_cast<std::ptrdiff_t>(std::min<std::size_t>(1000, all.size()));
  return median({all.end() - count, all.end()});
}

/// The better of runs that take turns, so that neither side has the quieter minute.
std::pair<double, double> throughputs(std::size_t messages, std::size_t handler_ns) {
  std::pair<double, double> best{};
  for (int i = 0; i < 5; ++i) {
    best.first = std::max(best.first, throughput(way::direct, messages, handler_ns));
    best.second = std::max(best.second, throughput(way::address, messages, handler_ns));
  }
  return best;
}

std::vector<figure> measure(const choices& chosen) {
  std::vector<figure> all;
  const auto plain = [&](std::string what, double value, std::string unit) {
    all.push_back({.what = std::move(what), .value = value, .unit = std::move(unit)});
  };
  say("OTP");
  const auto otp = measure_otp(chosen.otp, chosen.crashes, chosen.children);

  say("a child that crashes");
  const auto by_hand = crash_to_serving_caf(chosen.crashes);
  const auto ours = crash_to_serving_holdfast(chosen.crashes);
  plain("crash to serving, CAF by hand, p50", median(by_hand), "us");
  plain("crash to serving, Holdfast, p50", median(ours), "us");
  all.push_back(against("crash to serving, Holdfast / CAF by hand", median(ours) / median(by_hand),
                        1.5, false, "x"));
  plain("  Holdfast, the first 1,000 crashes", median_of_first(ours), "us");
  plain("  Holdfast, the last 1,000 crashes", median_of_last(ours), "us");
  if (otp.there) {
    plain("  OTP, the first 1,000 crashes", otp.crash_first_us, "us");
    plain("  OTP, the last 1,000 crashes", otp.crash_last_us, "us");
  }

  say("many children");
  const auto hand = many_children_caf(chosen.children);
  const auto tree = many_children_holdfast(chosen.children);
  const auto count = std::to_string(chosen.children) + " children";
  plain(count + " started, CAF by hand", hand.start_seconds, "s");
  plain(count + " started, Holdfast", tree.start_seconds, "s");
  if (otp.there)
    plain(count + " started, OTP", otp.start_seconds, "s");
  plain(count + " stopped, CAF by hand", hand.stop_seconds, "s");
  plain(count + " stopped, Holdfast", tree.stop_seconds, "s");
  if (otp.there)
    plain(count + " stopped, OTP", otp.stop_seconds, "s");

  say("messages through an address");
  const auto [direct, through] = throughputs(chosen.messages, 0);
  plain("messages to an empty handler, CAF alone", direct, "/s");
  plain("messages to an empty handler, through a bounded address", through, "/s");
  all.push_back(against("through an address / CAF alone", through / direct, 0.9, true, "x"));
  const auto [direct_1us, through_1us] = throughputs(chosen.messages / 2, 1000);
  plain("messages to a handler of 1 us, CAF alone", direct_1us, "/s");
  all.push_back(against("counting costs a handler of 1 us", 100 * (1 - through_1us / direct_1us), 5,
                        false, "%"));

  say("inspection");
  const auto seen = inspect_holdfast(chosen.children);
  all.push_back(against("reading the counters of " + std::to_string(chosen.children) + " actors",
                        seen.all_ms, 200, false, "ms"));
  all.push_back(
      against("reading those of one with a million messages", seen.deep_ms, 10, false, "ms"));
  return all;
}

} // namespace

otp_figures measure_otp(const std::string& script, std::size_t crashes, std::size_t children) {
  otp_figures told;
  const auto command = "escript '" + script + "' " + std::to_string(crashes) + " "
                       + std::to_string(children) + " 2>/dev/null";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe{popen(command.c_str(), "r"), pclose};
  told.there = pipe
               && std::fscanf(pipe.get(), "%lf %lf %lf %lf", &told.crash_first_us,
                              &told.crash_last_us, &told.start_seconds, &told.stop_seconds)
                      == 4;
  if (!told.there)
    std::fputs("OTP is left out: escript, of the package erlang-base, gave no figures\n", stderr);
  return told;
}

} // namespace bench

int main(int count, char** words) {
  bench::choices chosen;
  if (!bench::read_arguments(count, words,
                             {{"--crashes", &chosen.crashes},
                              {"--children", &chosen.children},
                              {"--messages", &chosen.messages},
                              {"--otp", &chosen.otp}})) {
    std::fputs("usage: holdfast-bench-tree [--crashes N] [--children N] [--messages N]"
               " [--otp otp_supervisor.erl]\n",
               stderr);
    return 2;
  }
  try {
    bench::print_table(bench::measure(chosen));
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "holdfast-bench-tree: %s\n", problem.what());
    return 1;
  }
  return 0;
}
