// SPDX-License-Identifier: Apache-2.0
// Gives equality and printing to every message that lists its fields.
#pragma once

#include <ostream>
#include <string_view>
#include <tuple>

namespace holdfast {

/// A message: plain data with a `name` and a tuple of member pointers called `fields`.
template <class Message>
concept described = requires {
  { Message::name } -> std::convertible_to<std::string_view>;
  std::tuple_size<std::remove_cvref_t<decltype(Message::fields)>>::value;
};

/// Calls `visit(member)` for every listed field, in order.
template <described Message, class Visit>
void for_each_field(const Message& message, Visit visit) {
  std::apply([&](auto... field) { (visit(message.*field), ...); }, Message::fields);
}

template <described Message>
bool operator==(const Message& left, const Message& right) {
  return std::apply([&](auto... field) { return ((left.*field == right.*field) && ...); },
                    Message::fields);
}

namespace detail {
template <class T>
concept printable = requires(std::ostream& out, const T& one) {
  out << one;
};
} // namespace detail

/// Prints `name{field, field}`; a field without a printer of its own is shown as `?`.
template <described Message>
std::ostream& operator<<(std::ostream& out, const Message& message) {
  out << Message::name << '{';
  std::string_view comma;
  for_each_field(message, [&](const auto& field) {
    out << comma;
    comma = ", ";
    if constexpr (detail::printable<std::remove_cvref_t<decltype(field)>>)
      out << field;
    else
      out << '?';
  });
  return out << '}';
}

} // namespace holdfast
