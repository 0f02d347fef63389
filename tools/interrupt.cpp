// SPDX-License-Identifier: Apache-2.0
// Signal handlers do nothing but set a flag, write a literal or end the process.
#include "tools/interrupt.hpp"

#include "tools/exit_code.hpp"

#include <csignal>
#include <cstring>
#include <sys/time.h>
#include <unistd.h>

namespace holdfast::tools {
namespace {

volatile std::sig_atomic_t asked = 0;
const char* announcement = "";

void say(const char* text) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, std::strlen(text));
}

void on_interrupt(int) {
  if (asked != 0)
    ::_exit(static_cast<int>(exit_code::interrupted));
  asked = 1;
  say(announcement);
}

void on_noted(int) {
  asked = 1;
}

void on_alarm(int) {
  say("holdfast: not done within the time given by --timeout. Give it more, or ask for less.\n");
  ::_exit(static_cast<int>(exit_code::timed_out));
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr); // without SA_RESTART: a blocking read must return
}

} // namespace

void ask_before_interrupt(const char* message) {
  announcement = message;
  handle(SIGINT, on_interrupt);
  handle(SIGTERM, on_interrupt);
}

void note_interrupts() {
  handle(SIGINT, on_noted);
  handle(SIGTERM, on_noted);
  handle(SIGHUP, on_noted);
}

bool interrupted() {
  return asked != 0;
}

void end_after(std::chrono::milliseconds time) {
  handle(SIGALRM, on_alarm);
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
  itimerval timer{};
  timer.it_value.tv_sec = static_cast<time_t>(us / 1'000'000);
  timer.it_value.tv_usec = static_cast<suseconds_t>(us % 1'000'000);
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

} // namespace holdfast::tools
