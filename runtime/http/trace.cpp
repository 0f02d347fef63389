// SPDX-License-Identifier: Apache-2.0
// Reading a `traceparent` header.
#include "runtime/http/trace.hpp"

#include <algorithm>

namespace holdfast::http {

namespace {

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char one) {
    return (one >= '0' && one <= '9') || (one >= 'a' && one <= 'f');
  });
}

/// All digits zero means "none" in both ids.
bool is_id(std::string_view text) {
  return is_hex(text) && text.find_first_not_of('0') != text.npos;
}

} // namespace

std::string trace_context::print() const {
  return trace.empty() ? std::string{} : trace + "-" + parent;
}

trace_context parse_traceparent(std::string_view header) {
  constexpr std::size_t size = 55; // 2 + 1 + 32 + 1 + 16 + 1 + 2
  if (header.size() < size || header[2] != '-' || header[35] != '-' || header[52] != '-')
    return {};
  const auto version = header.substr(0, 2);
  if (!is_hex(version) || version == "ff" || !is_hex(header.substr(53, 2)))
    return {};
  if (header.size() > size && (version == "00" || header[size] != '-'))
    return {};
  const auto trace = header.substr(3, 32);
  const auto parent = header.substr(36, 16);
  if (!is_id(trace) || !is_id(parent))
    return {};
  return {std::string{trace}, std::string{parent}};
}

} // namespace holdfast::http
