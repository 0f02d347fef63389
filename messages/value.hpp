// SPDX-License-Identifier: Apache-2.0
// A JSON-like value: what events, states and answers are made of outside C++ types.
#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace holdfast {

/// Raw bytes, kept apart from text.
struct bytes {
  std::string data;

  friend bool operator==(const bytes&, const bytes&) = default;
};

class value;
using array = std::vector<value>;

/// Members in byte order of their names, each name once.
using object = std::map<std::string, value, std::less<>>;

/// null, bool, integer, double, text, bytes, array or object.
///
/// An integer is held as `std::int64_t` where it fits, else as `std::uint64_t`, so equal numbers
/// are equal values. 1 and 1.0 are different values. Doubles are finite wherever a value has
/// passed `persistence::encode_canonical`.
class value {
public:
  using held = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string,
                            bytes, array, object>;

  value() = default;
  value(std::nullptr_t) {}
  template <class Bool>
  requires std::is_same_v<Bool, bool> value(Bool truth) : held_{truth} {}
  template <class Number>
  requires(std::is_integral_v<Number> && !std::is_same_v<Number, bool>) value(Number number) {
    if constexpr (std::is_unsigned_v<Number>) {
      if (number > static_cast<std::uint64_t>(INT64_MAX)) {
        held_ = static_cast<std::uint64_t>(number);
        return;
      }
    }
    held_ = static_cast<std::int64_t>(number);
  }
  value(double number) : held_{number} {}
  value(std::string text) : held_{std::move(text)} {}
  value(std::string_view text) : held_{std::string{text}} {}
  value(const char* text) : held_{std::string{text}} {}
  value(bytes raw) : held_{std::move(raw)} {}
  value(array items) : held_{std::move(items)} {}
  value(object members) : held_{std::move(members)} {}

  const held& get() const { return held_; }
  held& get() { return held_; }

  /// The held alternative, or null when it is another.
  template <class T>
  const T* as() const {
    return std::get_if<T>(&held_);
  }
  template <class T>
  T* as() {
    return std::get_if<T>(&held_);
  }

  bool is_null() const { return std::holds_alternative<std::monostate>(held_); }

  /// The member of that name, or null when this is no object or has none.
  const value* find(std::string_view name) const {
    const auto* members = as<object>();
    if (members == nullptr)
      return nullptr;
    const auto found = members->find(name);
    return found == members->end() ? nullptr : &found->second;
  }

  /// The member as text, or `otherwise`.
  std::string text_at(std::string_view name, std::string_view otherwise = {}) const {
    const auto* found = find(name);
    const auto* text = found == nullptr ? nullptr : found->as<std::string>();
    return text == nullptr ? std::string{otherwise} : *text;
  }

  /// The member as a number (integers are converted), or `otherwise`.
  double number_at(std::string_view name, double otherwise = 0) const;

  /// The member as a 64-bit integer, or `otherwise` when it is none or does not fit.
  std::int64_t integer_at(std::string_view name, std::int64_t otherwise = 0) const {
    const auto* found = find(name);
    const auto* number = found == nullptr ? nullptr : found->as<std::int64_t>();
    return number == nullptr ? otherwise : *number;
  }

  friend bool operator==(const value&, const value&) = default;

private:
  held held_;
};

inline double value::number_at(std::string_view name, double otherwise) const {
  const auto* found = find(name);
  if (found == nullptr)
    return otherwise;
  if (const auto* real = found->as<double>())
    return *real;
  if (const auto* whole = found->as<std::int64_t>())
    return static_cast<double>(*whole);
  if (const auto* large = found->as<std::uint64_t>())
    return static_cast<double>(*large);
  return otherwise;
}

} // namespace holdfast
