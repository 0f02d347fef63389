// SPDX-License-Identifier: Apache-2.0
// Words that only the owners of time, chance and threads may say.
#include "tests/house/rules.hpp"

#include <algorithm>
#include <regex>

namespace house {

namespace {

struct banned {
  std::string word;
  std::regex pattern;
  bool persistence_owns_it; ///< It, its tests and test doubles have threads and mutexes.
};

const std::vector<banned>& table() {
  const auto word = [](const std::string& text, bool persistence_owns_it = false) {
    return banned{text, std::regex{"\\b" + text + "\\b"}, persistence_owns_it};
  };
  static const std::vector<banned> words{
      word("system_clock::now"),
      word("steady_clock::now"),
      word("high_resolution_clock"),
      word("clock_gettime"),
      word("gettimeofday"),
      word("random_device"),
      word("sleep_for"),
      word("sleep_until"),
      word("usleep"),
      word("nanosleep"),
      word("std::thread", true),
      word("std::jthread", true),
      word("std::async", true),
      word("std::mutex", true),
      word("std::shared_mutex", true),
      word("std::recursive_mutex", true),
      word("std::condition_variable", true),
  };
  return words;
}

bool has_threads(const source& file) {
  return file.is_under("persistence") || file.is_under("tests/persistence")
         || file.is_under("tests/support")
         // Addresses are called by threads of all kinds, and must not ask an actor.
         || file.path.starts_with("actors/address");
}

bool owns_all(const source& file) {
  return file.is_under("runtime/os") || file.is_under("tools/bench")
         || file.is_under("tests/faults") || file.is_under("tests/stress");
}

} // namespace

violations banned_words(const tree& all) {
  violations found;
  for (const auto& file : all.files) {
    if (!file.is_cpp() || owns_all(file))
      continue;
    for (std::size_t at = 0; at < file.code.size(); ++at)
      for (const auto& [word, pattern, persistence_owns_it] : table()) {
        if (persistence_owns_it && has_threads(file))
          continue;
        if (std::regex_search(file.code[at], pattern))
          found.push_back(
              {file.path, at + 1, "banned word", word + " belongs to runtime/os (style.md 4.1)"});
      }
  }
  return found;
}

} // namespace house
