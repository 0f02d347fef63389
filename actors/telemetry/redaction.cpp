// SPDX-License-Identifier: Apache-2.0
// Finds secrets by what stands before them.
#include "actors/telemetry/redaction.hpp"

#include <algorithm>
#include <array>

namespace holdfast::telemetry {
namespace {

constexpr std::string_view mark = "[redacted]";

struct span {
  std::size_t begin = 0;
  std::size_t end = 0; // not beyond `begin`: nothing found
};

constexpr char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
}

constexpr bool is_letter_or_digit(char letter) {
  return (lower(letter) >= 'a' && lower(letter) <= 'z') || (letter >= '0' && letter <= '9');
}

constexpr bool is_name(char letter) {
  return is_letter_or_digit(letter) || letter == '_' || letter == '-' || letter == '.';
}

constexpr bool is_token(char letter) {
  return is_name(letter) || letter == '~' || letter == '+' || letter == '/' || letter == '=';
}

constexpr bool is_blank(char letter) {
  return letter == ' ' || letter == '\t';
}

constexpr bool is_quote(char letter) {
  return letter == '"' || letter == '\'' || letter == '`';
}

// `name` without `-`, `_` and `.`, in lower case, ends with one of these.
constexpr std::array secret_names{"password",    "passwd",        "passphrase", "pwd",
                                  "secret",      "apikey",        "token",      "accesskey",
                                  "privatekey",  "secretkey",     "signingkey", "credential",
                                  "credentials", "authorization", "cookie"};

constexpr std::array key_prefixes{"sk-",   "sk_",   "pk_",   "rk_",         "ghp_",   "gho_",
                                  "ghu_",  "ghs_",  "ghr_",  "github_pat_", "glpat-", "xoxb-",
                                  "xoxp-", "xoxa-", "xoxs-", "AKIA",        "ASIA",   "AIza",
                                  "hf_",   "gsk_",  "eyJ",   "npm_"};
constexpr std::size_t key_size_min = 16; // after its prefix

std::string plain_name(std::string_view name) {
  std::string made;
  for (const char letter : name.substr(name.size() > 64 ? name.size() - 64 : 0))
    if (is_letter_or_digit(letter))
      made += lower(letter);
  return made;
}

// The name that ends before `at`, which may be quoted, and quoted again inside a string.
std::string name_before(std::string_view text, std::size_t at) {
  while (at > 0 && (is_blank(text[at - 1]) || is_quote(text[at - 1]) || text[at - 1] == '\\'))
    --at;
  auto begin = at;
  while (begin > 0 && at - begin < 64 && is_name(text[begin - 1]))
    --begin;
  return plain_name(text.substr(begin, at - begin));
}

bool is_header(std::string_view name) {
  return name.ends_with("authorization") || name.ends_with("cookie");
}

// The value after a separator: what stands in quotes, or up to what may end a value.
span value_after(std::string_view text, std::size_t at, bool whole_line) {
  while (at < text.size() && is_blank(text[at]))
    ++at;
  std::size_t slashes = 0;
  while (at + slashes < text.size() && text[at + slashes] == '\\')
    ++slashes;
  if (at + slashes < text.size() && is_quote(text[at + slashes])) {
    // The same quote behind as many slashes ends it.
    const auto quote = text.substr(at, slashes + 1);
    const auto begin = at + quote.size();
    auto end = text.find(quote, begin);
    while (end != std::string_view::npos && slashes == 0 && text[end - 1] == '\\')
      end = text.find(quote, end + 1);
    return {begin, end == std::string_view::npos ? text.size() : end};
  }
  const auto ends = whole_line ? std::string_view{"\r\n\"'"} : " \t\r\n\"'`,;&)]}<>";
  const auto end = text.find_first_of(ends, at);
  return {at, end == std::string_view::npos ? text.size() : end};
}

// `scheme://user:password@host` and `scheme://token@host`; `at` is the colon.
span password_in_url(std::string_view text, std::size_t at) {
  const auto begin = at + 3;
  const auto end = std::min(text.find_first_of("/?# \t\r\n\"'<>", begin), text.size());
  const auto host = text.substr(begin, end - begin).rfind('@');
  if (host == std::string_view::npos)
    return {};
  const auto colon = text.substr(begin, host).find(':');
  if (colon != std::string_view::npos)
    return {begin + colon + 1, begin + host};
  return host >= key_size_min ? span{begin, begin + host} : span{};
}

span after_separator(std::string_view text, std::size_t at) {
  if (text.substr(at, 3) == "://")
    return password_in_url(text, at);
  const auto name = name_before(text, at);
  const bool header = text[at] == ':' && is_header(name);
  return header || redaction::names_secret(name) ? value_after(text, at + 1, header) : span{};
}

span bearer_token(std::string_view text, std::size_t at) {
  constexpr std::string_view word = "bearer";
  if (at < word.size() || (at > word.size() && is_letter_or_digit(text[at - word.size() - 1])))
    return {};
  for (std::size_t letter = 0; letter < word.size(); ++letter)
    if (lower(text[at - word.size() + letter]) != word[letter])
      return {};
  auto begin = at;
  while (begin < text.size() && is_blank(text[begin]))
    ++begin;
  auto end = begin;
  while (end < text.size() && is_token(text[end]))
    ++end;
  return end - begin >= 6 ? span{begin, end} : span{};
}

span prefixed_key(std::string_view text, std::size_t at) {
  if (at > 0 && (is_letter_or_digit(text[at - 1]) || text[at - 1] == '_'))
    return {};
  for (const std::string_view prefix : key_prefixes) {
    if (text.substr(at, prefix.size()) != prefix)
      continue;
    auto end = at + prefix.size();
    while (end < text.size() && is_name(text[end]))
      ++end;
    if (end - at >= prefix.size() + key_size_min)
      return {at, end};
  }
  return {};
}

// Which bytes are worth a look.
enum class hint : std::uint8_t { none, separator, blank, prefix };

constexpr auto hints = [] {
  std::array<hint, 256> made{};
  for (const std::string_view prefix : key_prefixes)
    made[static_cast<unsigned char>(prefix[0])] = hint::prefix;
  made[static_cast<unsigned char>(' ')] = hint::blank;
  made[static_cast<unsigned char>('\t')] = hint::blank;
  made[static_cast<unsigned char>(':')] = hint::separator;
  made[static_cast<unsigned char>('=')] = hint::separator;
  return made;
}();

span secret_at(std::string_view text, std::size_t at) {
  switch (hints[static_cast<unsigned char>(text[at])]) {
  case hint::separator:
    return after_separator(text, at);
  case hint::blank:
    return bearer_token(text, at);
  case hint::prefix:
    return prefixed_key(text, at);
  case hint::none:
    break;
  }
  return {};
}

void redact_known(std::string& text) {
  std::string made;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto [begin, end] = secret_at(text, at);
    if (end <= begin || std::string_view{text}.substr(begin).starts_with(mark))
      continue;
    made.append(text, copied, begin - copied);
    made += mark;
    copied = end;
    at = end - 1;
  }
  if (copied == 0)
    return;
  made.append(text, copied);
  text = std::move(made);
}

