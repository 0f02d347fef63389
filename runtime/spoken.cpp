// SPDX-License-Identifier: Apache-2.0
// Spans of time as a person says them.
#include "runtime/spoken.hpp"

#include <array>
#include <cstdio>

namespace holdfast {

std::string spoken(std::chrono::milliseconds time) {
  const auto ms = time.count();
  std::array<char, 64> text{};
  if (ms < 1000)
    std::snprintf(text.data(), text.size(), "%lld ms", static_cast<long long>(ms));
  else if (ms < 60'000)
    std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(ms) / 1000);
  else if (ms < 3'600'000)
    std::snprintf(text.data(), text.size(), "%lld min %02lld s",
                  static_cast<long long>(ms / 60'000), static_cast<long long>(ms / 1000 % 60));
  else
    std::snprintf(text.data(), text.size(), "%lld h %02lld min",
                  static_cast<long long>(ms / 3'600'000), static_cast<long long>(ms / 60'000 % 60));
  return text.data();
}

} // namespace holdfast
