// SPDX-License-Identifier: Apache-2.0
// Boost.Beast and Asio, in this file alone.
#include "runtime/http/server.hpp"

#include "runtime/http/socket.hpp"
#include "runtime/os/threads.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <atomic>
#include <exception>
#include <future>
#include <optional>
#include <set>
#include <utility>

namespace holdfast::http {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using unix_socket = asio::local::stream_protocol;
using problem_code = beast::error_code;
using std::chrono::milliseconds;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

class session;

/// What the sessions share. Used on the server's thread only, but for `count`.
struct shared_state {
  server_settings chosen;
  server_owner owner;
  asio::io_context io{1};
  std::set<std::shared_ptr<session>> sessions;
  std::atomic<std::size_t> count{0};
  std::uint64_t incidents = 0;
  bool stopping = false;
};

/// One connection: reads a request, has it answered, writes the answer, and again.
class session : public std::enable_shared_from_this<session> {
public:
  session(std::shared_ptr<shared_state> all, unix_socket::socket socket, peer from)
      : all_{std::move(all)}, stream_{std::move(socket)}, slow_{all_->io}, from_{from} {}

  void start(bool one_too_many) {
    all_->sessions.insert(shared_from_this());
    ++all_->count;
    if (!one_too_many)
      return read_header();
    all_->owner.rejected(rejection::connections);
    finish_with(retry_later(
        {fault_code::busy, "too many connections", "the limit is the key door.connections_max"},
        503, milliseconds{1000}));
  }

  /// Closes now if nothing is being answered.
  void close_if_idle() {
    if (!busy_)
      close();
    closing_ = true;
  }

