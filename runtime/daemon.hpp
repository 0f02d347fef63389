// SPDX-License-Identifier: Apache-2.0
// The daemon: one runtime, its door, and an end that comes by signal.
#pragma once

#include "messages/fault.hpp"
#include "runtime/http/message.hpp"
#include "runtime/options.hpp"

#include <functional>
#include <string>

namespace holdfast {

/// How the daemon is connected to whoever started it.
struct daemon_outlets {
  std::function<void(const std::string&)> say; ///< One line for people; any thread.
  /// Called with a function that stops the daemon, once it serves; any thread may call that.
  std::function<void(std::function<void()> stop)> serving;
  bool signals = true; ///< SIGTERM and SIGINT stop it, a second one forces it.
  /// For tests: who is connected.
  std::function<result<http::peer>(int descriptor)> credentials;
};

/// Runs until it is stopped. Prints the absolute paths and what the start found before it serves.
///
/// Answers nothing after a graceful stop; the fault of the start (`conflict`: another holds the
/// store or the socket; `corrupt`: acknowledged records cannot be served; `invalid` ...); or why
/// the store failed while it ran (`failed`, `corrupt`). When somebody would not leave within the
/// deadline it says who and ends the process with exit code 1; a second signal ends it with 130.
result<void> run_daemon(options chosen, const daemon_outlets& to);

} // namespace holdfast
