// SPDX-License-Identifier: Apache-2.0
// Paths, queries and the answers that faults amount to.
#include "runtime/http/message.hpp"

#include "runtime/json.hpp"

#include <algorithm>

namespace holdfast::http {

namespace {

int hex(char digit) {
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  const char small = static_cast<char>(digit | 0x20);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

std::optional<std::string> decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%') {
      if (at + 2 >= text.size() || hex(text[at + 1]) < 0 || hex(text[at + 2]) < 0)
        return std::nullopt;
      out += static_cast<char>(hex(text[at + 1]) * 16 + hex(text[at + 2]));
      at += 2;
    } else {
      out += plus_is_space && text[at] == '+' ? ' ' : text[at];
    }
  }
  return out;
}

unsigned status_of(fault_code code) {
  switch (code) {
  case fault_code::invalid:
    return 400;
  case fault_code::not_found:
    return 404;
  case fault_code::denied:
    return 403;
  case fault_code::conflict:
    return 409;
  case fault_code::busy:
    return 429;
  case fault_code::no_space:
    return 507;
  case fault_code::timed_out:
    return 504;
  case fault_code::corrupt:
  case fault_code::unsupported:
  case fault_code::undone:
    return 500;
  case fault_code::failed:
  case fault_code::unreachable:
    return 503;
  }
  return 500;
}

} // namespace

std::string small_letters(std::string_view text) {
  std::string out{text};
  for (auto& letter : out)
    if (letter >= 'A' && letter <= 'Z')
      letter = static_cast<char>(letter | 0x20);
  return out;
}

std::string caller::print() const {
  if (process)
    return "uid " + std::to_string(process->user) + " pid " + std::to_string(process->process);
  return "token " + (token.empty() ? "none" : token) + " from " + address;
}

std::string request::media_type() const {
  auto type = header("content-type");
  type = type.substr(0, type.find(';'));
  while (!type.empty() && type.back() == ' ')
    type.remove_suffix(1);
  return small_letters(type);
}

bool request::accepts(std::string_view media_type) const {
  return small_letters(header("accept")).find(media_type) != std::string::npos;
}

std::optional<std::vector<std::string>> split_path(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    if (path.front() != '/')
      return std::nullopt;
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    auto part = decoded(path.substr(0, end), false);
    if (!part)
      return std::nullopt;
    parts.push_back(std::move(*part));
    path.remove_prefix(end);
  }
  return parts;
}

std::optional<std::map<std::string, std::string, std::less<>>> split_query(std::string_view query) {
  std::map<std::string, std::string, std::less<>> members;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto one = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const auto equals = std::min(one.find('='), one.size());
    auto name = decoded(one.substr(0, equals), true);
    auto text = decoded(one.substr(std::min(equals + 1, one.size())), true);
    if (!name || !text)
      return std::nullopt;
    if (!name->empty())
      members.insert_or_assign(std::move(*name), std::move(*text));
  }
  return members;
}

response ok(const value& body, unsigned status) {
  return {status, json::print(body) + "\n", "application/json", {}, nullptr, {}};
}

response refusal(const fault& problem, unsigned status) {
  auto made = ok(json::to_value(problem), status);
  made.why = problem;
  return made;
}

response refusal(const fault& problem) {
  const auto status = status_of(problem.code);
  const bool passes = problem.code == fault_code::busy || problem.code == fault_code::no_space
                      || problem.code == fault_code::failed;
  return passes ? retry_later(problem, status, std::chrono::seconds{1}) : refusal(problem, status);
}

response retry_later(const fault& problem, unsigned status, std::chrono::milliseconds hint) {
  auto made = refusal(problem, status);
  const auto seconds = std::max<std::int64_t>(1, (hint.count() + 999) / 1000);
  made.headers.emplace_back("Retry-After", std::to_string(seconds));
  return made;
}

} // namespace holdfast::http
