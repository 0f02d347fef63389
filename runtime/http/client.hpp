// SPDX-License-Identifier: Apache-2.0
// The other side of the server: requests over a Unix socket, one after the other, with a limit on
// every wait. It knows no TLS and no names, so it needs none of the libraries that do: what links
// them starts later, and every command of a person would.
#pragma once

#include "messages/fault.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::http {

struct client_settings {
  std::filesystem::path socket; ///< Absolute.
  std::chrono::milliseconds connect_deadline{2000};
  std::chrono::milliseconds deadline{30000}; ///< For one request and its answer.
  std::size_t body_bytes_max = 256U << 20U;  ///< A longer answer is `invalid`.
};

/// What goes out. Everything in it is taken as it stands.
struct outgoing {
  std::string_view method; ///< In capitals.
  std::string_view target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view body;
};

struct incoming {
  unsigned status = 0;
  std::string body;
  std::map<std::string, std::string, std::less<>> headers; ///< Names in small letters.

  /// What the server asked for with `Retry-After`.
  std::optional<std::chrono::seconds> retry_after() const;
};

/// Keeps one connection while the server does. Not safe from two threads at a time.
class client {
public:
  explicit client(client_settings chosen) : chosen_{std::move(chosen)} {}
  ~client() { hang_up(); }
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// The answer, whatever its status. Answers `unreachable` when nobody listens or the connection
  /// breaks, `denied` when the socket may not be opened, `timed_out` after the deadline, `invalid`
  /// when the answer is too long or is none. When a kept connection turns out to be closed before
  /// a byte of the answer, the request is sent once more over a new one.
  result<incoming> exchange(const outgoing& asked);

  /// A request whose answer goes on: `take` gets the body of a chunked answer as it comes, and an
  /// empty text a few times a second so that it can look around; it ends when that answers false. A
  /// silence of `silence_max` is `timed_out`. The body of an answer that is not chunked, such as a
  /// refusal, is in the answer. Uses a connection of its own.
  result<incoming> listen(const outgoing& asked, std::chrono::milliseconds silence_max,
                          const std::function<bool(std::string_view)>& take);

  const client_settings& settings() const { return chosen_; }

private:
  class conversation;

  result<void> connect();
  void hang_up();
  bool is_stale() const;

  const client_settings chosen_;
  int descriptor_ = -1;
};

} // namespace holdfast::http
