// SPDX-License-Identifier: Apache-2.0
// What the parsers of the three formats have in common. For intake*.cpp only.
#pragma once

#include "runtime/intake.hpp"

#include <string>
#include <utility>

namespace holdfast::intake {

struct reader::parser {
  parser(defaults given, const limits& chosen) : otherwise{std::move(given)}, allowed{chosen} {}
  virtual ~parser() = default;
  virtual void feed(std::string_view chunk, const taker& take) = 0;
  virtual void finish(const taker& take) = 0;

  defaults otherwise;
  limits allowed;
};

/// Cuts bytes into lines without their ends. Holds one line of at most `bytes_max` bytes; of a
/// longer one only its length.
class line_cutter {
public:
  explicit line_cutter(std::size_t bytes_max) : bytes_max_{bytes_max} {}

  /// Calls `take(line, text)` or, for a line that is too long, `too_long(line, length)`.
  template <class Take, class TooLong>
  void feed(std::string_view chunk, Take take, TooLong too_long) {
    while (!chunk.empty()) {
      const auto end = chunk.find('\n');
      const auto part = chunk.substr(0, end);
      if (end == chunk.npos) {
        hold(part);
        return;
      }
      chunk.remove_prefix(end + 1);
      ++line_;
      if (length_ + part.size() > bytes_max_)
        too_long(line_, length_ + part.size());
      else if (length_ == 0)
        take(line_, without_return(part));
      else {
        held_ += part;
        take(line_, without_return(held_));
      }
      held_.clear();
      length_ = 0;
    }
  }

  template <class Take, class TooLong>
  void finish(Take take, TooLong too_long) {
    if (length_ > 0)
      feed("\n", take, too_long);
  }

private:
  static std::string_view without_return(std::string_view line) {
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
  }

  void hold(std::string_view part) {
    length_ += part.size();
    if (length_ <= bytes_max_)
      held_ += part;
    else
      std::string{}.swap(held_);
  }

  std::size_t bytes_max_;
  std::string held_;
  std::size_t length_ = 0;
  std::uint64_t line_ = 0;
};

/// The fault of an item, which begins with its place.
item refused(std::uint64_t line, std::string what);
std::string too_long(std::size_t length, std::size_t bytes_max);

std::unique_ptr<reader::parser> make_csv(defaults otherwise, const limits& allowed);

} // namespace holdfast::intake
