// SPDX-License-Identifier: Apache-2.0
// A history as it stands in its file: commands, what came of each, and remarks.
#pragma once

#include "messages/fault.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::rehearsal {

/// A command; or a remark or an empty line, which have no words.
struct line {
  std::size_t number = 0;
  std::string text;
  std::vector<std::string> words{};  ///< "words in quotes" are one.
  std::vector<std::string> output{}; ///< What came of it, without the indentation.
};

struct script {
  std::string name; ///< Of its file, for messages.
  std::vector<line> lines;

  /// As it stands in a file: reading it again gives the same script.
  std::string text() const;
};

/// `NAME:LINE: what`, as every mistake in a history is told.
fault mistake(const std::string& name, std::size_t line, const std::string& what, std::string help);

/// Lines that begin with four spaces are the output of the command before them.
result<script> read_script(std::string name, std::string_view text);

/// What differs between two runs of the same commands, for people: each command whose output is
/// not the same, with `-` before what was expected and `+` before what came. Empty: nothing.
std::string differences(const script& expected, const script& came);

} // namespace holdfast::rehearsal
