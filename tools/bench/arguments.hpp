// SPDX-License-Identifier: Apache-2.0
// What the benchmarks are told on their command lines.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <variant>

namespace bench {

/// Where the text behind an option goes.
using argument = std::variant<std::string*, std::filesystem::path*, std::size_t*>;

/// Reads `--name TEXT` pairs; false for a name that is not known and for one without a text.
bool read_arguments(int count, char** words, const std::map<std::string_view, argument>& known);

} // namespace bench
