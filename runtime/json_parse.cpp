// SPDX-License-Identifier: Apache-2.0
// JSON text to values. simdjson reads what is right, which is nearly everything, in a third of the
// time; where it finds fault, nlohmann-json reads again and says what is wrong, and where.
#include "runtime/json.hpp"

#include <nlohmann/json.hpp>
#include <simdjson.h>

#include <optional>
#include <utility>

namespace holdfast::json {

namespace {

/// `{"$bytes": "<base64>"}` is bytes; anything else is what it looks like.
std::optional<value> bytes_in(const object& members) {
  if (members.size() != 1 || members.begin()->first != "$bytes")
    return std::nullopt;
  const auto* text = members.begin()->second.as<std::string>();
  if (text == nullptr)
    return std::nullopt;
  auto raw = from_base64(*text);
  if (!raw)
    return std::nullopt;
  return value{bytes{std::move(*raw)}};
}

/// Walks over the text and tells how far nlohmann-json has read.
class counted {
public:
  using difference_type = std::ptrdiff_t;
  using value_type = char;
  using pointer = const char*;
  using reference = const char&;
  using iterator_category = std::input_iterator_tag;

  counted(const char* at, const char** shown) : at_{at}, shown_{shown} {}

  reference operator*() const { return *at_; }
  counted& operator++() {
    ++at_;
    *shown_ = at_;
    return *this;
  }
  counted operator++(int) {
    auto before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const counted& left, const counted& right) {
    return left.at_ == right.at_;
  }

private:
  const char* at_;
  const char** shown_;
};

/// Builds the value from the parser's events; a broken rule stops the parser.
class builder {
public:
  builder(const limits& allowed, const char* begin, const char** shown)
      : allowed_{allowed}, begin_{begin}, shown_{shown} {}

  bool null() { return put(value{}); }
  bool boolean(bool truth) { return put(value{truth}); }
  bool number_integer(std::int64_t number) { return put(value{number}); }
  bool number_unsigned(std::uint64_t number) { return put(value{number}); }
  bool number_float(double number, const std::string& text) {
    if (text.find_first_of(".eE") == std::string::npos)
      return stop("the integer " + text.substr(0, 40) + " does not fit in 64 bits");
    return put(value{number});
  }
  bool string(std::string& text) { return put(value{std::move(text)}); }
  bool binary(nlohmann::json::binary_t&) { return false; }

  bool start_object(std::size_t) { return open(value{object{}}); }
  bool start_array(std::size_t) { return open(value{array{}}); }
  bool key(std::string& name) {
    auto& members = *open_.back().made.as<object>();
    const auto [at, added] = members.try_emplace(std::move(name));
    if (!added)
      return stop("the name \"" + at->first.substr(0, 100) + "\" stands twice in one object");
    open_.back().member = &at->second;
    return true;
  }
  bool end_object() {
    auto made = std::move(open_.back().made);
    open_.pop_back();
    if (auto raw = bytes_in(*made.as<object>()))
      return put(std::move(*raw));
    return put(std::move(made));
  }
  bool end_array() {
    auto made = std::move(open_.back().made);
    open_.pop_back();
    return put(std::move(made));
  }

  template <class Problem>
  bool parse_error(std::size_t, const std::string&, const Problem& problem) {
    problem_ = fault{fault_code::invalid, said(problem.what()), ""};
    return false;
  }

  const std::optional<fault>& problem() const { return problem_; }
  value take() { return std::move(done_); }

private:
  struct level {
    value made;
    value* member = nullptr;
  };

  bool open(value container) {
    if (open_.size() == allowed_.depth_max)
      return stop("nested deeper than " + std::to_string(allowed_.depth_max) + " levels");
    open_.push_back({std::move(container)});
    return true;
  }

  bool put(value one) {
    if (++values_ > allowed_.values_max)
      return stop("more than " + std::to_string(allowed_.values_max) + " values");
    if (open_.empty())
      done_ = std::move(one);
    else if (auto* items = open_.back().made.as<array>())
      items->push_back(std::move(one));
    else
      *open_.back().member = std::move(one);
    return true;
  }

  bool stop(const std::string& what) {
    problem_ = fault{fault_code::invalid, what + place(), ""};
    return false;
  }

  std::string place() const {
    const auto offset = *shown_ - begin_;
    return " (byte " + std::to_string(offset > 0 ? offset - 1 : 0) + ")";
  }

