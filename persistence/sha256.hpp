// SPDX-License-Identifier: Apache-2.0
// SHA-256 of bytes that lie in one or several pieces.
#pragma once

#include "messages/ids.hpp"

#include <initializer_list>
#include <string_view>

namespace holdfast::persistence {

/// Safe from any thread.
digest sha256(std::string_view data);

/// Of the pieces joined.
digest sha256(std::initializer_list<std::string_view> pieces);

/// The bytes of a digest as characters.
template <std::size_t Size>
std::string_view as_chars(const std::array<std::uint8_t, Size>& raw) {
  return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

} // namespace holdfast::persistence
