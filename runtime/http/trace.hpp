// SPDX-License-Identifier: Apache-2.0
// W3C trace context: who caused a request, as its `traceparent` header says.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::http {

/// Ids in small hexadecimal letters, as the specification has them (W3C Trace Context, level 1).
struct trace_context {
  std::string trace;  ///< 32 digits; empty: the caller sent none that can be used.
  std::string parent; ///< 16 digits.

  /// `TRACE-PARENT`, or empty.
  std::string print() const;

  friend bool operator==(const trace_context&, const trace_context&) = default;
};

/// Reads `version-trace-parent-flags`. What cannot be used (another length, capitals, an id of
/// zeros, version ff) gives an empty context: a bad header never fails its request. Of a version
/// above 00 the first four fields count and more may follow.
trace_context parse_traceparent(std::string_view header);

} // namespace holdfast::http
