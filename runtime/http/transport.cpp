// SPDX-License-Identifier: Apache-2.0
// The two kinds of connection: a socket, and a socket within TLS.
#include "runtime/http/transport.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <utility>

namespace holdfast::http {

namespace {

namespace asio = boost::asio;
using problem_code = boost::system::error_code;
using tls_stream = asio::ssl::stream<stream_socket>;

stream_socket& lowest(stream_socket& stream) {
  return stream;
}

stream_socket& lowest(tls_stream& stream) {
  return stream.next_layer();
}

template <class Stream>
class transport_over : public transport {
public:
  template <class... Parts>
  explicit transport_over(Parts&&... parts) : stream_{std::forward<Parts>(parts)...} {}

  void read(std::span<char> into, done then) override {
    stream_.async_read_some(asio::buffer(into.data(), into.size()), std::move(then));
  }

  void write(std::array<std::string_view, 3> parts, done then) override {
    const std::array<asio::const_buffer, 3> all{asio::buffer(parts[0]), asio::buffer(parts[1]),
                                                asio::buffer(parts[2])};
    asio::async_write(stream_, all, std::move(then));
  }

  void read_rest(std::span<char> into, done then) override {
    lowest(stream_).async_read_some(asio::buffer(into.data(), into.size()), std::move(then));
  }

  void close() override {
    problem_code ignored; // the other end may be gone already
    lowest(stream_).shutdown(stream_socket::shutdown_both, ignored);
    lowest(stream_).close(ignored);
  }

protected:
  Stream stream_;
};

class plain final : public transport_over<stream_socket> {
public:
  using transport_over::transport_over;

  void greet(done then) override {
    asio::post(stream_.get_executor(), [then = std::move(then)] { then({}, 0); });
  }

  void part(done then) override {
    problem_code ignored; // it may be gone already; reading the rest will tell
    stream_.shutdown(stream_socket::shutdown_send, ignored);
    asio::post(stream_.get_executor(), [then = std::move(then)] { then({}, 0); });
  }
};

class encrypted final : public transport_over<tls_stream> {
public:
  using transport_over::transport_over;

  void greet(done then) override {
    stream_.async_handshake(tls_stream::server,
                            [then = std::move(then)](problem_code problem) { then(problem, 0); });
  }

  /// A client that goes on sending makes this fail after our farewell has been written, which is
  /// enough.
  void part(done then) override {
    stream_.async_shutdown([this, then = std::move(then)](problem_code) {
      problem_code ignored;
      lowest(stream_).shutdown(stream_socket::shutdown_send, ignored);
      then({}, 0);
    });
  }
};

} // namespace

std::unique_ptr<transport> plain_transport(stream_socket socket) {
  return std::make_unique<plain>(std::move(socket));
}

std::unique_ptr<transport> encrypted_transport(stream_socket socket,
                                               boost::asio::ssl::context& context) {
  return std::make_unique<encrypted>(std::move(socket), context);
}

} // namespace holdfast::http
