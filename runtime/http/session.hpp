// SPDX-License-Identifier: Apache-2.0
// One connection: reads a request, has it answered, writes the answer, and again. For runtime/http
// only; everything happens on the server's thread.
#pragma once

#include "messages/ids.hpp"
#include "runtime/http/request_reader.hpp"
#include "runtime/http/server.hpp"
#include "runtime/http/transport.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace holdfast::http {

class session;

/// What the sessions share. Used on the server's thread only, but for the counts.
struct shared_state {
  server_settings chosen;
  server_owner owner;
  boost::asio::io_context io{1};
  std::set<std::shared_ptr<session>> sessions;
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> streams{0};
  std::uint64_t incidents = 0;
  bool stopping = false;
  std::function<void()> emptied; ///< Called while stopping, when the last session has gone.

  void tell_if_empty() {
    if (sessions.empty())
      if (const auto told = std::exchange(emptied, nullptr))
        told();
  }

  /// Reports what was thrown; answers what the client is told.
  response incident(const std::exception& thrown);
};

class session : public std::enable_shared_from_this<session> {
public:
  session(std::shared_ptr<shared_state> all, std::unique_ptr<transport> line, arrival came);

  void start();
  /// Answers 503 to whoever connects beyond the limit, without waiting for a request.
  void refuse_one_too_many();

  /// Closes now if nothing is being answered, else after the answer; asks a stream for its end.
  void wind_down();
  void close();
  /// Everything is said: only the client's farewell is awaited.
  bool has_answered() const { return phase_ == phase::leaving; }

private:
  enum class phase : std::uint8_t {
    greeting,  ///< The handshake of TLS.
    idle,      ///< Between two requests.
    header,    ///< A request is coming.
    body,      ///< Its body is.
    answering, ///< Somebody has been asked for the answer.
    writing,   ///< The answer is leaving.
    streaming, ///< It goes on: a piece is awaited, or is leaving.
    leaving    ///< All is said; what the client still sends is thrown away.
  };

  // Reading (session.cpp).
  void read_next();
  void read();
  void go_on(request_reader::state now);
  void on_head();
  void read_body();
  void invite();
  void handle();
  void refuse_broken();
  /// As the clients of that path read refusals.
  response phrased(response refused) const;
  void drop(rejection why);

  // The one deadline that counts (session.cpp).
  void expect_within(std::chrono::milliseconds within);
  void expect_nothing() { due_.reset(); }
  void arm();
  void on_deadline();

  // Answering (session_answer.cpp).
  /// Writes what must stay until then; `then` follows when all has left and nobody has closed.
  void send(std::array<std::string_view, 3> parts, std::function<void(session&)> then);
  void on_answer(std::uint64_t turn, response given);
  /// Answers without a handler, and closes: what is left of the request is not read.
  void finish_with(response given);
  void write(response given, bool keeps);
  void on_written(bool keeps);
  void take_leave();
  void throw_away();

  // An answer that goes on (session_answer.cpp).
  void begin_stream(response given);
  void watch_client();
  void ask_for_piece();
  void on_piece(std::optional<std::string> piece);
  void on_piece_written();
  void finish_stream();
  void tell_stream_to_stop();
  void end_stream(std::string_view why);

  std::shared_ptr<shared_state> all_;
  std::unique_ptr<transport> line_;
  arrival came_;
  request_reader reader_;
  boost::asio::steady_timer timer_;
  std::optional<instant> due_;   ///< When the phase has lasted too long.
  std::optional<instant> armed_; ///< When the timer goes off: at `due_`, or earlier to look again.
  std::string head_;             ///< What is being written ...
  std::string body_;             ///< ... and what comes after it.
  caller from_;                  ///< Of the request being answered, for the log ...
  std::string path_;             ///< ... and what it asks for ...
  std::string type_;             ///< ... with a body of this media type.
  std::shared_ptr<piece_source> source_;
  std::array<char, 64> heard_{}; ///< What the client says while it should only listen.
  std::size_t heard_bytes_ = 0;
  std::uint64_t turn_ = 0; ///< Counts answers, so that a late one is known.
  phase phase_ = phase::greeting;
  bool is_head_ = false; ///< HEAD: the answer has no body.
  bool chunked_ = false;
  bool first_ = true;
  bool keeps_ = false;
  bool closed_ = false;
  bool told_to_stop_ = false; ///< The source has been asked for its last piece.
};

} // namespace holdfast::http
