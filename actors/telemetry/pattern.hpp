// SPDX-License-Identifier: Apache-2.0
// A regular expression that an operator configures, matched in time linear in the text.
#pragma once

#include "messages/fault.hpp"

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::telemetry {

/// Literals, `.`, `[a-z]`, `[^...]`, `\d \w \s \D \W \S`, escapes, `( )`, `(?: )`, `|`, `^`, `$`,
/// `* + ?`, `{m}`, `{m,}`, `{m,n}`, and `(?i)` in front. It matches bytes; no captures, no look
/// around and no references back, so that no pattern and no text can make it slow.
class pattern {
public:
  static constexpr std::size_t size_max = 256;   ///< Bytes of an expression.
  static constexpr std::size_t repeat_max = 256; ///< m and n.
  static constexpr std::size_t steps_max = 1000; ///< Of the compiled expression.

  struct match {
    std::size_t begin = 0;
    std::size_t end = 0;

    friend bool operator==(const match&, const match&) = default;
  };

  /// `invalid` with the place and the rule when it is none of the above, or beyond a limit.
  static result<pattern> compile(std::string_view expression);

  /// The leftmost, and then longest, match that is not empty.
  std::optional<match> find(std::string_view text) const;

private:
  friend class pattern_compiler;

  enum class kind : std::uint8_t { byte, fork, text_begin, text_end, done };

  struct step {
    kind what = kind::done;
    std::size_t next = 0;
    std::size_t other = 0; // fork: the second way; byte: which set
  };

  std::vector<step> steps_;
  std::vector<std::bitset<256>> sets_;
  std::size_t first_ = 0;
};

} // namespace holdfast::telemetry
