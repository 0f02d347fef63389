// SPDX-License-Identifier: Apache-2.0
// The `holdfast` program.
#include "tools/command_line.hpp"

#include <string>
#include <vector>

int main(int count, char** words) {
  return holdfast::tools::run_command_line(std::vector<std::string>(words + 1, words + count));
}
