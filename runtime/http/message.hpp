// SPDX-License-Identifier: Apache-2.0
// One request and its answer, without the library that carries them.
#pragma once

#include "messages/fault.hpp"
#include "messages/value.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
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

struct request {
  std::string method; ///< In capitals.
  std::string path;   ///< As sent: not decoded, without the query.
  std::map<std::string, std::string, std::less<>> query;   ///< Decoded; the last of a name counts.
  std::map<std::string, std::string, std::less<>> headers; ///< Names in small letters.
  std::string body;
  peer from;

  std::string_view header(std::string_view name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view{} : std::string_view{found->second};
  }

  /// The media type without its parameters, in small letters.
  std::string media_type() const;
  bool accepts(std::string_view media_type) const;
};

struct response {
  unsigned status = 200;
  std::string body;
  std::string media_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Takes the answer of one request: exactly once, from any thread.
using answer = std::function<void(response)>;

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
