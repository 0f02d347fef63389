// SPDX-License-Identifier: Apache-2.0
// CRC-32C, eight bytes at a time: by the processor's instruction, else by table.
#include "persistence/crc32c.hpp"

#include <array>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace holdfast::persistence {
namespace {

using tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr tables make_tables() {
  tables made{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    auto crc = byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0x82F63B78U : 0U);
    made[0][byte] = crc;
  }
  for (std::size_t slice = 1; slice < 8; ++slice)
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const auto before = made[slice - 1][byte];
      made[slice][byte] = (before >> 8U) ^ made[0][before & 0xFFU];
    }
  return made;
}

constexpr tables sliced = make_tables();

#if defined(__x86_64__)
// Every batch passes here on its way to the mirror; by table that took as long as writing it.
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::string_view bytes,
                                                               std::uint32_t before) {
  std::uint64_t crc = ~before;
  const auto* next = bytes.data();
  auto left = bytes.size();
  for (; left >= 8; next += 8, left -= 8) {
    std::uint64_t eight;
    std::memcpy(&eight, next, sizeof eight);
    crc = _mm_crc32_u64(crc, eight);
  }
  auto rest = static_cast<std::uint32_t>(crc);
  for (; left > 0; ++next, --left)
    rest = _mm_crc32_u8(rest, static_cast<unsigned char>(*next));
  return ~rest;
}

const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
#endif

std::uint32_t by_table(std::string_view bytes, std::uint32_t before) {
  auto crc = ~before;
  const auto at = [&bytes](std::size_t index) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[index]));
  };
  std::size_t next = 0;
  for (; next + 8 <= bytes.size(); next += 8) {
    const auto low =
        crc ^ (at(next) | at(next + 1) << 8U | at(next + 2) << 16U | at(next + 3) << 24U);
    crc = sliced[7][low & 0xFFU] ^ sliced[6][(low >> 8U) & 0xFFU] ^ sliced[5][(low >> 16U) & 0xFFU]
          ^ sliced[4][low >> 24U] ^ sliced[3][at(next + 4)] ^ sliced[2][at(next + 5)]
          ^ sliced[1][at(next + 6)] ^ sliced[0][at(next + 7)];
  }
  for (; next < bytes.size(); ++next)
    crc = (crc >> 8U) ^ sliced[0][(crc ^ at(next)) & 0xFFU];
  return ~crc;
}

} // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
#if defined(__x86_64__)
  if (has_instruction)
    return by_instruction(bytes, before);
#endif
  return by_table(bytes, before);
}

std::uint32_t masked_crc32c(std::string_view bytes) {
  const auto crc = crc32c(bytes);
  return ((crc >> 15U) | (crc << 17U)) + 0xa282ead8U;
}

} // namespace holdfast::persistence
