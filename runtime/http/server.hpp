// SPDX-License-Identifier: Apache-2.0
// The HTTP server: one thread, a Unix socket and any TCP addresses, every wait and every size with
// a limit.
#pragma once

#include "messages/fault.hpp"
#include "runtime/http/message.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::http {

/// What the server decides by itself. Deadlines count from their start to their end, so a client
/// that drips cannot stretch them.
struct server_settings {
  std::filesystem::path socket;
  std::vector<std::string> tcp; ///< `ADDR:PORT`; port 0: the kernel chooses.
  /// With it, TCP is TLS. Both or none.
  std::filesystem::path tls_certificate;
  std::filesystem::path tls_key;
  std::uint64_t header_bytes_max = 16U << 10U;
  std::chrono::milliseconds header_deadline{5000};
  std::chrono::milliseconds request_deadline{30000};
  std::chrono::milliseconds idle_deadline{30000};
  std::size_t connections_max = 256;
  std::size_t streams_max = 64;                  ///< Answers with a `stream` at a time; 503 beyond.
  std::chrono::milliseconds stream_stall{30000}; ///< For each piece of a stream to leave.
  /// Whether that process may speak on the Unix socket. Called on the server's thread.
  std::function<bool(const peer&)> allows;
  /// Who is connected to the Unix socket; for tests. Empty: the kernel says.
  std::function<result<peer>(int descriptor)> credentials;
};

/// Why a connection or request ended before the handler saw it, or its answer before it was whole;
/// a label of a metric.
enum class rejection : std::uint8_t {
  connections,  ///< Too many: 503.
  denied,       ///< That user may not: closed without a word.
  host,         ///< A Host or an Origin that is not ours, or too small a role: 403.
  token,        ///< None, or none that is good: 401.
  header,       ///< Too large: 431, or broken: 400.
  body,         ///< Too large: 413, or broken: 400.
  deadline,     ///< Too slow: closed, or 504 when the handler was.
  handshake,    ///< No TLS, or none that is allowed: closed.
  streams,      ///< Too many: 503.
  slow_follower ///< Did not take the next piece of a stream in time: closed.
};

constexpr std::string_view to_string(rejection why) {
  constexpr std::string_view names[] = {"connections", "denied",       "host",     "token",
                                        "header",      "body",         "deadline", "handshake",
                                        "streams",     "slow_follower"};
  return names[static_cast<std::size_t>(why)];
}

/// What the server asks of its owner. Called on the server's thread; must not block. What one of
/// the first three throws becomes a 500 without the text.
struct server_owner {
  /// Judges who asks, before the body is read; may complete `request::from`. An answer refuses.
  std::function<std::optional<response>(request& head, const arrival& came)> admit;
  /// The largest body this request may have; its body is not there yet.
  std::function<std::uint64_t(const request&)> body_max;
  /// Puts a refusal that the server makes by itself, once it has a header, into the words that
  /// clients of that path read. May be empty.
  std::function<response(std::string_view path, std::string_view media_type, response)> phrase;
  /// Answers the request now or later.
  std::function<void(request, answer)> handle;
  std::function<void(rejection)> rejected;
  /// An exception's text and the id that the client was given.
  std::function<void(const std::string& id, const std::string& what)> failed;
  /// A stream was cut because its client did not read.
  std::function<void(const caller& who, const std::string& path)> dropped;
};

class server {
public:
  /// Answers the faults of `listening_socket::open`, `listening_tcp::open` and `load_tls`.
  static result<std::unique_ptr<server>> open(server_settings chosen, server_owner owner);

  virtual ~server() = default;

  /// Takes no more connections, lets the requests that are being answered end, asks streams for
  /// their last piece, and closes. After `within` the rest is cut off. Answers how many were. Safe
  /// to call again.
  virtual std::size_t stop(std::chrono::milliseconds within) = 0;

  virtual std::size_t connections() const = 0;
  virtual std::size_t streams() const = 0;

  /// The TCP addresses as bound, in the order of `server_settings::tcp`.
  virtual const std::vector<std::string>& addresses() const = 0;
};

} // namespace holdfast::http
