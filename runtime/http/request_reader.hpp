// SPDX-License-Identifier: Apache-2.0
// Turns the bytes of a connection into requests. Knows no socket and no time.
#pragma once

#include "runtime/http/header_scan.hpp"
#include "runtime/http/message.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace holdfast::http {

/// Reads one request after the other from the bytes it is given. Strict where leniency would let
/// two readers disagree about where a request ends.
///
///   nothing --byte--> header --its end--> head --allow_body()--> body --its end--> whole
///   --next()--> any --bytes that break a rule--> broken
class request_reader {
public:
  enum class state : std::uint8_t {
    nothing, ///< No byte of the next request yet.
    header,  ///< Some of its header.
    head,    ///< Its header; `head()` is there, and how much body it may have must be said.
    body,    ///< Some of its body.
    whole,   ///< All of it: `take()`.
    broken   ///< `status()` and `what()` say why. No further request can be found.
  };

  explicit request_reader(header_scan::limits chosen);
  ~request_reader();

  /// Where the next bytes may be put. Valid until the next call.
  std::span<char> room();
  /// So many bytes were put there.
  state took(std::size_t bytes);

  state where() const { return state_; }

  /// Without a body; the names of its headers are in small letters. A field that came several times
  /// is one with commas.
  request& head() { return asked_; }
  bool has_body() const { return has_body_; }
  /// The client waits for a word before it sends the body.
  bool awaits_word() const { return awaits_word_; }
  /// The client wants the connection to stay.
  bool keeps() const { return keeps_; }
  /// The client speaks HTTP/1.0: it knows no chunks.
  bool is_old() const { return old_; }

  /// A longer body is broken with status 413.
  state allow_body(std::uint64_t bytes_max);

  request take();
  /// Goes on with what was sent ahead of the next request.
  state next();

  unsigned status() const { return status_; }
  const std::string& what() const { return what_; }

  /// Gives back all memory. Only `room` and `took` may follow, and nothing is read from them.
  void release();

private:
  struct parts;
  state look();
  state read_head(std::size_t size);
  state read_body();
  state refuse(unsigned status, std::string what);
  std::string take_fields();

  header_scan::limits limits_;
  std::unique_ptr<parts> parts_;
  request asked_;
  state state_ = state::nothing;
  std::uint64_t body_bytes_max_ = 0;
  unsigned status_ = 0;
  std::string what_;
  bool has_body_ = false;
  bool awaits_word_ = false;
  bool keeps_ = false;
  bool old_ = false;
};

} // namespace holdfast::http
