// SPDX-License-Identifier: Apache-2.0
// Reads, checks and shows the values of keys.
#include "runtime/config_kinds.hpp"

#include "actors/telemetry/pattern.hpp"
#include "runtime/config.hpp"
#include "runtime/http/tcp_socket.hpp"
#include "runtime/json.hpp"
#include "runtime/os/host.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace holdfast::config {

namespace {

template <class Member>
const Member& seen(const place<Member>& at, const options& chosen) {
  return at(const_cast<options&>(chosen));
}

/// Flags and variables give a list as one text with commas.
std::vector<std::string> parts(const std::string& text) {
  std::vector<std::string> found;
  std::size_t at = 0;
  while (at <= text.size() && !text.empty()) {
    const auto comma = std::min(text.find(',', at), text.size());
    found.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return found;
}

result<std::uint64_t> whole(const given& from) {
  if (const auto* number = std::get_if<std::int64_t>(&from)) {
    if (*number < 0)
      return broken("must not be negative");
    return static_cast<std::uint64_t>(*number);
  }
  if (const auto* text = std::get_if<std::string>(&from)) {
    std::uint64_t number = 0;
    const auto read = std::from_chars(text->data(), text->data() + text->size(), number);
    if (read.ec == std::errc{} && read.ptr == text->data() + text->size())
      return number;
  }
  return broken("must be a whole number");
}

/// A name or address as a Host header has it.
bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= 255 && std::all_of(text.begin(), text.end(), [](char one) {
    return (one >= 'a' && one <= 'z') || (one >= '0' && one <= '9') || one == '.' || one == '-'
           || one == '_' || one == ':' || one == '[' || one == ']';
  });
}

} // namespace

fault broken(std::string what) {
  return {fault_code::invalid, std::move(what), ""};
}

std::string quoted(const std::string& text) {
  std::string out;
  json::print_text(text, out);
  return out;
}

std::string list(const std::vector<std::string>& items) {
  std::string out{"["};
  for (const auto& one : items)
    out += (out.size() > 1 ? ", " : "") + quoted(one);
  return out + "]";
}

key count(std::string name, std::uint64_t least, std::uint64_t most, place<std::uint64_t> at,
          std::string says) {
  const auto range = std::to_string(least) + " to " + std::to_string(most);
  return {std::move(name),
          "count",
          range,
          std::move(says),
          [=](options& into, const given& from, const std::filesystem::path&) -> result<void> {
            auto number = whole(from);
            if (!number)
              return number.error();
            if (*number < least || *number > most)
              return broken("is " + std::to_string(*number) + "; allowed is " + range);
            at(into) = *number;
            return {};
          },
          [=](const options& from) { return std::to_string(seen(at, from)); }};
}

key size(std::string name, std::uint64_t least, std::uint64_t most, place<std::uint64_t> at,
         std::string says) {
  const auto range = print_size(least) + " to " + print_size(most);
  return {std::move(name),
          "size",
          range,
          std::move(says),
          [=](options& into, const given& from, const std::filesystem::path&) -> result<void> {
            const auto* text = std::get_if<std::string>(&from);
            auto bytes = text == nullptr ? whole(from) : parse_size(*text);
            if (!bytes)
              return broken("must be a size such as \"64 MiB\", or a number of bytes");
            if (*bytes < least || *bytes > most)
              return broken("is " + print_size(*bytes) + "; allowed is " + range);
            at(into) = *bytes;
            return {};
          },
          [=](const options& from) { return quoted(print_size(seen(at, from))); }};
}

key span(std::string name, milliseconds least, milliseconds most, place<milliseconds> at,
         std::string says) {
  const auto range = print_duration(least) + " to " + print_duration(most);
  return {std::move(name),
          "duration",
          range,
          std::move(says),
          [=](options& into, const given& from, const std::filesystem::path&) -> result<void> {
            const auto* text = std::get_if<std::string>(&from);
            if (text == nullptr)
              return broken("must be a duration with its unit, such as \"30 s\"");
            auto read = parse_duration(*text);
            if (!read)
              return read.error();
            if (*read < least || *read > most)
              return broken("is " + print_duration(*read) + "; allowed is " + range);
            at(into) = *read;
            return {};
          },
          [=](const options& from) { return quoted(print_duration(seen(at, from))); }};
}

key path(std::string name, place<std::filesystem::path> at, std::string says) {
  return {std::move(name),
          "path",
          "",
          std::move(says),
          [=](options& into, const given& from, const std::filesystem::path& base) -> result<void> {
            const auto* text = std::get_if<std::string>(&from);
            if (text == nullptr)
              return broken("must be a path as text");
            if (text->find('\0') != text->npos)
              return broken("must not contain a zero byte");
            at(into) = text->empty() ? std::filesystem::path{} : os::absolute(*text, base);
            return {};
          },
          [=](const options& from) { return quoted(seen(at, from).string()); }};
}

