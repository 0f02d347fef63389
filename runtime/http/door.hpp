// SPDX-License-Identifier: Apache-2.0
// The daemon's door: the HTTP API under /v1/ on its Unix socket and TCP addresses.
#pragma once

#include "runtime/audit_trail.hpp"
#include "runtime/http/served.hpp"
#include "runtime/http/server.hpp"
#include "runtime/options.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::http {

/// What the door tells its owner; for metrics and the log. Any thread; must not block or throw.
struct door_observer {
  std::function<void(const std::string& route, unsigned status)> answered;
  std::function<void(rejection)> rejected;
  std::function<void(const std::string& id, const std::string& what)> failed;
  /// A follower was cut because it did not read.
  std::function<void(const caller& who, const std::string& path)> dropped;
  /// The token file changed, or became unusable.
  std::function<void(const result<void>&)> tokens;
  /// For tests, see `server_settings`.
  std::function<result<peer>(int descriptor)> credentials;
  /// A request that changes something was answered.
  std::function<void(wide_event)> changed;
};

class door {
public:
  /// Opens the socket and the addresses, and serves; `behind` must outlive the door.
  static result<std::unique_ptr<door>> open(const door_choices& chosen, served& behind,
                                            door_observer observer);

  virtual ~door() = default;

  /// Answers what is being answered, and closes. Answers how many were cut off at the deadline.
  virtual std::size_t stop(std::chrono::milliseconds within) = 0;
  virtual std::size_t connections() const = 0;
  virtual std::size_t streams() const = 0;

  /// The TCP addresses as bound: where the configuration says port 0, with the one the kernel
  /// chose.
  virtual const std::vector<std::string>& addresses() const = 0;
};

} // namespace holdfast::http
