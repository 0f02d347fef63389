// SPDX-License-Identifier: Apache-2.0
// The HTTP server on a Unix socket: one thread, every wait and every size with a limit.
#pragma once

#include "messages/fault.hpp"
#include "runtime/http/message.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::http {

/// What the server decides by itself. Deadlines count from their start to their end, so a client
/// that drips cannot stretch them.
struct server_settings {
  std::filesystem::path socket;
  std::uint64_t header_bytes_max = 16U << 10U;
  std::chrono::milliseconds header_deadline{5000};
  std::chrono::milliseconds request_deadline{30000};
  std::chrono::milliseconds idle_deadline{30000};
  std::size_t connections_max = 256;
  /// Whether that peer may speak. Called on the server's thread.
  std::function<bool(const peer&)> allows;
  /// Who is connected; for tests. Empty: the kernel says.
  std::function<result<peer>(int descriptor)> credentials;
};

/// Why a connection or request ended before the handler saw it; a label of a metric.
enum class rejection : std::uint8_t {
  connections, ///< Too many: 503.
  denied,      ///< That user may not: closed without a word.
  host,        ///< A Host or an Origin that is not ours: 403.
  header,      ///< Too large: 431, or broken: 400.
  body,        ///< Too large: 413.
  deadline     ///< Too slow: closed, or 504 when the handler was.
};

constexpr std::string_view to_string(rejection why) {
  constexpr std::string_view names[] = {"connections", "denied", "host",
                                        "header",      "body",   "deadline"};
  return names[static_cast<std::size_t>(why)];
}

/// What the server asks of its owner. Called on the server's thread; must not block or throw.
struct server_owner {
  /// The largest body this request may have; its body is not there yet.
  std::function<std::uint64_t(const request&)> body_max;
  /// Answers the request now or later. May throw: the client then gets a 500 without the text.
  std::function<void(request, answer)> handle;
  std::function<void(rejection)> rejected;
  /// An exception's text and the id that the client was given.
  std::function<void(const std::string& id, const std::string& what)> failed;
};

class server {
public:
  /// Answers the faults of `listening_socket::open`.
  static result<std::unique_ptr<server>> open(server_settings chosen, server_owner owner);

  virtual ~server() = default;

  /// Takes no more connections, lets the requests that are being answered end, and closes. After
  /// `within` the rest is cut off. Answers how many were. Safe to call again.
  virtual std::size_t stop(std::chrono::milliseconds within) = 0;

  virtual std::size_t connections() const = 0;
};

} // namespace holdfast::http
