// SPDX-License-Identifier: Apache-2.0
// The body of a trace: one server-sent event for each message that an actor handles.
#pragma once

#include "actors/address/trace.hpp"
#include "runtime/http/message.hpp"
#include "runtime/http/served.hpp"

#include <memory>
#include <string>

namespace holdfast::http {

/// Bytes of a body that are shown, once its secrets are taken out.
inline constexpr std::size_t trace_body_shown = 2000;

/// Traces an actor for as long as its client listens, at most within the limits. `behind` outlives
/// the body. `not_found`, or `busy` while somebody else traces it.
result<std::shared_ptr<piece_source>> begin_trace(served& behind, const std::string& actor,
                                                  const addressing::trace_limits& limits);

} // namespace holdfast::http
