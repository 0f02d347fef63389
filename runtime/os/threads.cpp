// SPDX-License-Identifier: Apache-2.0
// Threads with names, no signals, and a bounded queue in front of them.
#include "runtime/os/threads.hpp"

#include <csignal>
#include <pthread.h>

namespace holdfast::os {

named_thread::named_thread(std::string name, std::function<void()> run) {
  // A thread inherits the mask: signals belong to whoever waits for them, not to a worker.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread{std::move(run)};
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  name.resize(std::min<std::size_t>(name.size(), 15)); // the kernel's limit
  pthread_setname_np(thread_.native_handle(), name.c_str());
}

named_thread& named_thread::operator=(named_thread&& other) noexcept {
  join();
  thread_ = std::move(other.thread_);
  return *this;
}

named_thread::~named_thread() {
  join();
}

void named_thread::join() {
  if (!thread_.joinable())
    return;
  if (thread_.get_id() == std::this_thread::get_id())
    thread_.detach(); // it ends itself, by what it has just called
  else
    thread_.join();
}

worker_pool::worker_pool(const std::string& name, std::size_t threads, std::size_t waiting_max)
    : waiting_max_{waiting_max} {
  for (std::size_t i = 0; i < threads; ++i)
    threads_.emplace_back(name + "-" + std::to_string(i), [this] { run(); });
}

worker_pool::~worker_pool() {
  queue_.change([](queue& q) {
    q.closed = true;
    q.jobs.clear();
  });
}

bool worker_pool::submit(std::function<void()> job) {
  bool taken = false;
  queue_.change([&](queue& q) {
    if (q.closed || q.jobs.size() >= waiting_max_)
      return;
    q.jobs.push_back(std::move(job));
    taken = true;
  });
  return taken;
}

std::size_t worker_pool::waiting() const {
  return queue_.with([](const queue& q) { return q.jobs.size(); });
}

void worker_pool::run() {
  for (;;) {
    std::function<void()> job;
    queue_.wait([](const queue& q) { return q.closed || !q.jobs.empty(); });
    const bool closed = queue_.with([&](queue& q) {
      if (!q.jobs.empty()) {
        job = std::move(q.jobs.front());
        q.jobs.pop_front();
      }
      return q.closed;
    });
    if (job)
      job();
    else if (closed)
      return;
  }
}

} // namespace holdfast::os
