// SPDX-License-Identifier: Apache-2.0
// Numbers and digests in strings of bytes, and a cursor that never reads beyond their end.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace holdfast::persistence {

namespace detail {
template <std::integral Number>
constexpr Number swapped(Number number) {
  auto rest = static_cast<std::make_unsigned_t<Number>>(number);
  std::make_unsigned_t<Number> turned = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    turned = static_cast<std::make_unsigned_t<Number>>((turned << 8U) | (rest & 0xFFU));
    rest = static_cast<std::make_unsigned_t<Number>>(rest >> 8U);
  }
  return static_cast<Number>(turned);
}
} // namespace detail

/// Writes and reads numbers with the least significant byte first.
template <std::integral Number>
void store_little(Number number, char* into) {
  if constexpr (std::endian::native == std::endian::big)
    number = detail::swapped(number);
  std::memcpy(into, &number, sizeof number);
}
template <std::integral Number>
Number load_little(const char* from) {
  Number number;
  std::memcpy(&number, from, sizeof number);
  return std::endian::native == std::endian::big ? detail::swapped(number) : number;
}

/// Writes and reads numbers with the most significant byte first: byte order is numeric order.
template <std::integral Number>
void store_big(Number number, char* into) {
  if constexpr (std::endian::native == std::endian::little)
    number = detail::swapped(number);
  std::memcpy(into, &number, sizeof number);
}
template <std::integral Number>
Number load_big(const char* from) {
  Number number;
  std::memcpy(&number, from, sizeof number);
  return std::endian::native == std::endian::little ? detail::swapped(number) : number;
}

template <std::integral Number>
void append_little(std::string& out, Number number) {
  std::array<char, sizeof(Number)> raw;
  store_little(number, raw.data());
  out.append(raw.data(), raw.size());
}
template <std::integral Number>
void append_big(std::string& out, Number number) {
  std::array<char, sizeof(Number)> raw;
  store_big(number, raw.data());
  out.append(raw.data(), raw.size());
}
template <std::size_t Size>
void append_raw(std::string& out, const std::array<std::uint8_t, Size>& raw) {
  out.append(reinterpret_cast<const char*>(raw.data()), raw.size());
}

/// Takes values from the front of bytes. After the first value that is not there, `good()` is
/// false and everything taken is zero, so a decoder checks once, at its end.
class byte_cursor {
public:
  explicit byte_cursor(std::string_view bytes) : rest_{bytes} {}

  template <std::integral Number>
  Number little() {
    const auto raw = text(sizeof(Number));
    return good_ ? load_little<Number>(raw.data()) : Number{};
  }
  template <std::integral Number>
  Number big() {
    const auto raw = text(sizeof(Number));
    return good_ ? load_big<Number>(raw.data()) : Number{};
  }
  template <std::size_t Size>
  std::array<std::uint8_t, Size> raw() {
    std::array<std::uint8_t, Size> taken{};
    if (const auto found = text(Size); good_)
      std::memcpy(taken.data(), found.data(), Size);
    return taken;
  }
  std::string_view text(std::size_t size) {
    if (size > rest_.size())
      good_ = false;
    if (!good_)
      return {};
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  bool good() const { return good_; }
  /// Everything was there and nothing is left.
  bool done() const { return good_ && rest_.empty(); }
  std::string_view rest() const { return rest_; }

private:
  std::string_view rest_;
  bool good_ = true;
};

} // namespace holdfast::persistence
