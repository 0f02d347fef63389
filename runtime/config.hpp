// SPDX-License-Identifier: Apache-2.0
// Options from flags, environment, file and defaults; every mistake named with its place.
#pragma once

#include "messages/fault.hpp"
#include "runtime/options.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::config {

/// Where settings come from; the earlier counts more: flags, environment, file, defaults.
struct sources {
  /// Keys and texts, such as {"store.data", "/srv/holdfast"}; the place is how a person wrote it.
  struct flag {
    std::string key;
    std::string text;
    std::string place; ///< `--data`
  };
  std::vector<flag> flags;
  std::map<std::string, std::string> environment; ///< Variables `HOLDFAST_*`, others are ignored.
  std::optional<std::filesystem::path> file;      ///< Must exist when given.
};

/// What came out. Where there are problems the options are not to be used.
struct loaded {
  options chosen;
  std::optional<std::filesystem::path> file;  ///< Absolute, if one was read.
  std::map<std::string, std::string> origins; ///< By key: `--data`, `HOLDFAST_…`, `FILE:3:8`.
  std::vector<fault> problems;                ///< Every one, in the order of the sources.
};

/// Reads all sources. Never throws and never stops at the first problem.
loaded load(const sources& from);

/// The same for one file's text, which need not stand in a file.
loaded load_text(std::string_view toml, const std::filesystem::path& shown_as);

/// The options, or every problem in one fault, a line each.
result<options> checked(const sources& from);

/// The machine's sources: `HOLDFAST_*`, and the file that HOLDFAST_CONFIG names, else the first
/// of `$XDG_CONFIG_HOME/holdfast/holdfast.toml` and `/etc/holdfast/holdfast.toml` that exists.
sources of_this_machine(std::optional<std::filesystem::path> file = {});

/// One key, as `docs/config.md` shows it.
struct key_info {
  std::string name;      ///< `store.data`
  std::string type;      ///< `size`, `duration`, `text` ...
  std::string allowed;   ///< The range or the words allowed.
  std::string otherwise; ///< The default, as TOML.
  std::string says;      ///< One sentence.
  std::string variable;  ///< `HOLDFAST_STORE_DATA`; empty: none.
};

/// Every key, in the order of the documentation.
std::vector<key_info> keys();

/// The options as TOML with every key; with `origin` a comment tells where each comes from.
std::string show(const loaded& from, bool origin);

/// The nearest of `known` to what was typed, or nothing when none is near.
std::optional<std::string> nearest(const std::string& typed, const std::vector<std::string>& known);

/// `64 MiB`, `100 MB`, `4096`; and back, in the largest unit that is exact.
result<std::uint64_t> parse_size(std::string_view text);
std::string print_size(std::uint64_t bytes);

/// `500 ms`, `30 s`, `5 min`, `24 h`, `7 d`; and back.
result<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string print_duration(std::chrono::milliseconds span);

} // namespace holdfast::config
