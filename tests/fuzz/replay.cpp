// SPDX-License-Identifier: Apache-2.0
// Gives every file of a kept corpus to a fuzz target, with each of its cuts and single-bit flips.
#include "tests/fuzz/target.hpp"
#include "tests/support/hex.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

namespace {

void run(const std::string& bytes) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

} // namespace

int main(int count, char** words) {
  if (count != 2) {
    std::cerr << "usage: " << words[0] << " CORPUS\n";
    return 2;
  }
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator{words[1]}) {
    std::ifstream opened{entry.path(), std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{opened}, {}};
    run(bytes);
    holdfast::testing::harm(bytes.substr(0, 1024),
                            [](const std::string& harmed, const std::string&) { run(harmed); });
    ++files;
  }
  std::cout << files << " inputs\n";
  return files > 0 ? 0 : 1;
}
