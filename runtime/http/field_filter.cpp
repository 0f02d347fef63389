// SPDX-License-Identifier: Apache-2.0
// Filters on the fields of an event's body.
#include "runtime/http/field_filter.hpp"

#include "runtime/json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <regex.h>

namespace holdfast::http {

/// A compiled expression. POSIX, because std::regex recurses once per character of its subject.
struct field_filter::expression {
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

/// How an operation is written on a command line and at the end of a query's name.
struct field_filter::spelling {
  std::string_view sign;
  std::string_view word;
  operation how;

  // Longer signs first: `>=` is not `>` with a value that begins with `=`.
  static constexpr std::size_t count = 8;
  static const std::array<spelling, count> all;
};

constexpr std::array<field_filter::spelling, field_filter::spelling::count>
    field_filter::spelling::all{{{"!=", "ne", operation::unequal},
                                 {">=", "gte", operation::greater_equal},
                                 {"<=", "lte", operation::less_equal},
                                 {"==", "eq", operation::equal},
                                 {"=", "eq", operation::equal},
                                 {">", "gt", operation::greater},
                                 {"<", "lt", operation::less},
                                 {"~", "", operation::like}}};

/// Takes the names between the dots; false when one of them is empty.
bool field_filter::take_path(std::string_view text) {
  for (;;) {
    const auto dot = std::min(text.find('.'), text.size());
    if (dot == 0)
      return false;
    path_.emplace_back(text.substr(0, dot));
    if (dot == text.size())
      return true;
    text.remove_prefix(dot + 1);
  }
}

result<field_filter> field_filter::parse(std::string_view text) {
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
  field_filter made;
  if (!made.take_path(text.substr(0, at)))
    return invalid("has an empty field name");
  const auto rest = text.substr(at);
  const auto found = std::find_if(spelling::all.begin(), spelling::all.end(),
                                  [&](const auto& one) { return rest.starts_with(one.sign); });
  if (found == spelling::all.end())
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

result<field_filter> field_filter::of_query(std::string_view name, std::string_view text) {
  field_filter made;
  auto path = name;
  const auto dot = path.rfind('.');
  const auto last = dot == path.npos ? std::string_view{} : path.substr(dot + 1);
  for (const auto& [_, word, how] : spelling::all)
    if (!last.empty() && word == last) {
      made.how_ = how;
      path = path.substr(0, dot);
    }
  made.text_ = text;
  if (!made.take_path(path))
    return fault{fault_code::invalid,
                 "`field." + std::string{name.substr(0, 200)} + "` has an empty field name",
                 "write for example field.model=gpt-4o or field.usage.input.gte=100"};
  return made;
}

std::optional<std::pair<std::string, std::string>> field_filter::as_query() const {
  if (how_ == operation::like)
    return std::nullopt;
  std::string name = "field";
  for (const auto& part : path_)
    name += "." + part;
  const auto found = std::find_if(spelling::all.begin(), spelling::all.end(),
                                  [&](const auto& one) { return one.how == how_; });
  // Without an ending the path's own last name could be taken for one.
  return std::pair{name + "." + std::string{found->word}, text_};
}

bool field_filter::compares(const value& found) const {
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

bool field_filter::holds(const value& body) const {
  const auto* found = &body;
  for (const auto& name : path_) {
    found = found->find(name);
    if (found == nullptr)
      return how_ == operation::unequal;
  }
  return compares(*found);
}

bool fields_hold::operator()(const recorded_event& one) const {
  return std::all_of(filters.begin(), filters.end(),
                     [&](const field_filter& filter) { return filter.holds(one.body); });
}

} // namespace holdfast::http
