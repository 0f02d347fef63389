// SPDX-License-Identifier: Apache-2.0
// What handlers read out of requests.
#include "runtime/http/route_parts.hpp"

#include "runtime/json.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::http {

std::vector<std::string> parted(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    if (comma > 0)
      names.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return names;
}

response noting(object said, response given) {
  given.audit = std::move(said);
  return given;
}

bool take_number(const value& from, std::string_view name, std::optional<std::uint64_t>& into) {
  const auto* found = from.find(name);
  if (found == nullptr || found->is_null())
    return true;
  if (const auto* large = found->as<std::uint64_t>())
    into = *large;
  else if (const auto* number = found->as<std::int64_t>(); number != nullptr && *number >= 0)
    into = static_cast<std::uint64_t>(*number);
  else
    return false;
  return true;
}

result<value> body_of(const call& now, std::initializer_list<std::string_view> known,
                      const std::string& help) {
  auto body = json::parse(now.asked.body, {now.chosen.body_bytes_max, 64});
  if (!body)
    return body.error();
  const auto* members = body->as<object>();
  if (members == nullptr)
    return fault{fault_code::invalid, "the body must be a JSON object", help};
  for (const auto& [name, _] : *members)
    if (std::find(known.begin(), known.end(), name) == known.end())
      return fault{fault_code::invalid, "unknown member `" + name.substr(0, 100) + "`", help};
  return body;
}

result<std::uint64_t> need_number(const value& from, std::string_view name,
                                  std::optional<std::uint64_t> otherwise, std::uint64_t most) {
  auto found = otherwise;
  if (take_number(from, name, found) && found && *found <= most)
    return *found;
  return fault{fault_code::invalid,
               "`" + std::string{name} + "` must be a whole number"
                   + (most < UINT64_MAX ? " up to " + std::to_string(most) : std::string{}),
               ""};
}

result<std::string> need_reason(const value& from) {
  auto reason = from.text_at("reason");
  if (reason.empty() || reason.size() > 1000)
    return fault{fault_code::invalid, "`reason` must have 1 to 1000 bytes",
                 "it is kept with the record"};
  return reason;
}

} // namespace holdfast::http
