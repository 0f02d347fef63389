// SPDX-License-Identifier: Apache-2.0
// The kinds of value that keys have: how each is read, what it may be, how it is shown.
#pragma once

#include "runtime/config_keys.hpp"

#include <chrono>

namespace holdfast::config {

using std::chrono::milliseconds;

/// Answers a reference to one option.
template <class Member>
using place = std::function<Member&(options&)>;

/// Says what is wrong with a text; empty: nothing.
using text_rule = std::function<std::string(const std::string&)>;

fault broken(std::string what);

/// As TOML writes it.
std::string quoted(const std::string& text);
std::string list(const std::vector<std::string>& items);

key count(std::string name, std::uint64_t least, std::uint64_t most, place<std::uint64_t> at,
          std::string says);
key size(std::string name, std::uint64_t least, std::uint64_t most, place<std::uint64_t> at,
         std::string says);
key span(std::string name, milliseconds least, milliseconds most, place<milliseconds> at,
         std::string says);
key path(std::string name, place<std::filesystem::path> at, std::string says);
key flag(std::string name, place<bool> at, std::string says);
key word(std::string name, std::vector<std::string> words,
         std::function<void(options&, const std::string&)> put,
         std::function<std::string(const options&)> get, std::string says);
key texts(std::string name, std::string type, text_rule wrong, place<std::vector<std::string>> at,
          std::string says);

/// Numeric user ids.
key users(std::string name, place<std::vector<std::uint32_t>> at, std::string says);

// Rules of texts.

std::string wrong_stream(const std::string& pattern);
std::string wrong_expression(const std::string& text);
std::string wrong_address(const std::string& text);
std::string wrong_host(const std::string& text);
std::string wrong_origin(const std::string& text);

} // namespace holdfast::config
