// SPDX-License-Identifier: Apache-2.0
// The bytes of one connection, plain or encrypted. For runtime/http only.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace boost::asio::ssl {
class context;
}

namespace holdfast::http {

/// A socket of any kind: Unix and TCP are one type here, so that what serves them is compiled once.
using stream_socket = boost::asio::generic::stream_protocol::socket;

/// One read and one write may be under way at a time. `then` is called later, never at once, also
/// after `close`. What is given must stay until then.
class transport {
public:
  using done = std::function<void(boost::system::error_code, std::size_t)>;

  virtual ~transport() = default;

  /// Does what comes before the first byte: the handshake of TLS.
  virtual void greet(done then) = 0;
  virtual void read(std::span<char> into, done then) = 0;
  /// Writes all of it.
  virtual void write(std::array<std::string_view, 3> parts, done then) = 0;
  /// Says that nothing more will be written.
  virtual void part(done then) = 0;
  /// Reads what still comes after `part`, as it is on the wire.
  virtual void read_rest(std::span<char> into, done then) = 0;
  virtual void close() = 0;
};

std::unique_ptr<transport> plain_transport(stream_socket socket);

/// `context` must outlive the transport.
std::unique_ptr<transport> encrypted_transport(stream_socket socket,
                                               boost::asio::ssl::context& context);

} // namespace holdfast::http
