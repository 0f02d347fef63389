// SPDX-License-Identifier: Apache-2.0
// The JSON of OTLP: 64-bit integers as strings, ids in hexadecimal, attributes as lists.
#include "runtime/otlp/json_reader.hpp"

#include "runtime/json.hpp"

#include <charconv>
#include <cmath>
#include <optional>

namespace holdfast::otlp {

namespace {

template <class Number>
std::optional<Number> from_text(std::string_view text) {
  Number number{};
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  return read.ec == std::errc{} && read.ptr == end ? std::optional{number} : std::nullopt;
}

std::optional<double> real_of(const value& given) {
  if (const auto* real = given.as<double>())
    return *real;
  if (const auto* whole = given.as<std::int64_t>())
    return static_cast<double>(*whole);
  if (const auto* large = given.as<std::uint64_t>())
    return static_cast<double>(*large);
  const auto* text = given.as<std::string>();
  if (text == nullptr)
    return std::nullopt;
  if (*text == "NaN")
    return std::numeric_limits<double>::quiet_NaN();
  if (*text == "Infinity" || *text == "-Infinity")
    return text->front() == '-' ? -HUGE_VAL : HUGE_VAL;
  return from_text<double>(*text);
}

/// 1.0 and 1e3 are integers too.
template <class Integer>
std::optional<Integer> integer_of(const value& given) {
  if (const auto* whole = given.as<std::int64_t>())
    return std::is_signed_v<Integer> || *whole >= 0 ? std::optional{static_cast<Integer>(*whole)}
                                                    : std::nullopt;
  if (const auto* large = given.as<std::uint64_t>())
    return std::is_signed_v<Integer> ? std::nullopt : std::optional{static_cast<Integer>(*large)};
  if (const auto* text = given.as<std::string>())
    return from_text<Integer>(*text);
  const auto* real = given.as<double>();
  constexpr double exact = 9007199254740992; // 2^53
  if (real == nullptr || std::trunc(*real) != *real || std::abs(*real) > exact
      || (std::is_unsigned_v<Integer> && *real < 0))
    return std::nullopt;
  return static_cast<Integer>(*real);
}

value any_of(const value& given, notes& seen, std::size_t depth);

/// `[{"key":K,"value":V}...]`, up to `most`.
object pairs_of(const array& list, notes& seen, std::size_t depth, std::size_t most) {
  object made;
  for (std::size_t at = 0; at < list.size() && at < most; ++at) {
    const members pair{list[at], seen};
    made.insert_or_assign(pair.text("key"), pair.any("value", depth));
  }
  return made;
}

value any_of(const value& given, notes& seen, std::size_t depth) {
  if (!seen.may_nest(depth))
    return {};
  const members in{given, seen};
  if (in.has("stringValue"))
    return in.text("stringValue");
  if (in.has("boolValue"))
    return in.truth("boolValue");
  if (in.has("intValue"))
    return in.integer<std::int64_t>("intValue");
  if (in.has("doubleValue"))
    return number(in.real("doubleValue"));
  if (in.has("bytesValue"))
    return seen.binary(in.base64("bytesValue"));
  if (const auto* held = in.find("arrayValue")) {
    array items;
    for (const auto& one : members{*held, seen}.list("values"))
      items.push_back(any_of(one, seen, depth + 1));
    return items;
  }
  if (const auto* held = in.find("kvlistValue"))
    return pairs_of(members{*held, seen}.list("values"), seen, depth + 1, SIZE_MAX);
  return {};
}

} // namespace

members::members(const value& of, notes& seen) : of_{of}, seen_{seen} {
  if (of.as<object>() == nullptr)
    seen.refuse("an entry", "must be an object");
}

const value* members::find(std::string_view name) const {
  const auto* found = of_.find(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

void members::refuse(std::string_view name, std::string_view rule) const {
  seen_.refuse(name, rule);
}

std::string members::text(std::string_view name) const {
  const auto* found = find(name);
  if (found == nullptr)
    return {};
  if (const auto* text = found->as<std::string>())
    return seen_.text(*text);
  refuse(name, "must be a text");
  return {};
}

bool members::truth(std::string_view name) const {
  const auto* found = find(name);
  const auto* truth = found == nullptr ? nullptr : found->as<bool>();
  if (found != nullptr && truth == nullptr)
    refuse(name, "must be true or false");
  return truth != nullptr && *truth;
}

double members::real(std::string_view name) const {
  const auto* found = find(name);
  const auto read = found == nullptr ? 0.0 : real_of(*found);
  if (!read)
    refuse(name, "must be a number");
  return read.value_or(0);
}

std::uint64_t members::not_negative(std::string_view name, std::uint64_t most) const {
  const auto* found = find(name);
  const auto read = found == nullptr ? 0 : integer_of<std::uint64_t>(*found);
  if (!read || *read > most) {
    refuse(name, "must be an integer from 0 to " + std::to_string(most));
    return 0;
  }
  return *read;
}

std::int64_t members::whole(std::string_view name, std::int64_t least, std::int64_t most) const {
  const auto* found = find(name);
  const auto read = found == nullptr ? 0 : integer_of<std::int64_t>(*found);
  if (!read || *read < least || *read > most) {
    refuse(name,
           "must be an integer from " + std::to_string(least) + " to " + std::to_string(most));
    return 0;
  }
  return *read;
}

std::string members::hex(std::string_view name) const {
  const auto* found = find(name);
  if (found == nullptr)
    return {};
  const auto* text = found->as<std::string>();
  auto raw = json::from_hex(text == nullptr ? "?" : *text);
  return raw ? *std::move(raw) : "?";
}

std::string members::base64(std::string_view name) const {
  const auto* found = find(name);
  const auto* given = found == nullptr ? nullptr : found->as<std::string>();
  std::string text = given == nullptr ? "?" : *given;
  // Protobuf's JSON allows the alphabet for addresses, and leaving out the padding.
  for (auto& digit : text)
    digit = digit == '-' ? '+' : digit == '_' ? '/' : digit;
  text.append((4 - text.size() % 4) % 4, '=');
  auto raw = json::from_base64(text);
  if (!raw)
    refuse(name, "must be base64");
  return raw ? *std::move(raw) : std::string{};
}

const array& members::list(std::string_view name) const {
  static const array none;
  const auto* found = find(name);
  const auto* list = found == nullptr ? nullptr : found->as<array>();
  if (found != nullptr && list == nullptr)
    refuse(name, "must be a list");
  return list == nullptr ? none : *list;
}

array members::integers(std::string_view name) const {
  array made;
  for (const auto& one : list(name)) {
    const auto read = integer_of<std::uint64_t>(one);
    if (!read)
      refuse(name, "must hold integers that are not negative");
    made.emplace_back(read.value_or(0));
  }
  return made;
}

array members::reals(std::string_view name) const {
  array made;
  for (const auto& one : list(name)) {
    const auto read = real_of(one);
    if (!read)
      refuse(name, "must hold numbers");
    made.push_back(number(read.value_or(0)));
  }
  return made;
}

object members::attributes(std::string_view name, std::uint64_t& dropped) const {
  const auto& all = list(name);
  const auto most = seen_.allowed().members_max;
  dropped += all.size() > most ? all.size() - most : 0;
  return pairs_of(all, seen_, 0, most);
}

value members::any(std::string_view name, std::size_t depth) const {
  const auto* found = find(name);
  return found == nullptr ? value{} : any_of(*found, seen_, depth);
}

result<value> parse_request(std::string_view body, const limits& allowed) {
  // An attribute of the greatest depth stands below 15 levels of lists and objects, and each level
  // of its own takes four.
  return json::parse(
      body, {.depth_max = 16 + 4 * allowed.depth_max, .values_max = allowed.json_values_max});
}

result<const array*> list_in(const value& of, std::string_view name, const std::string& where) {
  static const array none;
  if (of.as<object>() == nullptr)
    return fault{fault_code::invalid, where + " must be an object", ""};
  const auto* found = of.find(name);
  if (found == nullptr || found->is_null())
    return &none;
  if (const auto* list = found->as<array>())
    return list;
  return fault{fault_code::invalid, where + '.' + std::string{name} + " must be a list", ""};
}

result<origin> resource_of(const value& given, const place& where, const limits& allowed) {
  notes seen{allowed};
  const members in{given, seen};
  origin made;
  std::uint64_t dropped = 0;
  const auto* resource = in.find("resource");
  made.resource = std::make_shared<const object>(
      resource == nullptr ? object{} : members{*resource, seen}.attributes("attributes", dropped));
  made.schema_url = in.text("schemaUrl");
  if (!seen.problem().empty())
    return fault{fault_code::invalid, where.print_resource() + ".resource." + seen.problem(), ""};
  return made;
}

result<origin> scope_of(const value& given, origin from, const place& where,
                        const limits& allowed) {
  notes seen{allowed};
  const members in{given, seen};
  std::uint64_t dropped = 0;
  if (const auto* found = in.find("scope")) {
    const members scope{*found, seen};
    from.scope = scope.text("name");
    from.version = scope.text("version");
    from.scope_attributes = scope.attributes("attributes", dropped);
  }
  if (auto schema_url = in.text("schemaUrl"); !schema_url.empty())
    from.schema_url = std::move(schema_url);
  if (!seen.problem().empty())
    return fault{fault_code::invalid, where.print_scope() + ".scope." + seen.problem(), ""};
  return from;
}

} // namespace holdfast::otlp
