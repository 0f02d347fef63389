// SPDX-License-Identifier: Apache-2.0
// Encodes and strictly decodes the mirror's batch header.
#include "persistence/mirror_record.hpp"

#include "persistence/crc32c.hpp"
#include "persistence/layout.hpp"

#include <algorithm>
#include <cassert>

namespace holdfast::persistence {
namespace {

constexpr std::string_view magic = "HFM1";
constexpr std::size_t checksum_offset = mirror_header_bytes - 4;

fault damaged() {
  return {fault_code::corrupt, "these bytes are not a batch of the mirror"};
}

} // namespace

std::array<char, mirror_header_bytes> encode_mirror_header(const mirror_header& given) {
  std::string out;
  out.reserve(mirror_header_bytes);
  out += magic;
  append_little(out, static_cast<std::uint32_t>(given.level));
  append_raw(out, given.instance);
  append_little(out, given.generation);
  append_little(out, given.position);
  append_little(out, given.first.value);
  append_little(out, given.last.value);
  append_raw(out, given.before);
  append_raw(out, given.after);
  append_little(out, given.payload_bytes);
  append_little(out, given.payload_crc);
  out.resize(checksum_offset, '\0');
  append_little(out, crc32c(out));
  std::array<char, mirror_header_bytes> made;
  std::copy(out.begin(), out.end(), made.begin());
  return made;
}

bool may_be_mirror_header(std::string_view encoded) {
  return encoded.size() == mirror_header_bytes && encoded.substr(0, magic.size()) == magic;
}

result<mirror_header> decode_mirror_header(std::string_view encoded) {
  if (!may_be_mirror_header(encoded))
    return damaged();
  const auto front = encoded.substr(0, checksum_offset);
  if (load_little<std::uint32_t>(encoded.data() + checksum_offset) != crc32c(front))
    return damaged();
  byte_cursor bytes{front.substr(magic.size())};
  mirror_header taken;
  const auto level = bytes.little<std::uint32_t>();
  taken.level = static_cast<durability>(level);
  taken.instance = bytes.raw<16>();
  taken.generation = bytes.little<std::uint64_t>();
  taken.position = bytes.little<std::uint64_t>();
  taken.first.value = bytes.little<std::uint64_t>();
  taken.last.value = bytes.little<std::uint64_t>();
  taken.before = bytes.raw<16>();
  taken.after = bytes.raw<16>();
  taken.payload_bytes = bytes.little<std::uint32_t>();
  taken.payload_crc = bytes.little<std::uint32_t>();
  const auto unused = bytes.rest();
  if (level > static_cast<std::uint32_t>(durability::power)
      || unused.find_first_not_of('\0') != std::string_view::npos || taken.first > taken.last
      || taken.first.value == 0)
    return damaged();
  return taken;
}

} // namespace holdfast::persistence
