// SPDX-License-Identifier: Apache-2.0
// Signals read from a descriptor, so that what they cause is ordinary code.
#include "runtime/os/signals.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace holdfast::os {

namespace {

sigset_t stopping() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

} // namespace

stop_signals::stop_signals(std::function<void(int, int)> heard) {
  const auto set = stopping();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  end_ = eventfd(0, EFD_CLOEXEC);
  thread_ = named_thread{
      "signals", [this, heard = std::move(heard)] {
        int count = 0;
        for (;;) {
          std::array<pollfd, 2> watched{pollfd{signals_, POLLIN, 0}, pollfd{end_, POLLIN, 0}};
          if (poll(watched.data(), watched.size(), -1) < 0)
            continue;
          if (watched[1].revents != 0)
            return;
          signalfd_siginfo told{};
          if (read(signals_, &told, sizeof told) == sizeof told)
            heard(static_cast<int>(told.ssi_signo), ++count);
        }
      }};
}

stop_signals::~stop_signals() {
  const std::uint64_t one = 1;
  if (write(end_, &one, sizeof one) == sizeof one)
    thread_.join();
  close(signals_);
  close(end_);
  const auto set = stopping();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

} // namespace holdfast::os
