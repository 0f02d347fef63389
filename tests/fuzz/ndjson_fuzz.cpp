// SPDX-License-Identifier: Apache-2.0
// Fuzzes the intake of NDJSON: never more than its own line is lost, however the bytes arrive.
#include "tests/fuzz/intake_check.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  fuzz::check_intake(intake::format::ndjson, fuzz::as_text(data, size));
  return 0;
}
