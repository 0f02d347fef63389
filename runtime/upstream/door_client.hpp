// SPDX-License-Identifier: Apache-2.0
// Speaks HTTP to a daemon's Unix socket, with a limit on every wait.
#pragma once

#include "messages/fault.hpp"
#include "messages/value.hpp"
#include "runtime/http/client.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::upstream {

using door_settings = http::client_settings;
using door_answer = http::incoming;
using door_headers = std::vector<std::pair<std::string, std::string>>;

/// Keeps one connection. Safe from any thread; requests of several threads go one after another.
class door_client {
public:
  explicit door_client(door_settings chosen);
  ~door_client();

  /// The answer, whatever its status; else the faults of `http::client`. After `timed_out` a POST's
  /// outcome is unknown.
  result<door_answer> get(const std::string& target, const door_headers& headers = {}) const;
  result<door_answer> post(const std::string& target, const std::string& body,
                           const std::string& media_type, const door_headers& headers = {}) const;
  result<door_answer> put(const std::string& target, const std::string& body,
                          const std::string& media_type, const door_headers& headers = {}) const;

  /// A GET whose body goes on: `take` gets it as it comes, and an empty text about once a second so
  /// that it can look around; it ends when that answers false. A silence of `silence_max` is
  /// `timed_out`. Has a connection of its own. The body of an answer of 400 or more is in the
  /// answer.
  result<door_answer> listen(const std::string& target, const door_headers& headers,
                             std::chrono::seconds silence_max,
                             const std::function<bool(std::string_view)>& take) const;

  /// The JSON of a good answer; an answer of 400 or more is the fault that it holds.
  result<value> get_value(const std::string& target) const;
  result<value> post_value(const std::string& target, const std::string& body,
                           const std::string& media_type = "application/json") const;

  const door_settings& settings() const;

private:
  struct core;
  std::unique_ptr<core> core_;
};

/// The JSON of an answer, or the fault that it holds.
result<value> value_of(const door_answer& told);

/// Encodes one part of a path or a query.
std::string percent(const std::string& text);

} // namespace holdfast::upstream
