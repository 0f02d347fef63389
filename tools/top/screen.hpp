// SPDX-License-Identifier: Apache-2.0
// The terminal of `holdfast top`, through ncurses.
#pragma once

#include "messages/fault.hpp"
#include "tools/top/model.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace holdfast::tools::top {

/// Holds the terminal from `open` to its destructor, which gives it back as it was. One at a time.
class screen {
public:
  /// The faults of `check_terminal`; until it is opened nothing is written.
  static result<std::unique_ptr<screen>> open(bool colors);

  screen(const screen&) = delete;
  screen& operator=(const screen&) = delete;
  ~screen();

  /// The terminal shows Unicode.
  bool fine_signs() const { return fine_signs_; }
  screen_size size() const;
  void draw(const std::vector<drawn_line>& lines);

  /// Waits for a key; none: the time is over, a signal came, or the size of the screen changed.
  std::optional<key> read(std::chrono::milliseconds wait);
  /// There will be no more keys: the terminal has gone.
  bool gone() const { return gone_; }

private:
  struct curses;
  screen(std::unique_ptr<curses> held, bool colors);
  std::optional<key> next_key();

  std::unique_ptr<curses> held_;
  bool colors_ = false;
  bool fine_signs_ = false;
  bool gone_ = false;
};

} // namespace holdfast::tools::top
