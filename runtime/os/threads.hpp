// SPDX-License-Identifier: Apache-2.0
// The threads the runtime makes beside those of its actors.
#pragma once

#include "runtime/os/guarded.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace holdfast::os {

/// A named thread with every signal blocked; joined when it is destroyed. Joined by itself, it goes
/// on alone to its end.
class named_thread {
public:
  named_thread() = default;
  named_thread(std::string name, std::function<void()> run);
  named_thread(named_thread&&) = default;
  named_thread& operator=(named_thread&& other) noexcept;
  ~named_thread();

  void join();

private:
  std::thread thread_;
};

/// A few threads that take jobs from one bounded queue. Jobs must not throw.
class worker_pool {
public:
  /// `waiting_max` jobs may wait beside those that run.
  worker_pool(const std::string& name, std::size_t threads, std::size_t waiting_max);

  /// Ends after the jobs that run; those that wait are dropped.
  ~worker_pool();

  /// Answers false when the queue is full; the job is then not taken.
  bool submit(std::function<void()> job);

  std::size_t waiting() const;

private:
  struct queue {
    std::deque<std::function<void()>> jobs;
    bool closed = false;
  };
  void run();

  std::size_t waiting_max_;
  guarded<queue> queue_;
  std::vector<named_thread> threads_;
};

} // namespace holdfast::os
