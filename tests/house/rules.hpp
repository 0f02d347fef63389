// SPDX-License-Identifier: Apache-2.0
// The rules of the house. Each looks at the whole tree and names every place that breaks it.
#pragma once

#include "tests/house/tree.hpp"

#include <optional>
#include <string>
#include <vector>

namespace house {

using violations = std::vector<violation>;

/// Which room may include what, that rooms are included from the root of the sources, and that a
/// source includes its own header first.
violations includes(const tree& all);

/// Clocks, sleeping, randomness, threads and mutexes outside the places that own them.
violations banned_words(const tree& all);

/// Sources and test scripts that no CMake target names; CMake folders that nobody enters.
violations orphans(const tree& all);

/// Lines over 100 columns, tabs, blanks at the end of a line; Markdown and data are free.
violations layout(const tree& all);

/// Marks of unfinished business.
violations markers(const tree& all);

/// The licence on the first line, in C++ one sentence that says what the file is on the second, and
/// `#pragma once` in headers.
violations first_lines(const tree& all);

/// Numbered behaviours of a supervisor that no history tells of, and no reason excuses.
violations histories(const tree& all);

/// The command of a clang-format 14, if this machine has one.
std::optional<std::string> clang_format();

/// What `.clang-format` would change. Needs: `clang_format()`.
violations formatting(const tree& all);

/// The headers that are installed: those that a room lists under HEADERS.
std::vector<std::string> installed_headers(const tree& all);

/// The words of a CMake file with the line each stands on; comments are left out.
struct cmake_word {
  std::string text;
  std::size_t line = 0;
};
std::vector<cmake_word> cmake_words(const source& file);

} // namespace house
