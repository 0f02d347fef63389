// SPDX-License-Identifier: Apache-2.0
// Who may connect, and how many.
#include "runtime/http/listener.hpp"

#include "runtime/http/socket.hpp"
#include "runtime/http/tcp_socket.hpp"

#include <sys/socket.h>

#include <utility>

namespace holdfast::http {

using boost::asio::generic::stream_protocol;
using problem_code = boost::system::error_code;

namespace {

/// Those who are told that they are too many need a little room, too; beyond it they are just
/// closed.
constexpr std::size_t told_max = 16;

int family_of(int descriptor) {
  int family = AF_UNIX;
  socklen_t size = sizeof family;
  getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &family, &size);
  return family;
}

} // namespace

listener::listener(std::shared_ptr<shared_state> all, int descriptor,
                   std::shared_ptr<boost::asio::ssl::context> tls)
    : all_{std::move(all)}, is_local_{family_of(descriptor) == AF_UNIX}, tls_{std::move(tls)},
      acceptor_{all_->io, stream_protocol{family_of(descriptor), 0}, descriptor}, pause_{all_->io} {
}

void listener::close() {
  problem_code ignored; // it is going away
  acceptor_.close(ignored);
  pause_.cancel();
}

void listener::accept() {
  acceptor_.async_accept([this](problem_code problem, stream_socket made) {
    if (all_->stopping)
      return;
    if (problem)
      return accept_later();
    admit(std::move(made));
    accept();
  });
}

/// Out of descriptors: at once again would only burn the processor.
void listener::accept_later() {
  pause_.expires_after(std::chrono::milliseconds{100});
  pause_.async_wait([this](problem_code problem) {
    if (!problem && !all_->stopping)
      accept();
  });
}

void listener::admit(stream_socket made) {
  auto came = arrival_of(made.native_handle());
  if (!came)
    return all_->owner.rejected(rejection::denied);
  const auto there = all_->sessions.size();
  const auto most = all_->chosen.connections_max;
  if (there >= most)
    all_->owner.rejected(rejection::connections);
  if (there >= most && (tls_ || there >= most + told_max))
    return;
  auto line = tls_ ? encrypted_transport(std::move(made), *tls_) : plain_transport(std::move(made));
  const auto one = std::make_shared<session>(all_, std::move(line), *std::move(came));
  if (there >= most)
    one->refuse_one_too_many();
  else
    one->start();
}

result<arrival> listener::arrival_of(int descriptor) const {
  arrival came;
  if (!is_local_) {
    send_without_delay(descriptor);
    const auto remote = remote_of(descriptor);
    const auto ours =
        local_of(descriptor); // a listener on all addresses is called by the one asked
    came.remote = remote.print();
    came.loopback = remote.is_loopback();
    came.hosts = {ours.print(), "localhost:" + std::to_string(ours.port)};
    return came;
  }
  const auto& told = all_->chosen.credentials;
  const auto who = told ? told(descriptor) : peer_of(descriptor);
  if (!who)
    return who.error();
  if (!all_->chosen.allows(*who))
    return fault{fault_code::denied, "that user may not", ""};
  came.process = *who;
  return came;
}

} // namespace holdfast::http
