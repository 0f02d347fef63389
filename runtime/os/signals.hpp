// SPDX-License-Identifier: Apache-2.0
// SIGTERM and SIGINT as calls on a thread of their own.
#pragma once

#include "runtime/os/threads.hpp"

#include <functional>

namespace holdfast::os {

/// While it lives, SIGTERM and SIGINT of the process end in `heard(signal, count)` instead of the
/// process; `count` is 1 for the first. Make it before any other thread, at most one at a time:
/// it blocks the signals for the calling thread and those that come from it. SIGPIPE is ignored.
class stop_signals {
public:
  explicit stop_signals(std::function<void(int signal, int count)> heard);
  stop_signals(const stop_signals&) = delete;
  stop_signals& operator=(const stop_signals&) = delete;
  ~stop_signals();

private:
  int signals_ = -1;
  int end_ = -1;
  named_thread thread_;
};

} // namespace holdfast::os
