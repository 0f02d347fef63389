// SPDX-License-Identifier: Apache-2.0
// Filters on the fields of an event's body: `model=gpt-4o`, `latency_ms>=1000`, `error~time.?out`.
#pragma once

#include "messages/fault.hpp"
#include "messages/value.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::tools {

/// One condition. `!=` also holds where there is no such field; every other needs the field.
class filter {
public:
  /// Reads `field OP value`, OP being one of = != > >= < <= ~. A field within a field is parted by
  /// dots. The value of `~` is a POSIX extended regular expression. Answers `invalid` when there is
  /// no operator, no field, or the expression does not compile.
  static result<filter> parse(std::string_view text);

  bool holds(const value& body) const;

private:
  enum class operation { equal, unequal, greater, greater_equal, less, less_equal, like };
  struct expression;

  bool compares(const value& found) const;

  std::vector<std::string> path_;
  operation how_ = operation::equal;
  std::string text_;
  std::shared_ptr<const expression> like_;
};

/// Do all of them hold?
bool all_hold(const std::vector<filter>& filters, const value& body);

} // namespace holdfast::tools
