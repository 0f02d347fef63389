// SPDX-License-Identifier: Apache-2.0
// The header in front of each batch in the mirror.
#pragma once

#include "messages/event.hpp"
#include "messages/fault.hpp"
#include "persistence/values.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::persistence {

// On disk: never change.
inline constexpr std::size_t mirror_header_bytes = 128;
/// Where a header may begin in a segment.
inline constexpr std::size_t mirror_alignment = 64;

struct mirror_header {
  durability level = durability::power;
  instance_id instance{};
  std::uint64_t generation = 0; ///< Of the segment's use; tells a lap from those before it.
  std::uint64_t position = 0;   ///< Where in the segment the header stands.
  sequence first;
  sequence last;
  chain_digest before{};
  chain_digest after{};
  std::uint32_t payload_bytes = 0;
  std::uint32_t payload_crc = 0; ///< CRC32C of the payload.

  friend bool operator==(const mirror_header&, const mirror_header&) = default;
};

/// Exactly `mirror_header_bytes`.
std::array<char, mirror_header_bytes> encode_mirror_header(const mirror_header& given);

/// A quick look that spares decoding what is no header at all.
bool may_be_mirror_header(std::string_view encoded);

/// Answers `corrupt` for bytes that the encoder would not have written.
result<mirror_header> decode_mirror_header(std::string_view encoded);

/// Bytes that a batch takes in a segment, with its header and up to the next place of a header.
constexpr std::uint64_t mirror_footprint(std::size_t payload_bytes) {
  return (mirror_header_bytes + payload_bytes + mirror_alignment - 1) / mirror_alignment
         * mirror_alignment;
}

} // namespace holdfast::persistence
