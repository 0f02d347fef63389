// SPDX-License-Identifier: Apache-2.0
// The table of keys: what each is called, what it may be, and which option it sets.
#pragma once

#include "messages/fault.hpp"
#include "runtime/options.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace holdfast::config {

/// What a source gave for a key: as TOML has it. Text from a flag or a variable is `std::string`
/// and is read as the key's type.
using given =
    std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>,
                 std::vector<std::int64_t>, std::map<std::string, std::vector<std::string>>>;

struct key {
  std::string name;
  std::string type;
  std::string allowed;
  std::string says;
  /// Sets the option, or says which rule is broken. `base`: what relative paths start from.
  std::function<result<void>(options&, const given&, const std::filesystem::path& base)> set;
  /// The option as TOML.
  std::function<std::string(const options&)> show;
};

/// Every key, in the order of the documentation. Sections stand together.
const std::vector<key>& table();

/// Rules between several keys. Answers one fault for each that is broken.
std::vector<fault> contradictions(const options& chosen);

} // namespace holdfast::config