  void close() {
    if (!all_->sessions.erase(shared_from_this()))
      return;
    --all_->count;
    slow_.cancel();
    problem_code ignored; // the other end may be gone already
    stream_.socket().shutdown(unix_socket::socket::shutdown_both, ignored);
    stream_.close();
  }

private:
  void read_header() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(all_->chosen.header_bytes_max));
    parser_->body_limit(UINT64_MAX); // the real one is known when the header is
    busy_ = false;
    if (!first_ && buffer_.size() == 0)
      return await_next();
    first_ = false;
    stream_.expires_after(all_->chosen.header_deadline);
    wire::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](problem_code problem, std::size_t) {
                              self->on_header(problem);
                            });
  }

  /// The idle deadline ends with the first byte of the next request; the header's begins.
  void await_next() {
    stream_.expires_after(all_->chosen.idle_deadline);
    stream_.async_read_some(buffer_.prepare(4096),
                            [self = shared_from_this()](problem_code problem, std::size_t read) {
                              if (problem)
                                return self->close();
                              self->buffer_.commit(read);
                              self->read_header();
                            });
  }

  void on_header(problem_code problem) {
    if (problem == wire::error::header_limit)
      return reject(rejection::header, 431, "the header is larger than the key door.header_max");
    if (problem == beast::error::timeout)
      return drop(rejection::deadline);
    if (problem == wire::error::end_of_stream || problem == asio::error::eof
        || problem == asio::error::operation_aborted || problem == asio::error::connection_reset)
      return close();
    if (problem)
      return reject(rejection::header, 400, "not HTTP: " + problem.message());
    busy_ = true;
    if (const auto wrong = take_header(); !wrong.empty())
      return reject(rejection::header, 400, wrong);
    if (!is_for_us())
      return reject(rejection::host, 403, "this Host or Origin is not served here");
    await_answer();
    read_body();
  }

  std::string take_header() {
    const auto& head = parser_->get();
    asked_ = {};
    asked_.from.process = from_;
    asked_.method = view(head.method_string());
    const auto target = view(head.target());
    const auto mark = std::min(target.find('?'), target.size());
    asked_.path = target.substr(0, mark);
    auto query = split_query(target.substr(std::min(mark + 1, target.size())));
    if (!query)
      return "the query's percent encoding is broken";
    asked_.query = std::move(*query);
    for (const auto& field : head)
      asked_.headers.insert_or_assign(small_letters(view(field.name_string())),
                                      std::string{view(field.value())});
    asked_.trace = parse_traceparent(asked_.header("traceparent"));
    return "";
  }

  /// A page in a browser must not reach us through a name it chose itself.
  bool is_for_us() const {
    const auto host = asked_.header("host");
    return (host.empty() || host == "localhost" || host == "holdfast")
           && asked_.header("origin").empty();
  }

  void read_body() {
    const auto most = all_->owner.body_max(asked_);
    const auto length = parser_->content_length();
    if (length && *length > most)
      return too_large(most);
    parser_->body_limit(most);
    if (asked_.header("expect") == "100-continue" && !parser_->is_done())
      return invite();
    stream_.expires_after(all_->chosen.request_deadline);
    reading_ = true;
    wire::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this(), most](problem_code problem, std::size_t) {
                       self->on_body(problem, most);
                     });
  }

  /// The client waits for a word before it sends the body.
  void invite() {
    asked_.headers.erase("expect");
    auto told = std::make_shared<wire::response<wire::empty_body>>(wire::status::continue_, 11);
    stream_.expires_after(all_->chosen.request_deadline);
    inviting_ = true;
    wire::async_write(stream_, *told,
                      [self = shared_from_this(), told](problem_code problem, std::size_t) {
                        self->inviting_ = false;
                        if (problem)
                          return self->close();
                        self->read_body();
                      });
  }

  void on_body(problem_code problem, std::uint64_t most) {
    reading_ = false;
    if (answered_)
      return; // the deadline spoke first
    if (problem == wire::error::body_limit)
      return too_large(most);
    if (problem == beast::error::timeout)
      return drop(rejection::deadline);
    if (problem)
      return close();
    stream_.expires_never();
    asked_.body = std::move(parser_->get().body());
    keep_ = parser_->get().keep_alive();
    handle();
  }

  void handle() {
    const auto turn = turn_;
    const std::weak_ptr<session> me = shared_from_this();
    const std::weak_ptr<shared_state> all = all_;
    // The answer may come from any thread, twice by mistake, or when everything is over.
    answer take = [me, all, turn](response given) {
      if (const auto alive = all.lock())
        asio::post(alive->io, [me, turn, given = std::move(given)]() mutable {
          if (const auto self = me.lock())
            self->on_answer(turn, std::move(given));
        });
    };
    try {
      all_->owner.handle(std::move(asked_), std::move(take));
    } catch (const std::exception& thrown) {
      const auto id = "incident-" + std::to_string(++all_->incidents);
      all_->owner.failed(id, thrown.what());
      on_answer(turn, refusal({fault_code::failed, "an internal error, " + id,
                               "the log has its cause under this id"},
                              500));
    }
  }

  /// From the header on there is one deadline for body and answer together.
  void await_answer() {
    answered_ = false;
    slow_.expires_after(all_->chosen.request_deadline);
    slow_.async_wait([self = shared_from_this(), turn = turn_](problem_code problem) {
      if (problem || turn != self->turn_ || self->answered_)
        return;
      self->all_->owner.rejected(rejection::deadline);
      self->keep_ = false;
      self->on_answer(turn, refusal({fault_code::timed_out, "no answer within the deadline",
                                     "the outcome is unknown; sending it again is safe"}));
    });
  }

  void on_answer(std::uint64_t turn, response given) {
    if (turn != turn_ || answered_)
      return;
    answered_ = true;
    ++turn_;
    slow_.cancel();
    write(std::move(given), keep_ && !closing_);
  }

  void write(response given, bool keep) {
    if (inviting_)
      return close(); // it does not even read a hundred bytes
    auto told = std::make_shared<wire::response<wire::string_body>>();
    told->version(11);
    told->result(given.status);
    told->set(wire::field::server, "holdfast");
    told->set(wire::field::content_type, given.media_type);
    told->set(wire::field::cache_control, "no-store");
    for (const auto& [name, text] : given.headers)
      told->set(name, text);
    told->keep_alive(keep);
    const auto size = given.body.size();
    if (parser_ && parser_->is_header_done() && parser_->get().method() == wire::verb::head)
      given.body.clear();
    told->body() = std::move(given.body);
    told->content_length(size);
    stream_.expires_after(all_->chosen.request_deadline);
    wire::async_write(stream_, *told,
                      [self = shared_from_this(), told, keep](problem_code problem, std::size_t) {
                        if (problem)
                          return self->close();
                        if (keep)
                          return self->read_header();
                        self->take_leave();
                      });
  }

  /// A client that is still sending would lose the answer if its connection were just cut, so what
  /// comes is read and thrown away for a while.
  void take_leave() {
    if (reading_)
      return close(); // the body that did not come in time is still awaited
    busy_ = false;
    problem_code ignored; // it may be gone already
    stream_.socket().shutdown(unix_socket::socket::shutdown_send, ignored);
    stream_.expires_after(std::min(all_->chosen.header_deadline, milliseconds{2000}));
    throw_away();
  }

  void throw_away() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(65536),
                            [self = shared_from_this()](problem_code problem, std::size_t) {
                              if (problem)
                                return self->close();
                              self->throw_away();
                            });
  }

  void too_large(std::uint64_t most) {
    reject(rejection::body, 413, "the body is larger than " + std::to_string(most) + " bytes");
  }

  void reject(rejection why, unsigned status, std::string what) {
    all_->owner.rejected(why);
    const auto code = why == rejection::host ? fault_code::denied : fault_code::invalid;
    finish_with(refusal({code, std::move(what), ""}, status));
  }

  void drop(rejection why) {
    all_->owner.rejected(why);
    close();
  }

  /// Answers without a handler, and closes: what is left of the request is not read.
  void finish_with(response given) {
    busy_ = true;
    answered_ = true;
    ++turn_;
    slow_.cancel();
    write(std::move(given), false);
  }

  std::shared_ptr<shared_state> all_;
  beast::basic_stream<unix_socket> stream_;
  asio::steady_timer slow_;
  peer from_;
  beast::flat_buffer buffer_;
  std::optional<wire::request_parser<wire::string_body>> parser_;
  request asked_;
  std::uint64_t turn_ = 0; ///< Counts requests, so that a late answer is known.
  bool first_ = true;
  bool busy_ = false;
  bool answered_ = false;
  bool keep_ = false;
  bool closing_ = false;
  bool reading_ = false;  ///< A body is awaited.
  bool inviting_ = false; ///< A `100 Continue` is on its way.
};

