// SPDX-License-Identifier: Apache-2.0
// What went wrong, said so that a caller knows what to do; and the result that carries it.
#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace holdfast {

/// Codes say what the caller can do, not where it went wrong.
enum class fault_code : std::uint8_t {
  invalid = 1,      ///< The input breaks a rule: correct it, sending it again is of no use.
  not_found = 2,    ///< The named thing does not exist.
  denied = 3,       ///< The operating system or a rule forbids it.
  conflict = 4,     ///< Somebody else holds it, or it exists with other content.
  busy = 5,         ///< A limit is reached: send it again a little later.
  no_space = 6,     ///< The disk is full: it goes on by itself once there is room.
  timed_out = 7,    ///< No answer within the deadline: the outcome is unknown.
  corrupt = 8,      ///< Stored bytes are not what was written: an operator must decide.
  failed = 9,       ///< The store failed and must be reopened: the outcome is unknown.
  unsupported = 10, ///< Written by a newer version: use that version.
  unreachable = 11, ///< Nobody answers there: start it, or correct the address.
  undone = 12       ///< It was tried and did not work, and the store is not the reason.
};

inline constexpr int fault_code_last = 12;

/// The code's name as it appears in answers and logs.
constexpr std::string_view to_string(fault_code code) {
  switch (code) {
  case fault_code::invalid:
    return "invalid";
  case fault_code::not_found:
    return "not_found";
  case fault_code::denied:
    return "denied";
  case fault_code::conflict:
    return "conflict";
  case fault_code::busy:
    return "busy";
  case fault_code::no_space:
    return "no_space";
  case fault_code::timed_out:
    return "timed_out";
  case fault_code::corrupt:
    return "corrupt";
  case fault_code::failed:
    return "failed";
  case fault_code::unsupported:
    return "unsupported";
  case fault_code::unreachable:
    return "unreachable";
  case fault_code::undone:
    return "undone";
  }
  return "unknown";
}

/// One failure. `what` says what happened and where; `help` says what to do, and may be empty.
struct fault {
  fault_code code = fault_code::failed;
  std::string what;
  std::string help;

  friend bool operator==(const fault&, const fault&) = default;
};

/// Either a value or the fault that prevented it.
template <class T>
class [[nodiscard]] result {
public:
  result(T value) : held_{std::in_place_index<0>, std::move(value)} {}
  result(fault problem) : held_{std::in_place_index<1>, std::move(problem)} {}

  explicit operator bool() const { return held_.index() == 0; }

  T& operator*() & { return std::get<0>(held_); }
  const T& operator*() const& { return std::get<0>(held_); }
  T&& operator*() && { return std::get<0>(std::move(held_)); }
  T* operator->() { return &std::get<0>(held_); }
  const T* operator->() const { return &std::get<0>(held_); }

  /// Needs: not `*this`.
  const fault& error() const {
    assert(held_.index() == 1);
    return std::get<1>(held_);
  }

private:
  std::variant<T, fault> held_;
};

/// Nothing, or the fault that prevented it.
template <>
class [[nodiscard]] result<void> {
public:
  result() = default;
  result(fault problem) : problem_{std::move(problem)} {}

  explicit operator bool() const { return !problem_; }

  const fault& error() const {
    assert(problem_);
    return *problem_;
  }

private:
  std::optional<fault> problem_;
};

} // namespace holdfast