void redact_pattern(std::string& text, const pattern& wanted) {
  std::string made;
  std::string_view rest = text;
  // Each search reads on from the last match, so the text is read a bounded number of times.
  constexpr std::size_t matches_max = 100;
  std::size_t matches = 0;
  for (auto found = wanted.find(rest); found; found = wanted.find(rest)) {
    made.append(rest.substr(0, found->begin));
    made += mark;
    rest.remove_prefix(found->end);
    if (++matches == matches_max) {
      rest = {}; // so full of secrets that what is left is not worth the risk
      made += mark;
    }
  }
  if (matches == 0)
    return;
  made.append(rest);
  text = std::move(made);
}

} // namespace

result<redaction> redaction::with(const std::vector<std::string>& expressions) {
  redaction made;
  if (expressions.size() > patterns_max)
    return fault{fault_code::invalid, "more than 32 redaction patterns", {}};
  for (const auto& one : expressions) {
    auto compiled = pattern::compile(one);
    if (!compiled)
      return compiled.error();
    made.patterns_.push_back(std::move(*compiled));
  }
  return made;
}

void redaction::redact(std::string& text) const {
  redact_known(text);
  for (const auto& one : patterns_)
    redact_pattern(text, one);
}

bool redaction::names_secret(std::string_view name) {
  const auto plain = plain_name(name);
  return std::any_of(secret_names.begin(), secret_names.end(),
                     [&plain](std::string_view word) { return plain.ends_with(word); });
}

} // namespace holdfast::telemetry
