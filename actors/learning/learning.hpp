// SPDX-License-Identifier: Apache-2.0
// The worked example of a persistent actor: what AI stacks keep counting by hand, as a pure fold.
#pragma once

#include "messages/checkpoint.hpp"
#include "messages/learning.hpp"

namespace holdfast::learning {

/// What is kept one by one; the rest goes to `other`, `older` or `unlisted`. Part of the fold:
/// with other limits the same events make another state. All above 0.
struct limits {
  std::size_t models_max = 32;
  std::size_t hours_max = 168;
  std::size_t outcomes_max = 16; ///< Of one model.
  std::size_t patterns_max = 5000;
};

/// 2: the rate of repeated patterns has its own name; in 1 it was `duplicate_rate_ppm`, which read
/// like the journal's duplicates. Both are decoded, as the rate follows from the rest.
inline constexpr std::uint16_t schema = 2;

/// Counts one usage event. The body is an object with
/// - `model`: text of 1 to 100 bytes, needed;
/// - `input_tokens`, `output_tokens`: whole numbers from 0 to 10^12, else 0;
/// - `latency_ms`: a number from 0 to 10^9, may be missing;
/// - `outcome`: text of 1 to 100 bytes, else `unknown`;
/// - `pattern`: text of 1 to 100 bytes that names what repeats. Where it is missing, the pattern
///   is model, outcome and the powers of two of both token counts.
/// A field of another kind or out of its range makes the event malformed: counted, and left out.
/// The hour is that of the event's own time.
void apply(learned_usage& known, const recorded_event& heard, const limits& bounds = {});

/// The state as integers and text, and the rate for people.
value encode(const learned_usage& known);

/// Refuses another schema (`unsupported`) and what `encode` never makes (`corrupt`), naming the
/// field.
result<learned_usage> decode(const value& stored, std::uint16_t schema);

/// Name `learning`, streams `llm.usage*`, as above.
fold learning_fold();

} // namespace holdfast::learning
