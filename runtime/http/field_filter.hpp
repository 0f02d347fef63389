// SPDX-License-Identifier: Apache-2.0
// Filters on the fields of an event's body: `latency_ms>=1000` in a command,
// `field.latency_ms.gte=1000` in a request.
#pragma once

#include "messages/event.hpp"
#include "messages/fault.hpp"
#include "messages/value.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::http {

/// One condition. `!=` also holds where there is no such field; every other needs the field.
/// Numbers compare as numbers; true, false and null by name; texts in byte order.
class field_filter {
public:
  /// Reads `field OP value`, OP being one of = != > >= < <= ~. A field within a field is parted by
  /// dots. The value of `~` is a POSIX extended regular expression. Answers `invalid` when there is
  /// no operator, no field, or the expression does not compile.
  static result<field_filter> parse(std::string_view text);

  /// Reads what stands behind `field.` in a query's name, and its value: a path that may end in
  /// `.eq`, `.ne`, `.gt`, `.gte`, `.lt` or `.lte`; `eq` when it does not. A field that has such a
  /// name itself needs the ending.
  static result<field_filter> of_query(std::string_view name, std::string_view text);

  /// The name and value of the same condition in a query; nothing for `~`, which is not served:
  /// an expression of a stranger may cost any time.
  std::optional<std::pair<std::string, std::string>> as_query() const;

  bool holds(const value& body) const;

private:
  enum class operation { equal, unequal, greater, greater_equal, less, less_equal, like };
  struct expression;
  struct spelling;

  bool take_path(std::string_view text);
  bool compares(const value& found) const;

  std::vector<std::string> path_;
  operation how_ = operation::equal;
  std::string text_;
  std::shared_ptr<const expression> like_;
};

/// For `event_query::where`: all of them hold. A reader over HTTP knows it when it sees it, and has
/// the daemon ask what can be asked there.
struct fields_hold {
  std::vector<field_filter> filters;

  bool operator()(const recorded_event& one) const;
};

} // namespace holdfast::http
