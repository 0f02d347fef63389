// SPDX-License-Identifier: Apache-2.0
// Bytes as hexadecimal text, for golden bytes; and every way to harm them a little.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::testing {

inline std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const auto byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4U];
    text += digits[static_cast<unsigned char>(byte) & 15U];
  }
  return text;
}

inline std::string from_hex(std::string_view text) {
  const auto digit = [](char letter) {
    return static_cast<unsigned>(letter <= '9' ? letter - '0' : letter - 'a' + 10);
  };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(digit(text[i]) << 4U | digit(text[i + 1]));
  return bytes;
}

/// Calls `look(harmed, what)` with every single-bit flip and every truncation of the bytes.
template <class Look>
void harm(const std::string& bytes, Look look) {
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto harmed = bytes;
    harmed[bit / 8] =
        static_cast<char>(static_cast<unsigned char>(harmed[bit / 8]) ^ (1U << (bit % 8)));
    look(harmed, "bit " + std::to_string(bit));
  }
  for (std::size_t size = 0; size < bytes.size(); ++size)
    look(bytes.substr(0, size), "cut to " + std::to_string(size));
}

} // namespace holdfast::testing
