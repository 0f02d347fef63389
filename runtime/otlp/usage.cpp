// SPDX-License-Identifier: Apache-2.0
// Model, tokens, latency and outcome from the attributes that OpenTelemetry calls gen_ai.
#include "runtime/otlp/usage.hpp"

#include "runtime/json.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>

namespace holdfast::otlp {

namespace {

// What learning takes; beyond it an event counts as malformed.
constexpr std::size_t text_max = 100;
constexpr std::int64_t tokens_max = 1'000'000'000'000;
constexpr double latency_ms_max = 1e9;

constexpr std::array around_calls{"invoke_agent", "create_agent", "execute_tool",
                                  "invoke_workflow"};

constexpr std::int32_t status_error = 2;

/// The first of these attributes that is a text and not empty, at most as long as learning takes.
std::string text_of(const object& attributes, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    const auto found = attributes.find(name);
    const auto* text = found == attributes.end() ? nullptr : found->second.as<std::string>();
    if (text == nullptr || text->empty())
      continue;
    const auto first = std::string_view{*text}.substr(0, text_max);
    return std::string{first.substr(0, json::utf8_prefix(first))};
  }
  return {};
}

/// The first of these attributes that is a number of tokens; null: none is.
value tokens_of(const object& attributes, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    const auto found = attributes.find(name);
    if (found == attributes.end())
      continue;
    const auto* whole = found->second.as<std::int64_t>();
    const auto* real = found->second.as<double>();
    if (whole != nullptr && *whole >= 0 && *whole <= tokens_max)
      return *whole;
    if (real != nullptr && *real >= 0 && *real <= static_cast<double>(tokens_max)
        && std::trunc(*real) == *real)
      return static_cast<std::int64_t>(*real);
  }
  return {};
}

value latency_of(const span& given) {
  if (given.start_ns == 0 || given.end_ns < given.start_ns)
    return {};
  const auto ms = static_cast<double>(given.end_ns - given.start_ns) / 1e6;
  return ms <= latency_ms_max ? value{ms} : value{};
}

std::string outcome_of(const span& given) {
  auto error = text_of(given.attributes, {"error.type"});
  if (!error.empty())
    return error;
  return given.status == status_error ? "error" : "ok";
}

void put(object& into, std::string_view name, value given) {
  const auto* text = given.as<std::string>();
  if (!given.is_null() && (text == nullptr || !text->empty()))
    into.emplace(name, std::move(given));
}

} // namespace

std::optional<event> usage_of(const span& given, const origin& from) {
  const auto& attributes = given.attributes;
  auto model = text_of(attributes, {"gen_ai.response.model", "gen_ai.request.model"});
  const auto operation = text_of(attributes, {"gen_ai.operation.name"});
  if (model.empty()
      || std::find(around_calls.begin(), around_calls.end(), operation) != around_calls.end())
    return std::nullopt;
  object body{{"model", std::move(model)},
              {"outcome", outcome_of(given)},
              {"trace_id", given.trace_id},
              {"span_id", given.span_id}};
  put(body, "input_tokens",
      tokens_of(attributes, {"gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"}));
  put(body, "output_tokens",
      tokens_of(attributes, {"gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"}));
  put(body, "latency_ms", latency_of(given));
  put(body, "operation", operation);
  put(body, "provider", text_of(attributes, {"gen_ai.provider.name", "gen_ai.system"}));
  put(body, "service", text_of(*from.resource, {"service.name"}));
  event made;
  made.stream = "llm.usage.otel";
  made.type = "usage";
  made.key = given.trace_id + '-' + given.span_id;
  made.time = wall_time{static_cast<std::int64_t>(given.start_ns / 1000)};
  made.body = std::move(body);
  return made;
}

} // namespace holdfast::otlp
