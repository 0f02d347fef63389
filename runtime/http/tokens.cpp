// SPDX-License-Identifier: Apache-2.0
// Reading tokens, and comparing them without telling how much fits.
#include "runtime/http/tokens.hpp"

#include "persistence/sha256.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/host.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

namespace holdfast::http {

namespace {

constexpr std::size_t tokens_max = 1000;
constexpr std::size_t file_bytes_max = 1U << 20U;
constexpr std::chrono::seconds look_every{1};

std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const auto word = line.substr(0, line.find_first_of(" \t"));
  line.remove_prefix(word.size());
  return word;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char one) {
    return (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') || (one >= '0' && one <= '9')
           || one == '.' || one == '_' || one == '-';
  });
}

bool is_secret(std::string_view text) {
  return text.size() >= 32 && text.size() <= 512
         && std::all_of(text.begin(), text.end(), [](char one) { return one > 32 && one < 127; });
}

/// The file's text, if nobody else may read it.
result<std::string> read_private(const std::filesystem::path& path) {
  auto text = os::read_file(path, file_bytes_max);
  if (!text)
    return text;
  std::error_code problem;
  const auto found = std::filesystem::status(path, problem);
  constexpr auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
  if (problem || (found.permissions() & others) != std::filesystem::perms::none)
    return fault{fault_code::denied,
                 "others than its owner may use the token file " + path.string(),
                 "chmod 600 " + path.string()};
  return text;
}

fault in_file(const std::filesystem::path& path, const fault& problem) {
  return {problem.code, path.string() + ": " + problem.what, problem.help};
}

} // namespace

result<token_list> token_list::parse(std::string_view text) {
  token_list made;
  for (std::size_t number = 1; !text.empty(); ++number) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (!line.empty() && line.back() == '\r')
      line.remove_suffix(1);
    const auto wrong = [&](const char* what) {
      return fault{fault_code::invalid, "line " + std::to_string(number) + ": " + what,
                   "a line is NAME ROLE SECRET; a good secret: openssl rand -hex 32"};
    };
    const auto name = next_word(line);
    if (name.empty() || name.front() == '#')
      continue;
    const auto may = next_word(line);
    const auto secret = next_word(line);
    if (!is_name(name))
      return wrong("the name must have 1 to 64 of letters, digits, `.`, `_` and `-`");
    if (may != "read-only" && may != "operator")
      return wrong("the role must be `read-only` or `operator`");
    if (!is_secret(secret) || !next_word(line).empty())
      return wrong("the secret must have 32 to 512 visible ASCII characters, and end the line");
    const entry one{{std::string{name}, may == "operator" ? role::operates : role::reads},
                    persistence::sha256(secret)};
    for (const auto& other : made.held_)
      if (other.whose.name == name || other.secret == one.secret)
        return wrong("a name or a secret stands there twice");
    if (made.held_.size() == tokens_max)
      return wrong("there are more than 1000 tokens");
    made.held_.push_back(one);
  }
  if (made.held_.empty()) // a file that is just being rewritten looks like this, too
    return fault{fault_code::invalid, "no line holds a token",
                 "add a line NAME ROLE SECRET; a good secret: openssl rand -hex 32"};
  return made;
}

std::optional<token_holder> token_list::find(std::string_view shown) const {
  const auto asked = persistence::sha256(shown);
  const entry* found = nullptr;
  for (const auto& one : held_)
    if (CRYPTO_memcmp(one.secret.data(), asked.data(), asked.size()) == 0)
      found = &one;
  return found == nullptr ? std::nullopt : std::optional{found->whose};
}

token_file::token_file(std::filesystem::path path, std::function<void(const result<void>&)> told)
    : path_{std::move(path)}, told_{std::move(told)} {}

result<std::unique_ptr<token_file>>
token_file::open(std::filesystem::path path, std::function<void(const result<void>&)> told) {
  const auto text = read_private(path);
  if (!text)
    return text.error();
  auto tokens = token_list::parse(*text);
  if (!tokens)
    return in_file(path, tokens.error());
  std::unique_ptr<token_file> made{new token_file{std::move(path), std::move(told)}};
  made->state_.with([&](state& now) {
    now.tokens = std::make_shared<const token_list>(*std::move(tokens));
    now.text = *text;
  });
  made->thread_ =
      os::named_thread{"tokens", [all = made.get()] {
                         const auto ended = [](const state& now) { return now.ended; };
                         while (!all->state_.wait_until(os::steady_now() + look_every, ended))
                           all->look();
                       }};
  return made;
}

token_file::~token_file() {
  state_.change([](state& now) { now.ended = true; });
  thread_.join();
}

std::optional<token_holder> token_file::find(std::string_view shown) const {
  const auto tokens = state_.with([](const state& now) { return now.tokens; });
  return tokens->find(shown);
}

std::optional<fault> token_file::trouble() const {
  return state_.with([](const state& now) { return now.trouble; });
}

void token_file::look() {
  const auto text = read_private(path_);
  if (text && state_.with([&](const state& now) { return !now.trouble && now.text == *text; }))
    return;
  const auto tokens = text ? token_list::parse(*text) : result<token_list>{text.error()};
  const bool news = state_.with([&](state& now) {
    const auto trouble = tokens ? std::nullopt : std::optional{tokens.error()};
    const bool same = trouble && now.trouble == trouble;
    now.trouble = trouble;
    if (tokens) {
      now.tokens = std::make_shared<const token_list>(*tokens);
      now.text = *text;
    }
    return !same;
  });
  if (news)
    told_(tokens ? result<void>{} : result<void>{in_file(path_, tokens.error())});
}

} // namespace holdfast::http
