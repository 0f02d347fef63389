// SPDX-License-Identifier: Apache-2.0
// Fuzzes what exporters send as protobuf.
#include "tests/fuzz/otlp_check.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  const auto body = fuzz::as_text(data, size);
  fuzz::check_otlp(otlp::traces_from_protobuf, body);
  fuzz::check_otlp(otlp::logs_from_protobuf, body);
  fuzz::check_otlp(otlp::metrics_from_protobuf, body);
  return 0;
}
