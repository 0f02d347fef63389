// SPDX-License-Identifier: Apache-2.0
// A seeded generator of LLM usage events, shaped like the public Azure LLM inference trace 2023
// (code): its quantiles stand below, or the trace itself is used.
#include "tools/usage_generator.hpp"

#include "tools/time_expression.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace holdfast::tools {
namespace {

/// splitmix64: small, fast, and the same everywhere, which std's distributions are not.
class dice {
public:
  dice(std::uint64_t seed, std::uint64_t stream) : state_{seed ^ (stream * 0xD1B54A32D192ED03U)} {
    next();
  }

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    auto mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
    return mixed ^ (mixed >> 31U);
  }
  std::uint64_t below(std::uint64_t limit) { return limit == 0 ? 0 : next() % limit; }
  double share() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

private:
  std::uint64_t state_;
};

struct quantile {
  double share;
  double value;
};

// Measured on the trace (8,819 requests in one hour); gaps between arrivals in seconds.
constexpr std::array<quantile, 12> context_tokens{{{0, 3},
                                                   {.01, 17},
                                                   {.05, 75},
                                                   {.1, 147},
                                                   {.25, 578},
                                                   {.5, 1469},
                                                   {.6, 1909},
                                                   {.75, 2744},
                                                   {.9, 5186},
                                                   {.95, 7302},
                                                   {.99, 7436},
                                                   {1, 7437}}};
constexpr std::array<quantile, 10> generated_tokens{{{0, 6},
                                                     {.1, 7},
                                                     {.25, 9},
                                                     {.5, 13},
                                                     {.6, 16},
                                                     {.75, 24},
                                                     {.9, 55},
                                                     {.95, 90},
                                                     {.99, 249},
                                                     {1, 1899}}};
constexpr std::array<quantile, 10> gaps{{{0, 1e-6},
                                         {.05, 1e-4},
                                         {.1, 2e-4},
                                         {.25, 2.1e-3},
                                         {.4, .0151},
                                         {.5, .0638},
                                         {.75, .104},
                                         {.9, .2728},
                                         {.99, 2.2},
                                         {1, 217}}};

template <std::size_t Size>
double draw(const std::array<quantile, Size>& from, double share) {
  std::size_t above = 1;
  while (above + 1 < Size && from[above].share < share)
    ++above;
  const auto& low = from[above - 1];
  const auto& high = from[above];
  const auto part = (share - low.share) / (high.share - low.share);
  return low.value * std::pow(high.value / low.value, part); // long tails are straight in logs
}

struct model {
  std::string_view name;
  unsigned share;      ///< Of 100 requests.
  double ms_per_token; ///< Generated.
};

constexpr std::array<model, 5> models{{{"gpt-4o-mini", 42, 9},
                                       {"gpt-4o", 25, 16},
                                       {"claude-sonnet", 18, 18},
                                       {"llama-3-70b", 10, 28},
                                       {"o1", 5, 45}}};

constexpr std::array<std::string_view, 4> tasks{"complete", "explain", "review", "test"};

constexpr std::int64_t trace_start_us = 1'700'158'623'979'960; // 2023-11-16T18:17:03.97996Z

std::vector<std::int64_t> arrivals(const usage_options& chosen, std::uint64_t originals) {
  std::vector<std::int64_t> times;
  times.reserve(originals);
  if (!chosen.trace.empty()) {
    const auto lap = chosen.trace.back().after_us + 60'000'000;
    for (std::uint64_t at = 0; at < originals; ++at) {
      const auto turn = static_cast<std::int64_t>(at / chosen.trace.size());
      times.push_back(trace_start_us + turn * lap
                      + chosen.trace[at % chosen.trace.size()].after_us);
    }
    return times;
  }
  dice roll{chosen.seed, 1};
  auto now = trace_start_us;
  for (std::uint64_t at = 0; at < originals; ++at) {
    now += static_cast<std::int64_t>(draw(gaps, roll.share()) * 1e6);
    times.push_back(now);
  }
  return times;
}

/// Which original each line repeats, in the order of the lines.
std::vector<std::uint64_t> order_of(const usage_options& chosen, std::uint64_t originals) {
  struct place {
    std::uint64_t position;
    std::uint64_t original;
  };
  dice roll{chosen.seed, 2};
  std::vector<place> places;
  places.reserve(chosen.count);
  for (std::uint64_t at = 0; at < chosen.count; ++at) {
    const bool first = at < originals;
    const auto original = first ? at : roll.below(originals);
    // A resend follows its original within some hundred requests.
    const auto soon = original * 2 + (first ? 0 : 1 + 2 * roll.below(400));
    places.push_back({chosen.shuffle ? roll.next() : soon, original});
  }
  std::stable_sort(places.begin(), places.end(), [](const auto& left, const auto& right) {
    return left.position < right.position;
  });
  std::vector<std::uint64_t> order;
  order.reserve(places.size());
  for (const auto& one : places)
    order.push_back(one.original);
  return order;
}

