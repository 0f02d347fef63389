// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli), the checksum of everything Holdfast writes outside RocksDB.
#pragma once

#include <cstdint>
#include <string_view>

namespace holdfast::persistence {

/// The CRC-32C of `bytes`, going on from `before` (the CRC of what came earlier; 0 at the start).
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

/// As RocksDB keeps it in its own files: turned and shifted, because a CRC over bytes that hold
/// their own CRC says little.
std::uint32_t masked_crc32c(std::string_view bytes);

} // namespace holdfast::persistence
