// SPDX-License-Identifier: Apache-2.0
// Reads pairs of words.
#include "tools/bench/arguments.hpp"

#include <cstdlib>

namespace bench {

bool read_arguments(int count, char** words, const std::map<std::string_view, argument>& known) {
  for (int at = 1; at < count; at += 2) {
    const auto found = known.find(words[at]);
    if (found == known.end() || at + 1 >= count)
      return false;
    const char* text = words[at + 1];
    if (const auto* number = std::get_if<std::size_t*>(&found->second))
      **number = std::strtoull(text, nullptr, 10);
    else if (const auto* place = std::get_if<std::filesystem::path*>(&found->second))
      **place = text;
    else
      *std::get<std::string*>(found->second) = text;
  }
  return true;
}

} // namespace bench
