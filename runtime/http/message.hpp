// SPDX-License-Identifier: Apache-2.0
// One request and its answer, without the library that carries them.
#pragma once

#include "messages/fault.hpp"
#include "messages/value.hpp"
#include "runtime/http/trace.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::http {

/// Who is at the other end of a Unix socket, as the kernel says.
struct peer {
  std::uint32_t process = 0;
  std::uint32_t user = 0;
};

/// What a caller may do.
enum class role : std::uint8_t {
  reads,   ///< Routes that change nothing.
  operates ///< All of them.
};

/// Who asks: a process on the Unix socket, or the holder of a token on TCP.
struct caller {
  std::optional<peer> process; ///< On the Unix socket.
  std::string address;         ///< On TCP: the other end's address and port.
  std::string token;           ///< The name of the token that was shown, never the token.
  role may = role::operates;

  /// `uid 1000 pid 12`, or `token ci from 127.0.0.1:4711`; for the log and the audit.
  std::string print() const;
};

/// How a connection came in; the same for all of its requests.
struct arrival {
  std::optional<peer> process;    ///< On the Unix socket.
  std::string remote;             ///< On TCP: the other end, `127.0.0.1:4711`.
  bool loopback = true;           ///< It comes from this machine.
  std::vector<std::string> hosts; ///< What its listener is called, in small letters, with the port.
};

struct request {
  std::string method; ///< In capitals.
  std::string path;   ///< As sent: not decoded, without the query.
  std::map<std::string, std::string, std::less<>> query;   ///< Decoded; the last of a name counts.
  std::map<std::string, std::string, std::less<>> headers; ///< Names in small letters.
  std::string body;
  caller from;
  trace_context trace; ///< Empty where the caller sent none that can be used.

  std::string_view header(std::string_view name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view{} : std::string_view{found->second};
  }

  /// The media type without its parameters, in small letters.
  std::string media_type() const;
  bool accepts(std::string_view media_type) const;
};

/// A body that goes on after its header. The server asks for one piece at a time, and only when the
/// last one has left: a client that reads slowly costs the memory of one piece.
class piece_source {
public:
  virtual ~piece_source() = default;

  /// Calls `take` exactly once, from any thread: with the next piece, or with nothing when the body
  /// is over. Must not block.
  virtual void next(std::function<void(std::optional<std::string>)> take) = 0;

  /// Says that the body should end. `stopping`: the server stops; a `next` that is owed should be
  /// given one last piece soon, and `next` is asked on until it says that the body is over. Any
  /// other reason: the client is gone or was too slow; nothing is asked any more, and a `take` that
  /// is owed may be dropped. May be called after `stopping`. Any thread.
  virtual void end(std::string_view why) = 0;
};

struct response {
  unsigned status = 200;
  std::string body;
  std::string media_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<piece_source> stream; ///< If set, the body: sent in chunks, `body` is not.
  object audit; ///< What the audit record of the request says beside the rest; not sent.
  std::optional<fault> why{}; ///< Of a refusal of ours, as the body says it in JSON; not sent.
};

/// Takes the answer of one request: exactly once, from any thread.
using answer = std::function<void(response)>;

/// ASCII capitals as small letters; the rest stays.
std::string small_letters(std::string_view text);

/// Splits `/a/b%20c` into decoded parts; nothing when the encoding is broken.
std::optional<std::vector<std::string>> split_path(std::string_view path);

/// Decodes `a=1&b=%20`; nothing when the encoding is broken.
std::optional<std::map<std::string, std::string, std::less<>>> split_query(std::string_view query);

response ok(const value& body, unsigned status = 200);

/// The answer that a fault amounts to: 400, 404, 409, 429, 500, 503, 504 or 507, with
/// `{"error":{"code","what","help"}}`.
response refusal(const fault& problem);
response refusal(const fault& problem, unsigned status);

/// The same with `Retry-After`, in whole seconds and at least one.
response retry_later(const fault& problem, unsigned status, std::chrono::milliseconds hint);

} // namespace holdfast::http
