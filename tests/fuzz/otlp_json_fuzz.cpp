// SPDX-License-Identifier: Apache-2.0
// Fuzzes what exporters send as JSON.
#include "tests/fuzz/otlp_check.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  const auto body = fuzz::as_text(data, size);
  fuzz::check_otlp(otlp::traces_from_json, body);
  fuzz::check_otlp(otlp::logs_from_json, body);
  fuzz::check_otlp(otlp::metrics_from_json, body);
  return 0;
}
