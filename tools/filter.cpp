// SPDX-License-Identifier: Apache-2.0
// Filters on the fields of an event's body.
#include "tools/filter.hpp"

#include "runtime/json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <regex.h>

namespace holdfast::tools {

/// A compiled expression. POSIX, because std::regex recurses once per character of its subject.
struct filter::expression {
  regex_t compiled{};
  bool ready = false;

  expression() = default;
  expression(const expression&) = delete;
  expression& operator=(const expression&) = delete;
  ~expression() {
    if (ready)
      ::regfree(&compiled);
  }
};

namespace {

std::optional<double> number_of(const value& given) {
  if (const auto* real = given.as<double>())
    return *real;
  if (const auto* whole = given.as<std::int64_t>())
    return static_cast<double>(*whole);
  if (const auto* large = given.as<std::uint64_t>())
    return static_cast<double>(*large);
  return std::nullopt;
}

std::optional<double> number_of(std::string_view text) {
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || problem != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

std::string text_of(const value& given) {
  if (const auto* text = given.as<std::string>())
    return *text;
  return json::print(given);
}

} // namespace

result<filter> filter::parse(std::string_view text) {
  const auto at = text.find_first_of("=!<>~");
  const auto invalid = [&](std::string why) {
    return fault{fault_code::invalid, "the filter \"" + std::string{text} + "\" " + std::move(why),
                 "Write for example model=gpt-4o, 'latency_ms>=1000' or error~timeout "
                 "(`holdfast help filters`)."};
  };
  if (at == std::string_view::npos)
    return invalid("has no operator");
  if (at == 0)
    return invalid("names no field");
  filter made;
  auto field = text.substr(0, at);
  for (;;) {
    const auto dot = std::min(field.find('.'), field.size());
    if (dot == 0)
      return invalid("has an empty field name");
    made.path_.emplace_back(field.substr(0, dot));
    if (dot == field.size())
      break;
    field.remove_prefix(dot + 1);
  }
  auto rest = text.substr(at);
  struct spelling {
    std::string_view sign;
    operation how;
  };
  static constexpr auto spellings = std::to_array<spelling>({{"!=", operation::unequal},
                                                             {">=", operation::greater_equal},
                                                             {"<=", operation::less_equal},
                                                             {"==", operation::equal},
                                                             {"=", operation::equal},
                                                             {">", operation::greater},
                                                             {"<", operation::less},
                                                             {"~", operation::like}});
  const auto found = std::find_if(spellings.begin(), spellings.end(),
                                  [&](const auto& one) { return rest.starts_with(one.sign); });
  if (found == spellings.end())
    return invalid("has no operator");
  made.how_ = found->how;
  made.text_ = rest.substr(found->sign.size());
  if (made.how_ != operation::like)
    return made;
  auto compiled = std::make_shared<expression>();
  const auto problem = ::regcomp(&compiled->compiled, made.text_.c_str(), REG_EXTENDED | REG_NOSUB);
  if (problem != 0) {
    std::array<char, 200> why{};
    ::regerror(problem, &compiled->compiled, why.data(), why.size());
    return invalid("is no regular expression: " + std::string{why.data()});
  }
  compiled->ready = true;
  made.like_ = std::move(compiled);
  return made;
}

bool filter::compares(const value& found) const {
  if (how_ == operation::like)
    return ::regexec(&like_->compiled, text_of(found).c_str(), 0, nullptr, 0) == 0;
  int order = 0;
  const auto wanted = number_of(std::string_view{text_});
  if (const auto number = number_of(found)) {
    if (!wanted)
      return how_ == operation::unequal;
    order = *number < *wanted ? -1 : *number > *wanted ? 1 : 0;
  } else {
    order = text_of(found).compare(text_);
  }
  switch (how_) {
  case operation::equal:
    return order == 0;
  case operation::unequal:
    return order != 0;
  case operation::greater:
    return order > 0;
  case operation::greater_equal:
    return order >= 0;
  case operation::less:
    return order < 0;
  case operation::less_equal:
    return order <= 0;
  case operation::like:
    break;
  }
  return false;
}

bool filter::holds(const value& body) const {
  const auto* found = &body;
  for (const auto& name : path_) {
    found = found->find(name);
    if (found == nullptr)
      return how_ == operation::unequal;
  }
  return compares(*found);
}

bool all_hold(const std::vector<filter>& filters, const value& body) {
  return std::all_of(filters.begin(), filters.end(),
                     [&](const filter& one) { return one.holds(body); });
}

} // namespace holdfast::tools
