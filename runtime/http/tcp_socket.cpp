// SPDX-License-Identifier: Apache-2.0
// Binding TCP addresses.
#include "runtime/http/tcp_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

namespace holdfast::http {

namespace {

/// Either kind of address, as the kernel takes it.
struct raw_address {
  sockaddr_storage bytes{};
  socklen_t size = sizeof bytes;

  sockaddr* at() { return reinterpret_cast<sockaddr*>(&bytes); }
};

raw_address raw(const tcp_address& from) {
  raw_address made;
  if (from.is_v6) {
    auto* to = reinterpret_cast<sockaddr_in6*>(&made.bytes);
    to->sin6_family = AF_INET6;
    to->sin6_port = htons(from.port);
    inet_pton(AF_INET6, from.host.c_str(), &to->sin6_addr);
    made.size = sizeof *to;
  } else {
    auto* to = reinterpret_cast<sockaddr_in*>(&made.bytes);
    to->sin_family = AF_INET;
    to->sin_port = htons(from.port);
    inet_pton(AF_INET, from.host.c_str(), &to->sin_addr);
    made.size = sizeof *to;
  }
  return made;
}

tcp_address readable(const raw_address& from) {
  char text[INET6_ADDRSTRLEN]{};
  if (from.bytes.ss_family == AF_INET6) {
    const auto* in = reinterpret_cast<const sockaddr_in6*>(&from.bytes);
    inet_ntop(AF_INET6, &in->sin6_addr, text, sizeof text);
    return {text, ntohs(in->sin6_port), true};
  }
  const auto* in = reinterpret_cast<const sockaddr_in*>(&from.bytes);
  inet_ntop(AF_INET, &in->sin_addr, text, sizeof text);
  return {text, ntohs(in->sin_port), false};
}

fault cannot_listen(const tcp_address& wanted) {
  const auto what = "cannot listen on " + wanted.print() + ": " + std::strerror(errno);
  switch (errno) {
  case EADDRINUSE:
    return {fault_code::conflict, what, "stop who listens there, or give another port in door.tcp"};
  case EADDRNOTAVAIL:
  case EAFNOSUPPORT:
    return {fault_code::invalid, what, "this machine does not have that address"};
  case EACCES:
  case EPERM:
    return {fault_code::denied, what, "ports below 1024 are for root"};
  default:
    return {fault_code::undone, what, ""};
  }
}

} // namespace

bool tcp_address::is_loopback() const {
  return is_v6 ? host == "::1" : host.starts_with("127.");
}

std::string tcp_address::print() const {
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

result<tcp_address> parse_address(std::string_view text) {
  const fault wrong{
      fault_code::invalid,
      "\"" + std::string{text} + "\" is no address such as 127.0.0.1:4711 or " + "[::1]:4711", ""};
  const auto colon = text.rfind(':');
  if (colon == text.npos)
    return wrong;
  auto host = text.substr(0, colon);
  const auto port = text.substr(colon + 1);
  tcp_address made;
  const auto read = std::from_chars(port.data(), port.data() + port.size(), made.port);
  if (port.empty() || read.ec != std::errc{} || read.ptr != port.data() + port.size())
    return wrong;
  made.is_v6 = host.starts_with('[') && host.ends_with(']');
  if (made.is_v6)
    host = host.substr(1, host.size() - 2);
  made.host = host;
  in6_addr parsed{};
  if (inet_pton(made.is_v6 ? AF_INET6 : AF_INET, made.host.c_str(), &parsed) != 1)
    return wrong;
  made.host = readable(raw(made)).host; // one spelling for one address
  return made;
}

listening_tcp::listening_tcp(int descriptor, tcp_address address)
    : descriptor_{descriptor}, address_{std::move(address)} {}

listening_tcp::listening_tcp(listening_tcp&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)}, address_{std::move(other.address_)} {}

listening_tcp::~listening_tcp() {
  if (descriptor_ >= 0)
    close(descriptor_);
}

int listening_tcp::release() {
  return std::exchange(descriptor_, -1);
}

result<listening_tcp> listening_tcp::open(const tcp_address& wanted, int backlog) {
  const int descriptor = socket(wanted.is_v6 ? AF_INET6 : AF_INET,
                                SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
  if (descriptor < 0)
    return cannot_listen(wanted);
  listening_tcp made{descriptor, wanted};
  const int yes = 1;
  // A restart must not wait for the kernel to forget the connections of the last run.
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (wanted.is_v6) // `[::]` means IPv6; IPv4 is listed by itself
    setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  auto at = raw(wanted);
  if (bind(descriptor, at.at(), at.size) != 0 || listen(descriptor, backlog) != 0)
    return cannot_listen(wanted);
  raw_address bound;
  if (getsockname(descriptor, bound.at(), &bound.size) != 0)
    return cannot_listen(wanted);
  made.address_ = readable(bound);
  return made;
}

tcp_address remote_of(int descriptor) {
  raw_address found;
  if (getpeername(descriptor, found.at(), &found.size) != 0)
    return {};
  return readable(found);
}

tcp_address local_of(int descriptor) {
  raw_address found;
  if (getsockname(descriptor, found.at(), &found.size) != 0)
    return {};
  return readable(found);
}

void send_without_delay(int descriptor) {
  const int yes = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

} // namespace holdfast::http
