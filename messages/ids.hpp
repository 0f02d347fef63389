// SPDX-License-Identifier: Apache-2.0
// The small values everything else is named by: positions, digests, times.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>

namespace holdfast {

/// A record's place in the journal. The first record has 1; 0 means "before the first".
/// Sequences have no gaps: Holdfast's own records (streams that begin with `$`) take numbers too.
struct sequence {
  std::uint64_t value = 0;

  constexpr sequence() = default;
  constexpr explicit sequence(std::uint64_t number) : value{number} {}

  friend constexpr auto operator<=>(const sequence&, const sequence&) = default;
  constexpr sequence& operator++() {
    ++value;
    return *this;
  }
  friend constexpr sequence operator+(sequence from, std::uint64_t steps) {
    return sequence{from.value + steps};
  }
  friend constexpr std::uint64_t operator-(sequence to, sequence from) {
    return to.value - from.value;
  }
  friend std::ostream& operator<<(std::ostream& out, sequence number) {
    return out << number.value;
  }
};

/// A SHA-256.
using digest = std::array<std::uint8_t, 32>;

/// The chain's digest at a record: the first 16 bytes of a SHA-256 (persistence/FORMAT.md).
using chain_digest = std::array<std::uint8_t, 16>;

/// Bytes as lower-case hexadecimal.
template <std::size_t Size>
std::string to_hex(const std::array<std::uint8_t, Size>& bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * Size);
  for (const auto byte : bytes) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

/// Wall-clock time in microseconds since 1970-01-01T00:00:00Z. Survives a restart; may jump.
struct wall_time {
  std::int64_t us = 0;

  friend constexpr auto operator<=>(const wall_time&, const wall_time&) = default;
  friend std::ostream& operator<<(std::ostream& out, wall_time when) { return out << when.us; }
};

/// A reading of the monotonic clock. Says nothing across a restart.
using instant = std::chrono::steady_clock::time_point;

} // namespace holdfast

template <>
struct std::hash<holdfast::sequence> {
  std::size_t operator()(holdfast::sequence number) const noexcept {
    return std::hash<std::uint64_t>{}(number.value);
  }
};
