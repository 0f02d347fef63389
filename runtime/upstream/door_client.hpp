// SPDX-License-Identifier: Apache-2.0
// Speaks HTTP to a daemon's Unix socket, with a limit on every wait.
#pragma once

#include "messages/fault.hpp"
#include "messages/value.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::upstream {

struct door_settings {
  std::filesystem::path socket; ///< Absolute.
  std::chrono::milliseconds connect_deadline{2000};
  std::chrono::milliseconds deadline{30000}; ///< For one request and its answer.
  std::size_t body_bytes_max = 256U << 20U;  ///< A longer answer is `invalid`.
};

struct door_answer {
  unsigned status = 0;
  std::string body;
  std::map<std::string, std::string, std::less<>> headers; ///< Names in small letters.

  /// What the daemon asked for with `Retry-After`.
  std::optional<std::chrono::seconds> retry_after() const;
};

using door_headers = std::vector<std::pair<std::string, std::string>>;

/// Keeps one connection. Safe from any thread; requests of several threads go one after another.
class door_client {
public:
  explicit door_client(door_settings chosen);
  ~door_client();

  /// The answer, whatever its status. Answers `unreachable` when nobody listens, `denied` when the
  /// socket may not be opened, `timed_out` after the deadline (then a POST's outcome is unknown).
  result<door_answer> get(const std::string& target, const door_headers& headers = {}) const;
  result<door_answer> post(const std::string& target, const std::string& body,
                           const std::string& media_type, const door_headers& headers = {}) const;

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
