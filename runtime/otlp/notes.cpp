// SPDX-License-Identifier: Apache-2.0
// Texts, ids and numbers of OTLP items.
#include "runtime/otlp/notes.hpp"

#include "runtime/json.hpp"

#include <algorithm>
#include <cmath>

namespace holdfast::otlp {

void notes::refuse(std::string_view field, std::string_view rule) {
  if (problem_.empty())
    problem_ = std::string{field} + ": " + std::string{rule};
}

std::string notes::text(std::string_view raw) {
  std::string clean;
  while (clean.size() <= allowed_.text_bytes_max) {
    const auto good = json::utf8_prefix(raw);
    clean += raw.substr(0, good);
    if (good == raw.size())
      break;
    clean += "\xEF\xBF\xBD";
    raw.remove_prefix(good + 1);
  }
  if (clean.size() > allowed_.text_bytes_max) {
    ++cut_;
    clean.resize(json::utf8_prefix(std::string_view{clean}.substr(0, allowed_.text_bytes_max)));
  }
  return clean;
}

bytes notes::binary(std::string_view raw) {
  cut_ += raw.size() > allowed_.text_bytes_max ? 1 : 0;
  return {std::string{raw.substr(0, allowed_.text_bytes_max)}};
}

std::string notes::id(std::string_view field, std::string_view raw, std::size_t size,
                      presence must) {
  constexpr std::string_view digits = "0123456789abcdef";
  const bool absent = std::all_of(raw.begin(), raw.end(), [](char byte) { return byte == 0; });
  const bool fits = raw.size() == size;
  if (absent && (must != presence::needed) && (fits || raw.empty()))
    return {};
  if (!fits || absent) {
    if (must != presence::lenient)
      refuse(field, "must be " + std::to_string(size) + " bytes, not all of them zero");
    return {};
  }
  std::string text;
  for (const auto byte : raw) {
    text += digits[static_cast<unsigned char>(byte) >> 4U];
    text += digits[static_cast<unsigned char>(byte) & 15U];
  }
  return text;
}

bool notes::may_nest(std::size_t depth) {
  if (depth < allowed_.depth_max)
    return true;
  refuse("attributes", "nested deeper than " + std::to_string(allowed_.depth_max) + " levels");
  return false;
}

value number(double real) {
  if (std::isnan(real))
    return "NaN";
  if (std::isinf(real))
    return real > 0 ? "Infinity" : "-Infinity";
  return real;
}

object exemplar_of(std::uint64_t time_ns, value read, std::string trace_id, std::string span_id,
                   object attributes) {
  object made{{"time_unix_nano", time_ns}, {"value", std::move(read)}};
  if (!trace_id.empty())
    made.emplace("trace_id", std::move(trace_id));
  if (!span_id.empty())
    made.emplace("span_id", std::move(span_id));
  if (!attributes.empty())
    made.emplace("attributes", std::move(attributes));
  return made;
}

} // namespace holdfast::otlp
