// SPDX-License-Identifier: Apache-2.0
// Takes the connections of one listening socket and makes sessions of them. For runtime/http only.
#pragma once

#include "runtime/http/session.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>

namespace holdfast::http {

class listener {
public:
  /// Of a descriptor that listens. Where `tls` is not null, all is encrypted.
  listener(std::shared_ptr<shared_state> all, int descriptor,
           std::shared_ptr<boost::asio::ssl::context> tls);

  void start() { accept(); }
  void close();

private:
  void accept();
  void accept_later();
  void admit(stream_socket made);
  /// Who connects and how, unless they may not.
  result<arrival> arrival_of(int descriptor) const;

  std::shared_ptr<shared_state> all_;
  bool is_local_;
  std::shared_ptr<boost::asio::ssl::context> tls_;
  boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol> acceptor_;
  boost::asio::steady_timer pause_;
};

} // namespace holdfast::http