  /// The library's own words without its prefix and with our place.
  std::string said(std::string_view what) const {
    for (const auto* mark : {"syntax error while parsing ", "number overflow parsing "})
      if (const auto at = what.find(mark); at != std::string_view::npos)
        what.remove_prefix(at);
    std::string text{what.substr(0, 300)};
    return "not JSON: " + text + place();
  }

  const limits& allowed_;
  std::size_t values_ = 0;
  const char* begin_;
  const char** shown_;
  std::vector<level> open_;
  value done_;
  std::optional<fault> problem_;
};

result<value> read_and_say_why(std::string_view text, const limits& allowed) {
  // nlohmann-json takes it for the end and would pass over what follows.
  if (const auto zero = text.find('\0'); zero != std::string_view::npos)
    return fault{fault_code::invalid, "not JSON: a zero byte (byte " + std::to_string(zero) + ")",
                 ""};
  const auto* shown = text.data();
  builder made{allowed, text.data(), &shown};
  const auto end = text.data() + text.size();
  if (!nlohmann::json::sax_parse(counted{text.data(), &shown}, counted{end, &shown}, &made))
    return made.problem().value_or(fault{fault_code::invalid, "not JSON", ""});
  return made.take();
}

/// Copies what simdjson has read. Every member answers false where a rule is broken.
class copying {
public:
  explicit copying(const limits& allowed) : allowed_{allowed} {}

  bool copy(simdjson::dom::element from, value& into, std::size_t depth) {
    using simdjson::dom::element_type;
    if (++values_ > allowed_.values_max)
      return false;
    switch (from.type()) {
    case element_type::OBJECT:
      return depth < allowed_.depth_max
             && members(from.get_object().value_unsafe(), into, depth + 1);
    case element_type::ARRAY:
      return depth < allowed_.depth_max && items(from.get_array().value_unsafe(), into, depth + 1);
    case element_type::INT64:
      into = value{from.get_int64().value_unsafe()};
      return true;
    case element_type::UINT64:
      into = value{from.get_uint64().value_unsafe()};
      return true;
    case element_type::DOUBLE:
      into = value{from.get_double().value_unsafe()};
      return true;
    case element_type::STRING:
      into = value{std::string{from.get_string().value_unsafe()}};
      return true;
    case element_type::BOOL:
      into = value{from.get_bool().value_unsafe()};
      return true;
    case element_type::NULL_VALUE:
      into = value{};
      return true;
    }
    return false;
  }

private:
  bool members(simdjson::dom::object from, value& into, std::size_t depth) {
    object made;
    for (const auto& [name, one] : from) {
      const auto [at, added] = made.try_emplace(std::string{name});
      if (!added || !copy(one, at->second, depth))
        return false;
    }
    if (auto raw = bytes_in(made))
      into = std::move(*raw);
    else
      into = value{std::move(made)};
    return true;
  }

  bool items(simdjson::dom::array from, value& into, std::size_t depth) {
    array made;
    made.reserve(from.size());
    for (const auto one : from)
      if (!copy(one, made.emplace_back(), depth))
        return false;
    into = value{std::move(made)};
    return true;
  }

  const limits& allowed_;
  std::size_t values_ = 0;
};

/// Nothing where the text breaks a rule.
std::optional<value> read_quickly(std::string_view text, const limits& allowed) {
  // What was needed for a text is kept for the next, but for the large and rare.
  constexpr std::size_t kept_max = 64U << 10U;
  thread_local simdjson::dom::parser kept;
  simdjson::dom::parser own;
  auto& reader = text.size() <= kept_max ? kept : own;
  simdjson::dom::element root;
  if (reader.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS)
    return std::nullopt;
  value made;
  if (!copying{allowed}.copy(root, made, 0))
    return std::nullopt;
  return made;
}

} // namespace

result<value> parse(std::string_view text, const limits& allowed) {
  if (text.size() > allowed.bytes_max)
    return fault{fault_code::invalid,
                 "the JSON text has " + std::to_string(text.size()) + " bytes, more than "
                     + std::to_string(allowed.bytes_max),
                 ""};
  if (auto made = read_quickly(text, allowed))
    return *std::move(made);
  return read_and_say_why(text, allowed);
}

} // namespace holdfast::json
