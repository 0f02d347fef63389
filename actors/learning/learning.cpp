// SPDX-License-Identifier: Apache-2.0
// The fold over usage events.
#include "actors/learning/learning.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

namespace holdfast::learning {

namespace {

constexpr std::uint64_t tokens_max = 1'000'000'000'000;
constexpr double latency_ms_max = 1e9;
constexpr std::size_t text_max = 100;
constexpr std::int64_t hour_us = 3'600'000'000;
constexpr auto rest = "other";

/// One event's fields, once they are known to be good.
struct usage {
  std::string model;
  std::string outcome;
  std::string pattern;
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::optional<std::uint64_t> latency_us;
};

bool take_text(const value& body, std::string_view field, std::string& into) {
  const auto* found = body.find(field);
  if (found == nullptr || found->is_null())
    return true;
  const auto* text = found->as<std::string>();
  if (text == nullptr || text->empty() || text->size() > text_max)
    return false;
  into = *text;
  return true;
}

/// JSON from some producers writes whole numbers as 12.0.
bool take_tokens(const value& body, std::string_view field, std::uint64_t& into) {
  const auto* found = body.find(field);
  if (found == nullptr || found->is_null())
    return true;
  if (const auto* whole = found->as<std::int64_t>()) {
    if (*whole < 0)
      return false;
    into = static_cast<std::uint64_t>(*whole);
  } else if (const auto* real = found->as<double>()) {
    if (!(*real >= 0 && *real <= static_cast<double>(tokens_max)) || std::trunc(*real) != *real)
      return false;
    into = static_cast<std::uint64_t>(*real);
  } else {
    return false;
  }
  return into <= tokens_max;
}

bool take_latency(const value& body, std::optional<std::uint64_t>& into) {
  const auto* found = body.find("latency_ms");
  if (found == nullptr || found->is_null())
    return true;
  if (found->as<double>() == nullptr && found->as<std::int64_t>() == nullptr)
    return false;
  const auto latency = body.number_at("latency_ms");
  if (!(latency >= 0 && latency <= latency_ms_max))
    return false;
  into = static_cast<std::uint64_t>(std::llround(latency * 1000));
  return true;
}

std::string derived_pattern(const usage& one) {
  return one.model + '|' + one.outcome + '|' + std::to_string(std::bit_width(one.input_tokens))
         + '|' + std::to_string(std::bit_width(one.output_tokens));
}

std::optional<usage> usage_of(const value& body) {
  usage one;
  if (body.as<object>() == nullptr || !take_text(body, "model", one.model) || one.model.empty()
      || !take_text(body, "outcome", one.outcome) || !take_text(body, "pattern", one.pattern)
      || !take_tokens(body, "input_tokens", one.input_tokens)
      || !take_tokens(body, "output_tokens", one.output_tokens)
      || !take_latency(body, one.latency_us))
    return std::nullopt;
  if (one.outcome.empty())
    one.outcome = "unknown";
  if (one.pattern.empty())
    one.pattern = derived_pattern(one);
  return one;
}

void add(std::uint64_t& sum, std::uint64_t more) {
  sum = more > UINT64_MAX - sum ? UINT64_MAX : sum + more;
}

void add(usage_totals& sum, const usage_totals& more) {
  add(sum.requests, more.requests);
  add(sum.input_tokens, more.input_tokens);
  add(sum.output_tokens, more.output_tokens);
  add(sum.timed, more.timed);
  add(sum.latency_us, more.latency_us);
}

/// The entry of that name, or of `other` once there are as many as may be.
template <class Entry>
std::pair<const std::string, Entry>& entry_of(std::map<std::string, Entry>& entries,
                                              const std::string& name, std::size_t entries_max) {
  const auto found = entries.find(name);
  if (found != entries.end())
    return *found;
  const auto room = entries_max + (entries.count(rest) != 0 ? 1U : 0U);
  return *entries.try_emplace(entries.size() < room ? name : rest).first;
}

std::size_t bucket_of(std::uint64_t latency_us) {
  const auto bound = std::find_if(latency_bounds_ms.begin(), latency_bounds_ms.end(),
                                  [&](auto limit) { return latency_us <= limit * 1000; });
  return static_cast<std::size_t>(bound - latency_bounds_ms.begin());
}

std::int64_t hour_of(const recorded_event& heard) {
  const auto us = heard.time.us != 0 ? heard.time.us : heard.recorded.us;
  return us / hour_us - (us % hour_us < 0 ? 1 : 0);
}

/// The newest hours are kept one by one; what falls out goes to its model's `older`.
void add_hour(learned_usage& known, std::int64_t hour, const std::string& model,
              const usage_totals& one, std::size_t hours_max) {
  const bool is_new = known.hours.count(hour) == 0;
  if (is_new && known.hours.size() >= hours_max) {
    if (hour < known.hours.begin()->first)
      return add(known.models[model].older, one);
    for (const auto& [name, totals] : known.hours.begin()->second)
      add(known.models[name].older, totals);
    known.hours.erase(known.hours.begin());
  }
  add(known.hours[hour][model], one);
}

void add_pattern(learned_usage& known, const std::string& pattern, std::size_t patterns_max) {
  const auto found = known.patterns.find(pattern);
  if (found != known.patterns.end()) {
    add(found->second, 1);
    add(known.repeats, 1);
  } else if (known.patterns.size() < patterns_max) {
    known.patterns.emplace(pattern, 1);
  } else {
    add(known.unlisted, 1);
  }
}

// What follows is the stored form.

value stored(const usage_totals& totals) {
  return object{{"requests", totals.requests},
                {"input_tokens", totals.input_tokens},
                {"output_tokens", totals.output_tokens},
                {"timed", totals.timed},
                {"latency_us", totals.latency_us}};
}

value stored(const std::map<std::string, std::uint64_t>& counts) {
  object members;
  for (const auto& [name, count] : counts)
    members.emplace_hint(members.end(), name, count);
  return members;
}

value stored(const model_usage& model) {
  array latencies;
  for (const auto count : model.latencies)
    latencies.emplace_back(count);
  return object{{"all", stored(model.all)},
                {"older", stored(model.older)},
                {"outcomes", stored(model.outcomes)},
                {"latencies", std::move(latencies)}};
}

/// Reads what `encode` made. After the first problem everything reads as empty.
class reader {
public:
  std::optional<fault> problem;