std::string line_of(const usage_options& chosen, std::uint64_t number, std::int64_t time_us) {
  dice roll{chosen.seed, number + 1000};
  auto context = static_cast<std::uint32_t>(draw(context_tokens, roll.share()));
  auto generated = static_cast<std::uint32_t>(draw(generated_tokens, roll.share()));
  if (!chosen.trace.empty()) {
    const auto& real = chosen.trace[number % chosen.trace.size()];
    context = real.context_tokens;
    generated = real.generated_tokens;
  }
  auto pick = static_cast<unsigned>(roll.below(100));
  std::size_t which = 0;
  while (which + 1 < models.size() && pick >= models[which].share)
    pick -= models[which++].share;
  const auto luck = roll.below(1000);
  const std::string_view outcome = luck < 970   ? "ok"
                                   : luck < 985 ? "timeout"
                                   : luck < 995 ? "rate_limited"
                                                : "error";
  if (outcome != "ok")
    generated = 0;
  const auto worked = 120 + 0.06 * context + models[which].ms_per_token * generated;
  const auto latency = outcome == "timeout" ? 30000.0 : worked * (0.8 + 0.5 * roll.share());
  const auto prompt = roll.below(4000);
  const auto id = roll.next();
  std::array<char, 640> text{};
  const auto length = std::snprintf(
      text.data(), text.size(),
      R"({"stream":"llm.usage","type":"llm.usage","key":"req-%016llx-%llu","time":"%s",)"
      R"("body":{"request_id":"req-%016llx-%llu","model":"%s","task":"%s","pattern":"p%04llu",)"
      R"("input_tokens":%u,"output_tokens":%u,"latency_ms":%.1f,"outcome":"%s"}})",
      static_cast<unsigned long long>(id), static_cast<unsigned long long>(number),
      format_iso({time_us}).c_str(), static_cast<unsigned long long>(id),
      static_cast<unsigned long long>(number), models[which].name.data(),
      tasks[prompt % tasks.size()].data(), static_cast<unsigned long long>(prompt), context,
      generated, latency, outcome.data());
  return {text.data(), static_cast<std::size_t>(length)};
}

bool take_number(std::string_view& rest, std::uint32_t& into) {
  const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), into);
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return problem == std::errc{};
}

} // namespace

result<std::vector<trace_request>> read_azure_trace(std::string_view csv) {
  std::vector<trace_request> trace;
  std::int64_t first = 0;
  for (std::uint64_t number = 1; !csv.empty(); ++number) {
    auto line = csv.substr(0, csv.find('\n'));
    csv.remove_prefix(std::min(csv.size(), line.size() + 1));
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    if (number == 1 && line == "TIMESTAMP,ContextTokens,GeneratedTokens")
      continue;
    const auto refuse = [&](const char* why) {
      return fault{fault_code::invalid, "line " + std::to_string(number) + " of the trace " + why,
                   "A line is TIMESTAMP,ContextTokens,GeneratedTokens."};
    };
    if (number == 1)
      return refuse("is not its header");
    const auto comma = line.find(',');
    if (comma == std::string_view::npos || comma < 19)
      return refuse("has no timestamp");
    const auto time = parse_time(std::string{line.substr(0, std::min<std::size_t>(comma, 26))}, {});
    if (!time)
      return refuse("has no timestamp");
    auto rest = line.substr(comma + 1);
    trace_request one;
    bool good = take_number(rest, one.context_tokens) && rest.starts_with(',');
    rest.remove_prefix(good ? 1 : 0);
    good = good && take_number(rest, one.generated_tokens) && rest.empty();
    if (!good)
      return refuse("has no token counts");
    if (trace.empty())
      first = time->us;
    one.after_us = time->us - first;
    trace.push_back(one);
  }
  if (trace.empty())
    return fault{fault_code::invalid, "the trace is empty", {}};
  return trace;
}

void generate_usage(const usage_options& chosen,
                    const std::function<bool(std::string_view line)>& take) {
  if (chosen.count == 0)
    return;
  const auto repeats = chosen.count * std::min<std::uint32_t>(chosen.duplicates, 90) / 100;
  const auto originals = chosen.count - repeats;
  const auto times = arrivals(chosen, originals);
  for (const auto number : order_of(chosen, originals))
    if (!take(line_of(chosen, number, times[number])))
      return;
}

} // namespace holdfast::tools
