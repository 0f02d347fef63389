// SPDX-License-Identifier: Apache-2.0
// Protobuf written by hand, so that the tests need not trust the code they test.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace otlp_bytes {

inline std::string varint(std::uint64_t number) {
  std::string made;
  for (; number >= 0x80; number >>= 7U)
    made += static_cast<char>((number & 0x7FU) | 0x80U);
  return made + static_cast<char>(number);
}

inline std::string tag(std::uint32_t field, std::uint32_t type) {
  return varint(field << 3U | type);
}

inline std::string little(std::uint64_t number, std::size_t bytes) {
  std::string made;
  for (std::size_t i = 0; i < bytes; ++i)
    made += static_cast<char>(number >> (8 * i) & 0xFFU);
  return made;
}

inline std::string integer(std::uint32_t field, std::uint64_t number) {
  return tag(field, 0) + varint(number);
}
inline std::string fixed64(std::uint32_t field, std::uint64_t number) {
  return tag(field, 1) + little(number, 8);
}
inline std::string fixed32(std::uint32_t field, std::uint32_t number) {
  return tag(field, 5) + little(number, 4);
}
inline std::string real(std::uint32_t field, double number) {
  return fixed64(field, std::bit_cast<std::uint64_t>(number));
}

/// Text, bytes, a message or a packed list.
inline std::string part(std::uint32_t field, std::string_view content) {
  return tag(field, 2) + varint(content.size()) + std::string{content};
}

/// An attribute whose AnyValue is given.
inline std::string pair(std::string_view key, std::string_view any) {
  return part(1, key) + part(2, any);
}

/// A request with one resource (attribute service.name), one scope and these items.
inline std::string request(std::string_view items) {
  return part(1, part(1, part(1, pair("service.name", part(1, "s"))))
                     + part(2, part(1, part(1, "lib") + part(2, "1.0")) + std::string{items}));
}

inline std::string trace_id() {
  return std::string{"\x5B\x8E\xFF\xF7\x98\x03\x81\x03\xD2\x69\xB6\x33\x81\x3F\xC6\x0C"};
}
inline std::string span_id() {
  return std::string{"\xEE\xE1\x9B\x7E\xC3\xC1\xB1\x74"};
}

} // namespace otlp_bytes
