// SPDX-License-Identifier: Apache-2.0
// What every fuzz target begins with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

/// Called by libFuzzer, and by the replay of the kept corpora. Ends the process on a defect.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace holdfast::fuzz {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

inline void must(bool holds) {
  if (!holds)
    std::abort();
}

} // namespace holdfast::fuzz
