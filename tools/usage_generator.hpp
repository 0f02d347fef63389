// SPDX-License-Identifier: Apache-2.0
// LLM usage events as a real service saw them: bursts, long tails, resends; the same for one seed.
#pragma once

#include "messages/fault.hpp"
#include "messages/ids.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::tools {

/// One request of a trace.
struct trace_request {
  std::int64_t after_us = 0; ///< Since the trace's first request.
  std::uint32_t context_tokens = 0;
  std::uint32_t generated_tokens = 0;
};

/// Reads the Azure LLM inference trace (TIMESTAMP,ContextTokens,GeneratedTokens). Answers `invalid`
/// with the line for anything else.
result<std::vector<trace_request>> read_azure_trace(std::string_view csv);

struct usage_options {
  std::uint64_t count = 10'000;  ///< Lines, duplicates included.
  std::uint32_t duplicates = 20; ///< How many of 100 lines repeat an earlier event; 0 to 90.
  bool shuffle = false;          ///< Any order, instead of resends soon after.
  std::uint64_t seed = 1;
  std::vector<trace_request> trace; ///< Used in turns; empty: drawn from the trace's quantiles.
};

/// Hands on `count` lines, each one event in the form that `ingest` takes, without its line feed.
/// Ends early when `take` answers false. Holds 16 bytes an event.
void generate_usage(const usage_options& chosen,
                    const std::function<bool(std::string_view line)>& take);

} // namespace holdfast::tools