  /// `member` belongs to the path; joining them for every number would cost more than the reading.
  std::uint64_t number(const value* found, const std::string& path,
                       const std::string& member = {}) {
    if (found != nullptr) {
      if (const auto* whole = found->as<std::int64_t>(); whole != nullptr && *whole >= 0)
        return static_cast<std::uint64_t>(*whole);
      if (const auto* large = found->as<std::uint64_t>())
        return *large;
    }
    return fail(member.empty() ? path : path + '.' + member, "is no whole number"), 0;
  }

  const object& members(const value* found, const std::string& path) {
    if (found != nullptr)
      if (const auto* all = found->as<object>())
        return *all;
    fail(path, "is no object");
    return none_;
  }

  usage_totals totals(const value* found, const std::string& path) {
    members(found, path);
    if (problem)
      return {};
    return {number(found->find("requests"), path + ".requests"),
            number(found->find("input_tokens"), path + ".input_tokens"),
            number(found->find("output_tokens"), path + ".output_tokens"),
            number(found->find("timed"), path + ".timed"),
            number(found->find("latency_us"), path + ".latency_us")};
  }

  std::map<std::string, std::uint64_t> counts(const value* found, const std::string& path) {
    std::map<std::string, std::uint64_t> all;
    for (const auto& [name, count] : members(found, path))
      all.emplace_hint(all.end(), name, number(&count, path, name));
    return all;
  }

  model_usage model(const value& found, const std::string& path) {
    model_usage one;
    one.all = totals(found.find("all"), path + ".all");
    one.older = totals(found.find("older"), path + ".older");
    one.outcomes = counts(found.find("outcomes"), path + ".outcomes");
    const auto* listed = found.find("latencies");
    const auto* buckets = listed == nullptr ? nullptr : listed->as<array>();
    if (buckets == nullptr || buckets->size() != one.latencies.size())
      return fail(path + ".latencies", "is no list of 12 numbers"), one;
    for (std::size_t i = 0; i < buckets->size(); ++i)
      one.latencies[i] = number(&(*buckets)[i], path + ".latencies");
    return one;
  }

