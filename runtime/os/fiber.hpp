// SPDX-License-Identifier: Apache-2.0
// A function that can stop in its middle and be taken up again: a stack of its own, no thread.
#pragma once

#include <functional>
#include <memory>

namespace holdfast::os {

/// For simulated worlds, in which a function must be seen hanging while everything else goes on in
/// the same thread.
///
/// What it runs must not let an exception out, and must not pause while one is being handled.
/// Destroyed while it pauses, it never goes on, and what is on its stack is not destroyed.
class fiber {
public:
  explicit fiber(std::function<void()> what);
  ~fiber();
  fiber(const fiber&) = delete;
  fiber& operator=(const fiber&) = delete;

  /// Runs it until it pauses or returns. Needs: it has not returned, and no fiber runs.
  void resume();

  bool has_returned() const;

  /// Back to whoever resumed the fiber that runs now. Needs: one runs.
  static void pause();

private:
  struct core;
  std::unique_ptr<core> core_;
};

} // namespace holdfast::os
