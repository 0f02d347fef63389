// SPDX-License-Identifier: Apache-2.0
// A source tree as the house rules see it: every file with its lines, as written and as code.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace house {

struct source {
  std::string path; ///< From the root of the tree, with `/`.
  std::vector<std::string> lines;

  /// C++ only: the same lines with comments removed and literals emptied, columns not kept.
  std::vector<std::string> code;

  bool is_cpp() const;
  bool is_header() const;
  bool is_cmake() const;
  /// A script: by its first line, or by its name.
  bool is_script() const;
  bool is_under(std::string_view folder) const;
  bool ends_with(std::string_view ending) const;
  std::string folder() const;    ///< Without a trailing `/`; empty at the root.
  std::string file_name() const; ///< The part after the last `/`.
};

struct tree {
  std::filesystem::path root;
  std::vector<source> files; ///< Text files, by path.

  /// Null when there is no such file.
  const source* find(std::string_view path) const;
};

/// One broken rule. A line of 0 means the file as a whole.
struct violation {
  std::string file;
  std::size_t line = 0;
  std::string rule;
  std::string what;
};

/// Reads every text file but those of `build/` and of hidden folders (`.ci` is read).
tree read_tree(const std::filesystem::path& root);

/// Removes comments and empties string and character literals, line by line.
std::vector<std::string> without_comments_and_literals(const std::vector<std::string>& lines);

} // namespace house
