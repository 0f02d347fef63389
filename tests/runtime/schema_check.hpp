// SPDX-License-Identifier: Apache-2.0
// Checks a value against the part of JSON Schema that docs/openapi.json uses.
#pragma once

#include "messages/value.hpp"

#include <algorithm>
#include <string>
#include <string_view>

/// What a `$ref` names, or the value itself.
inline const holdfast::value& resolved(const holdfast::value& document,
                                       const holdfast::value& given) {
  auto path = given.text_at("$ref");
  if (path.empty())
    return given;
  const auto* found = &document;
  path.erase(0, 2); // #/
  while (!path.empty() && found != nullptr) {
    const auto slash = std::min(path.find('/'), path.size());
    found = found->find(path.substr(0, slash));
    path.erase(0, slash + 1);
  }
  return found == nullptr ? given : *found;
}

inline bool is_of_type(const holdfast::value& given, std::string_view type) {
  const bool whole = given.as<std::int64_t>() != nullptr || given.as<std::uint64_t>() != nullptr;
  return type == "object"    ? given.as<holdfast::object>() != nullptr
         : type == "array"   ? given.as<holdfast::array>() != nullptr
         : type == "string"  ? given.as<std::string>() != nullptr
         : type == "boolean" ? given.as<bool>() != nullptr
         : type == "null"    ? given.is_null()
         : type == "integer" ? whole
         : type == "number"  ? whole || given.as<double>() != nullptr
                             : false;
}

/// Where and why `given` is not what the schema says; empty when it is. An object with `properties`
/// and no word on others has no others here: clients must bear more, but we list all we answer.
inline std::string misfit(const holdfast::value& document, const holdfast::value& schema,
                          const holdfast::value& given, const std::string& at) {
  using namespace holdfast;
  const auto& rule = resolved(document, schema);
  if (const auto* ways = rule.find("anyOf")) {
    std::string why;
    for (const auto& one : *ways->as<array>()) {
      auto told = misfit(document, one, given, at);
      if (told.empty())
        return {};
      why += (why.empty() ? "" : "; or ") + told;
    }
    return why;
  }
  if (const auto* listed = rule.find("enum")) {
    const auto& all = *listed->as<array>();
    if (std::find(all.begin(), all.end(), given) == all.end())
      return at + ": none of those listed";
  }
  if (const auto* type = rule.find("type")) {
    const auto* types = type->as<array>();
    const auto fits = [&](const value& one) { return is_of_type(given, *one.as<std::string>()); };
    if (types == nullptr ? !fits(*type) : std::none_of(types->begin(), types->end(), fits))
      return at + ": no " + (types == nullptr ? *type->as<std::string>() : "such type");
  }
  if (const auto* items = given.as<array>(); items != nullptr && rule.find("items") != nullptr)
    for (std::size_t i = 0; i < items->size(); ++i) {
      const auto place = at + "[" + std::to_string(i) + "]";
      if (auto why = misfit(document, *rule.find("items"), (*items)[i], place); !why.empty())
        return why;
    }
  const auto* members = given.as<object>();
  if (members == nullptr)
    return {};
  if (const auto* required = rule.find("required"))
    for (const auto& name : *required->as<array>())
      if (!members->contains(*name.as<std::string>()))
        return at + ": `" + *name.as<std::string>() + "` is missing";
  const auto* properties = rule.find("properties");
  const auto* others = rule.find("additionalProperties");
  for (const auto& [name, member] : *members) {
    const auto* known = properties == nullptr ? nullptr : properties->find(name);
    const auto* next = known != nullptr ? known : others;
    const auto* open = next == nullptr ? nullptr : next->as<bool>();
    if (open != nullptr ? !*open : next == nullptr && properties != nullptr)
      return at + ": `" + name + "` is not listed";
    if (next == nullptr || open != nullptr)
      continue;
    if (auto why = misfit(document, *next, member, at + "." + name); !why.empty())
      return why;
  }
  return {};
}
