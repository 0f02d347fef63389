// SPDX-License-Identifier: Apache-2.0
// Fuzzes canonical values: what is decoded must encode to the very bytes it came from.
#include "persistence/canonical.hpp"

#include "tests/fuzz/target.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast::persistence;
  const auto given = holdfast::fuzz::as_text(data, size);
  if (const auto taken = decode_canonical(given))
    holdfast::fuzz::must(*encode_canonical(*taken) == given);
  return 0;
}
