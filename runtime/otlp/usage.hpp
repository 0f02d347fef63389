// SPDX-License-Identifier: Apache-2.0
// GenAI spans as usage events, which `learning` folds.
#pragma once

#include "messages/event.hpp"
#include "runtime/otlp/telemetry.hpp"

#include <optional>

namespace holdfast::otlp {

/// The usage event of a span that is one call of a model, in the stream `llm.usage.otel` under the
/// key TRACEID-SPANID; nothing for other spans. The spans of agents and tools repeat the tokens of
/// the calls below them, so they are not counted.
std::optional<event> usage_of(const span& given, const origin& from);

} // namespace holdfast::otlp