  std::int64_t hour(const std::string& text) {
    std::int64_t number = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (wrong != std::errc{} || end != text.data() + text.size())
      fail("hours." + text, "is no hour");
    return number;
  }

private:
  void fail(const std::string& path, const char* what) {
    if (!problem)
      problem = fault{fault_code::corrupt, "learning state: " + path + ' ' + what, {}};
  }

  object none_;
};

} // namespace

void apply(learned_usage& known, const recorded_event& heard, const limits& bounds) {
  const auto one = usage_of(heard.body);
  if (!one)
    return add(known.malformed, 1);
  add(known.events, 1);
  const usage_totals totals{1, one->input_tokens, one->output_tokens, one->latency_us ? 1U : 0U,
                            one->latency_us.value_or(0)};
  auto& [name, model] = entry_of(known.models, one->model, bounds.models_max);
  add(model.all, totals);
  add(entry_of(model.outcomes, one->outcome, bounds.outcomes_max).second, 1);
  if (one->latency_us)
    add(model.latencies[bucket_of(*one->latency_us)], 1);
  add_hour(known, hour_of(heard), name, totals, bounds.hours_max);
  add_pattern(known, one->pattern, bounds.patterns_max);
}

value encode(const learned_usage& known) {
  object models;
  for (const auto& [name, model] : known.models)
    models.emplace(name, stored(model));
  object hours;
  for (const auto& [hour, by_model] : known.hours) {
    object row;
    for (const auto& [name, totals] : by_model)
      row.emplace(name, stored(totals));
    hours.emplace(std::to_string(hour), std::move(row));
  }
  return object{{"events", known.events},
                {"malformed", known.malformed},
                {"models", std::move(models)},
                {"hours", std::move(hours)},
                {"patterns", stored(known.patterns)},
                {"unique_patterns", known.patterns.size()},
                {"repeats", known.repeats},
                {"unlisted", known.unlisted},
                {"repeated_pattern_rate_ppm", known.repeated_pattern_rate_ppm()}};
}

result<learned_usage> decode(const value& stored, std::uint16_t schema_of_state) {
  if (schema_of_state == 0 || schema_of_state > schema)
    return fault{fault_code::unsupported,
                 "learning state: schema " + std::to_string(schema_of_state) + " is not known",
                 {}};
  reader in;
  learned_usage known;
  known.events = in.number(stored.find("events"), "events");
  known.malformed = in.number(stored.find("malformed"), "malformed");
  known.repeats = in.number(stored.find("repeats"), "repeats");
  known.unlisted = in.number(stored.find("unlisted"), "unlisted");
  for (const auto& [name, model] : in.members(stored.find("models"), "models"))
    known.models.emplace(name, in.model(model, "models." + name));
  for (const auto& [text, by_model] : in.members(stored.find("hours"), "hours")) {
    auto& row = known.hours[in.hour(text)];
    for (const auto& [name, totals] : in.members(&by_model, "hours." + text))
      row.emplace(name, in.totals(&totals, "hours." + text + '.' + name));
  }
  known.patterns = in.counts(stored.find("patterns"), "patterns");
  if (in.problem)
    return *in.problem;
  return known;
}

fold learning_fold() {
  fold made;
  made.name = "learning";
  made.stream = "llm.usage*";
  made.schema = schema;
  made.initial = [] { return std::any{learned_usage{}}; };
  made.apply = [](std::any& state, const recorded_event& heard) {
    apply(*std::any_cast<learned_usage>(&state), heard);
  };
  made.encode = [](const std::any& state) { return encode(*std::any_cast<learned_usage>(&state)); };
  made.decode = [](const value& stored, std::uint16_t version) -> result<std::any> {
    auto known = decode(stored, version);
    if (!known)
      return known.error();
    return std::any{std::move(*known)};
  };
  return made;
}

} // namespace holdfast::learning