class unix_server final : public server {
public:
  unix_server(server_settings chosen, server_owner owner, listening_socket socket)
      : all_{std::make_shared<shared_state>()}, socket_{std::move(socket)}, acceptor_{all_->io},
        pause_{all_->io} {
    all_->chosen = std::move(chosen);
    all_->owner = std::move(owner);
    acceptor_.assign(unix_socket{}, socket_.release());
    accept();
    thread_ = os::named_thread{"http", [all = all_] { all->io.run(); }};
  }

  ~unix_server() override { stop(milliseconds{0}); }

  std::size_t stop(milliseconds within) override {
    if (std::exchange(stopped_, true))
      return 0;
    std::promise<std::size_t> done;
    auto left = done.get_future();
    asio::post(all_->io, [this, within, &done] { wind_down(within, done); });
    const auto cut = left.get();
    thread_.join(); // the loop ends by itself: nothing is left to wait for
    return cut;
  }

  std::size_t connections() const override { return all_->count; }

private:
  void accept() {
    acceptor_.async_accept([this](problem_code problem, unix_socket::socket made) {
      if (all_->stopping)
        return;
      if (problem)
        return accept_later();
      admit(std::move(made));
      accept();
    });
  }

  /// Out of descriptors: at once again would only burn the processor.
  void accept_later() {
    pause_.expires_after(milliseconds{100});
    pause_.async_wait([this](problem_code problem) {
      if (!problem && !all_->stopping)
        accept();
    });
  }

  void admit(unix_socket::socket made) {
    const auto from = all_->chosen.credentials ? all_->chosen.credentials(made.native_handle())
                                               : peer_of(made.native_handle());
    if (!from || !all_->chosen.allows(*from)) {
      all_->owner.rejected(rejection::denied);
      return;
    }
    const bool one_too_many = all_->sessions.size() >= all_->chosen.connections_max;
    // Those who are told so need a little room, too; beyond it they are just closed.
    if (one_too_many && all_->sessions.size() >= all_->chosen.connections_max + 16) {
      all_->owner.rejected(rejection::connections);
      return;
    }
    std::make_shared<session>(all_, std::move(made), *from)->start(one_too_many);
  }

  void wind_down(milliseconds within, std::promise<std::size_t>& done) {
    all_->stopping = true;
    problem_code ignored; // it is going away
    acceptor_.close(ignored);
    pause_.cancel();
    for (const auto& one : std::set{all_->sessions})
      one->close_if_idle();
    look(std::chrono::duration_cast<milliseconds>(within) / look_every, done);
  }

  /// Looks again until all sessions are gone or the looks are used up.
  void look(std::int64_t looks, std::promise<std::size_t>& done) {
    if (all_->sessions.empty() || looks <= 0) {
      const auto cut = all_->sessions.size();
      for (const auto& one : std::set{all_->sessions})
        one->close();
      alive_.reset();
      return done.set_value(cut);
    }
    pause_.expires_after(look_every);
    pause_.async_wait([this, looks, &done](problem_code) { look(looks - 1, done); });
  }

  static constexpr milliseconds look_every{5};

  std::shared_ptr<shared_state> all_;
  listening_socket socket_;
  unix_socket::acceptor acceptor_;
  asio::steady_timer pause_;
  asio::executor_work_guard<asio::io_context::executor_type> alive_{all_->io.get_executor()};
  bool stopped_ = false;
  os::named_thread thread_;
};

} // namespace

result<std::unique_ptr<server>> server::open(server_settings chosen, server_owner owner) {
  auto socket = listening_socket::open(chosen.socket, 128);
  if (!socket)
    return socket.error();
  try {
    return std::unique_ptr<server>{
        std::make_unique<unix_server>(std::move(chosen), std::move(owner), *std::move(socket))};
  } catch (const std::exception& thrown) {
    return fault{fault_code::failed, std::string{"cannot start the server: "} + thrown.what(), ""};
  }
}

} // namespace holdfast::http
