// SPDX-License-Identifier: Apache-2.0
// Fuzzes the configuration: what it takes without a problem, it shows so that it is taken again.
#include "runtime/config.hpp"

#include "tests/fuzz/target.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  const auto first = config::load_text(fuzz::as_text(data, size), "/etc/h.toml");
  for (const auto& problem : first.problems)
    fuzz::must(!problem.what.empty());
  if (!first.problems.empty())
    return 0;
  const auto shown = config::show(first, false);
  const auto again = config::load_text(shown, "/etc/h.toml");
  fuzz::must(again.problems.empty() && config::show(again, false) == shown);
  return 0;
}
