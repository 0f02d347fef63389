// SPDX-License-Identifier: Apache-2.0
// Unpacks bodies that came as gzip.
#pragma once

#include "runtime/http/message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::http {

struct unpacked {
  enum class state : std::uint8_t {
    whole,
    broken,   ///< Not gzip (RFC 1952), damaged, cut off, or followed by something else.
    too_large ///< More than was allowed; unpacking ended there.
  };
  state is = state::broken;
  std::string bytes;
};

/// Unpacks one gzip file, of one member or several. However small a bomb is packed, it costs the
/// memory and the time of `bytes_max`.
unpacked inflate(std::string_view packed, std::uint64_t bytes_max);

/// Unpacks the body, if its Content-Encoding says that it is packed. The limit counts unpacked
/// bytes. Answers the refusal: 400, 413, or 415 for an encoding other than gzip.
std::optional<response> unpack_body(request& asked, std::uint64_t bytes_max);

} // namespace holdfast::http
