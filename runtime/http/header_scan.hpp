// SPDX-License-Identifier: Apache-2.0
// Looks at the raw bytes of a header while they come, before any parser does.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast::http {

/// Finds the end of a header and refuses what two readers of HTTP may understand in two ways: lines
/// that end otherwise than by CR LF, lines that go on in the next (obs-fold), control characters,
/// a request line without HTTP/1.0 or HTTP/1.1. Pure; looks at each byte once.
class header_scan {
public:
  struct limits {
    std::size_t bytes_max = 16U << 10U; ///< Of the whole header, with the empty line.
    std::size_t line_bytes_max = 8U << 10U;
    std::size_t fields_max = 100;
  };
  enum class found { more, whole, broken };

  explicit header_scan(limits chosen) : limits_{chosen} {}

  /// `bytes` begins with the header and grows from call to call.
  found look(std::string_view bytes);

  /// Of the header that is `whole`.
  std::size_t size() const { return at_; }

  unsigned status() const { return status_; } ///< Of what is `broken`.
  const std::string& what() const { return what_; }

private:
  found refuse(unsigned status, std::string what);
  /// Looks at a line that is there, without its CR LF.
  found end_line(std::string_view line);

  limits limits_;
  std::size_t at_ = 0;         ///< Bytes looked at.
  std::size_t line_begin_ = 0; ///< Where the line being looked at begins.
  std::size_t lines_ = 0;
  unsigned status_ = 0;
  std::string what_;
};

} // namespace holdfast::http
