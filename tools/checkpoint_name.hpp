// SPDX-License-Identifier: Apache-2.0
// How a person names a state: `OWNER@SEQ`, `OWNER`, or `SEQ`.
#pragma once

#include "messages/fault.hpp"
#include "messages/ids.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::tools {

struct checkpoint_name {
  std::string owner;          ///< Empty: not named.
  std::optional<sequence> at; ///< Absent: the newest.

  friend bool operator==(const checkpoint_name&, const checkpoint_name&) = default;
};

/// Reads one. Digits alone are a sequence; what follows the last `@` is one.
result<checkpoint_name> parse_checkpoint_name(std::string_view text);

} // namespace holdfast::tools