key flag(std::string name, place<bool> at, std::string says) {
  return {std::move(name),
          "flag",
          "true or false",
          std::move(says),
          [=](options& into, const given& from, const std::filesystem::path&) -> result<void> {
            const auto* truth = std::get_if<bool>(&from);
            const auto* text = std::get_if<std::string>(&from);
            if (truth == nullptr && (text == nullptr || (*text != "true" && *text != "false")))
              return broken("must be true or false");
            at(into) = truth == nullptr ? *text == "true" : *truth;
            return {};
          },
          [=](const options& from) { return seen(at, from) ? "true" : "false"; }};
}

key word(std::string name, std::vector<std::string> words,
         std::function<void(options&, const std::string&)> put,
         std::function<std::string(const options&)> get, std::string says) {
  std::string allowed;
  for (const auto& one : words)
    allowed += (allowed.empty() ? "" : ", ") + one;
  return {std::move(name),
          "word",
          allowed,
          std::move(says),
          [=](options& into, const given& from, const std::filesystem::path&) -> result<void> {
            const auto* text = std::get_if<std::string>(&from);
            if (text == nullptr || std::find(words.begin(), words.end(), *text) == words.end())
              return broken("must be one of " + allowed);
            put(into, *text);
            return {};
          },
          [=](const options& from) { return quoted(get(from)); }};
}

key texts(std::string name, std::string type, text_rule wrong, place<std::vector<std::string>> at,
          std::string says) {
  return {std::move(name),
          std::move(type),
          "",
          std::move(says),
          [=](options& into, const given& from, const std::filesystem::path&) -> result<void> {
            std::vector<std::string> items;
            if (const auto* text = std::get_if<std::string>(&from))
              items = parts(*text);
            else if (const auto* several = std::get_if<std::vector<std::string>>(&from))
              items = *several;
            else
              return broken("must be a list of texts");
            for (const auto& one : items)
              if (const auto why = wrong(one); !why.empty())
                return broken("\"" + one + "\" " + why);
            at(into) = std::move(items);
            return {};
          },
          [=](const options& from) { return list(seen(at, from)); }};
}

std::string wrong_stream(const std::string& pattern) {
  if (pattern.empty() || pattern.size() > 200)
    return "must have 1 to 200 bytes";
  if (pattern.front() == '$')
    return "begins with `$`: those streams are Holdfast's own";
  if (const auto star = pattern.find('*'); star != pattern.npos && star + 1 != pattern.size())
    return "may have a `*` only at its end";
  return "";
}

std::string wrong_expression(const std::string& text) {
  const auto made = telemetry::pattern::compile(text);
  return made ? "" : "cannot be used: " + made.error().what;
}

std::string wrong_address(const std::string& text) {
  return http::parse_address(text) ? "" : "is no address such as 127.0.0.1:4711 or [::1]:4711";
}

std::string wrong_host(const std::string& text) {
  return is_host(text) ? "" : "is no host such as holdfast.example or holdfast.example:8443";
}

/// The Fetch standard writes an origin without a path and without capitals.
std::string wrong_origin(const std::string& text) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (text.starts_with(scheme) && is_host(std::string_view{text}.substr(scheme.size())))
      return "";
  return "is no origin such as https://app.example:8443; `*` is not allowed";
}

key users(std::string name, place<std::vector<std::uint32_t>> at, std::string says) {
  return {std::move(name),
          "list of user ids",
          "0 to 4294967294",
          std::move(says),
          [=](options& into, const given& from, const std::filesystem::path&) -> result<void> {
            std::vector<given> items;
            if (const auto* text = std::get_if<std::string>(&from))
              for (auto& one : parts(*text))
                items.emplace_back(std::move(one));
            else if (const auto* several = std::get_if<std::vector<std::int64_t>>(&from))
              items.assign(several->begin(), several->end());
            else if (const auto* none = std::get_if<std::vector<std::string>>(&from);
                     none == nullptr || !none->empty()) // an empty list is of no type
              return broken("must be a list of numeric user ids");
            std::vector<std::uint32_t> ids;
            for (const auto& one : items) {
              auto id = whole(one);
              if (!id || *id > 4294967294U)
                return broken("must be a list of numeric user ids, 0 to 4294967294");
              ids.push_back(static_cast<std::uint32_t>(*id));
            }
            at(into) = std::move(ids);
            return {};
          },
          [=](const options& from) {
            std::string out{"["};
            for (const auto id : seen(at, from))
              out += (out.size() > 1 ? ", " : "") + std::to_string(id);
            return out + "]";
          }};
}

} // namespace holdfast::config
