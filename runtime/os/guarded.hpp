// SPDX-License-Identifier: Apache-2.0
// A value that threads share: reachable only while its mutex is held.
#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

namespace holdfast::os {

template <class T>
class guarded {
public:
  guarded() = default;
  explicit guarded(T first) : held_{std::move(first)} {}

  /// Calls `use(value)` alone and answers what it answers. `use` must not call back into the same
  /// value, and must not block.
  template <class Use>
  decltype(auto) with(Use use) {
    const std::lock_guard alone{mutex_};
    return use(held_);
  }
  template <class Use>
  decltype(auto) with(Use use) const {
    const std::lock_guard alone{mutex_};
    return use(held_);
  }

  /// The same, and wakes whoever waits in `wait_until`.
  template <class Use>
  void change(Use use) {
    {
      const std::lock_guard alone{mutex_};
      use(held_);
    }
    changed_.notify_all();
  }

  /// Waits until `ready(value)`, at most until `deadline`; answers whether it is.
  template <class Ready, class Time>
  bool wait_until(Time deadline, Ready ready) const {
    std::unique_lock alone{mutex_};
    return changed_.wait_until(alone, deadline, [&] { return ready(held_); });
  }
  template <class Ready>
  void wait(Ready ready) const {
    std::unique_lock alone{mutex_};
    changed_.wait(alone, [&] { return ready(held_); });
  }

private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  T held_{};
};

} // namespace holdfast::os
