// SPDX-License-Identifier: Apache-2.0
// What changed between two values: path, old, new.
#pragma once

#include "messages/value.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::tools {

/// One difference. `before` is absent where something was added, `after` where it was removed.
struct value_change {
  std::string path; ///< A JSON Pointer (RFC 6901); empty: the whole value.
  std::optional<value> before;
  std::optional<value> after;

  friend bool operator==(const value_change&, const value_change&) = default;
};

/// Every difference, in the order of the paths; objects by member, arrays by index. Values of
/// different kinds, and scalars, are replaced as a whole. The result of equal values is empty.
std::vector<value_change> diff(const value& before, const value& after);

} // namespace holdfast::tools
