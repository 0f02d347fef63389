// SPDX-License-Identifier: Apache-2.0
// Asks clang-format what it would change.
#include "tests/house/rules.hpp"

#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <regex>
#include <stdexcept>

namespace house {

namespace {

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe{::popen(command.c_str(), "r"), ::pclose};
  if (!pipe)
    throw std::runtime_error{"cannot run " + command};
  std::string text;
  std::array<char, 4096> part{};
  while (const auto size = std::fread(part.data(), 1, part.size(), pipe.get()))
    text.append(part.data(), size);
  return text;
}

} // namespace

std::optional<std::string> clang_format() {
  for (const auto* name : {"clang-format-14", "clang-format"})
    if (output_of(std::string{name} + " --version 2>/dev/null").find("version 14.")
        != std::string::npos)
      return name;
  return std::nullopt;
}

violations formatting(const tree& all) {
  auto command =
      "cd '" + all.root.string() + "' && " + clang_format().value() + " --dry-run --style=file";
  for (const auto& file : all.files)
    if (file.is_cpp())
      command += " '" + file.path + "'";
  static const std::regex pattern{"([^:\n]+):([0-9]+):[0-9]+: warning: code should be"};
  const auto said = output_of(command + " 2>&1");

  std::map<std::string, violation> first; // one line a file is enough: the remedy is the same
  for (std::sregex_iterator match{said.begin(), said.end(), pattern}, end; match != end; ++match) {
    const auto file = (*match)[1].str();
    first.try_emplace(file, violation{file, std::stoul((*match)[2].str()), "formatting",
                                      "run clang-format-14 -i " + file});
  }
  violations found;
  for (auto& [file, one] : first)
    found.push_back(std::move(one));
  return found;
}

} // namespace house
