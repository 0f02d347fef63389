// SPDX-License-Identifier: Apache-2.0
// What both decoders do with texts, ids and numbers, and what they note while they read one item.
#pragma once

#include "runtime/otlp/telemetry.hpp"

#include <string>
#include <string_view>

namespace holdfast::otlp {

/// How an id must be. All zeros are no id.
enum class presence : std::uint8_t {
  needed,
  optional, ///< May be missing, but not of another length.
  lenient   ///< Of another length it is taken as missing.
};

/// One item on its way in.
class notes {
public:
  explicit notes(const limits& allowed) : allowed_{allowed} {}

  const limits& allowed() const { return allowed_; }
  std::uint64_t cut() const { return cut_; }

  /// The first broken rule; empty: the item is good.
  const std::string& problem() const { return problem_; }
  void refuse(std::string_view field, std::string_view rule);

  /// Text with U+FFFD for what is not UTF-8, cut at the limit.
  std::string text(std::string_view raw);
  bytes binary(std::string_view raw);

  /// Lower-case hexadecimal digits of `size` bytes, or nothing.
  std::string id(std::string_view field, std::string_view raw, std::size_t size, presence must);

  /// Whether a value at that depth (the outermost is 0) may be read.
  bool may_nest(std::size_t depth);

private:
  const limits& allowed_;
  std::uint64_t cut_ = 0;
  std::string problem_;
};

/// A double as a value; one that is not finite as "NaN", "Infinity" or "-Infinity".
value number(double real);

/// An example reading of a metric; empty ids and attributes are left out.
object exemplar_of(std::uint64_t time_ns, value read, std::string trace_id, std::string span_id,
                   object attributes);

} // namespace holdfast::otlp
