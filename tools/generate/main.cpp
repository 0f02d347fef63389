// SPDX-License-Identifier: Apache-2.0
// The `holdfast-generate` program: LLM usage events on stdout.
#include "tools/command_line.hpp"
#include "tools/session.hpp"
#include "tools/usage_generator.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>

namespace {

using namespace holdfast;
using namespace holdfast::tools;

struct choices {
  std::uint64_t count = 10'000;
  std::uint64_t duplicates = 20;
  std::uint64_t seed = 1;
  bool shuffle = false;
  bool synthetic = false;
};

result<exit_code> generate(const choices& chosen, session& told) {
  if (chosen.duplicates > 90)
    return fault{fault_code::invalid, "--duplicates is a percentage from 0 to 90", {}};
  usage_options options{.count = chosen.count,
                        .duplicates = static_cast<std::uint32_t>(chosen.duplicates),
                        .shuffle = chosen.shuffle,
                        .seed = chosen.seed};
  const char* data = std::getenv("HOLDFAST_DATA");
  if (!chosen.synthetic && data != nullptr) {
    std::ifstream file{std::string{data} + "/azure-llm-inference-2023-code.csv"};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    if (!text.empty()) {
      auto trace = read_azure_trace(text);
      if (!trace)
        return trace.error();
      options.trace = std::move(*trace);
    }
  }
  told.note(options.trace.empty()
                ? "Shaped like the Azure LLM inference trace 2023 (code), by its quantiles."
                : "Arrivals and token counts: the Azure LLM inference trace 2023 (code).");
  told.note(
      "Azure Public Dataset, github.com/Azure/AzurePublicDataset, CC-BY 4.0. Models, outcomes "
      "and latencies are invented.");
  generate_usage(options, [&](std::string_view line) {
    told.line(line);
    return true;
  });
  return exit_code::done;
}

} // namespace

int main(int count, char** words) {
  auto chosen = std::make_shared<choices>();
  const command_spec spec{
      .name = "generate",
      .brief = "Prints LLM usage events, one JSON object a line, the same for the same seed.",
      .details = "For example: holdfast-generate --count 200000 --shuffle | holdfast ingest -\n",
      .options = {{"--count", "N", "How many lines, duplicates included.", &chosen->count},
                  {"--duplicates", "PERCENT", "How many lines repeat an earlier event (20).",
                   &chosen->duplicates},
                  {"--seed", "N", "Other numbers, other events.", &chosen->seed},
                  {"--shuffle", "", "In any order; else resends follow soon after.",
                   &chosen->shuffle},
                  {"--synthetic", "", "Do not use the trace in HOLDFAST_DATA.",
                   &chosen->synthetic}},
      .run = [chosen](session& told) { return generate(*chosen, told); }};
  return run_single_command(spec, std::vector<std::string>(words + 1, words + count));
}
