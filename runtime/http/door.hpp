// SPDX-License-Identifier: Apache-2.0
// The daemon's door: the HTTP API under /v1/ on its Unix socket.
#pragma once

#include "runtime/http/served.hpp"
#include "runtime/http/server.hpp"
#include "runtime/options.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace holdfast::http {

/// What the door tells its owner; for metrics and the log. Any thread; must not block or throw.
struct door_observer {
  std::function<void(const std::string& route, unsigned status)> answered;
  std::function<void(rejection)> rejected;
  std::function<void(const std::string& id, const std::string& what)> failed;
  /// For tests, see `server_settings`.
  std::function<result<peer>(int descriptor)> credentials;
};

class door {
public:
  /// Opens the socket and serves; `behind` must outlive the door.
  static result<std::unique_ptr<door>> open(const door_choices& chosen, served& behind,
                                            door_observer observer);

  virtual ~door() = default;

  /// Answers what is being answered, and closes. Answers how many were cut off at the deadline.
  virtual std::size_t stop(std::chrono::milliseconds within) = 0;
  virtual std::size_t connections() const = 0;
};

} // namespace holdfast::http
