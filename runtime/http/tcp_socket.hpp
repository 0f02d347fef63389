// SPDX-License-Identifier: Apache-2.0
// Addresses of TCP as people write them, and sockets that listen there.
#pragma once

#include "messages/fault.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::http {

/// A numeric address and a port: `127.0.0.1:4711`, `[::1]:4711`. No names: what they mean may
/// change.
struct tcp_address {
  std::string host; ///< Without brackets, as the kernel prints it.
  std::uint16_t port = 0;
  bool is_v6 = false;

  /// Only this machine reaches it.
  bool is_loopback() const;
  std::string print() const;

  friend bool operator==(const tcp_address&, const tcp_address&) = default;
};

/// Reads `ADDR:PORT`; port 0 lets the kernel choose. Answers `invalid`.
result<tcp_address> parse_address(std::string_view text);

/// A socket that listens on a TCP address. Closed when it is destroyed.
class listening_tcp {
public:
  /// Answers `conflict` when somebody listens there, `denied`, `invalid` when this machine does not
  /// have the address.
  static result<listening_tcp> open(const tcp_address& wanted, int backlog);

  listening_tcp(listening_tcp&& other) noexcept;
  listening_tcp& operator=(listening_tcp&&) = delete;
  ~listening_tcp();

  /// With the port that the kernel chose.
  const tcp_address& address() const { return address_; }

  /// Gives the descriptor away.
  int release();

private:
  listening_tcp(int descriptor, tcp_address address);

  int descriptor_ = -1;
  tcp_address address_;
};

/// The two ends of a TCP connection; an empty host when it is gone already.
tcp_address remote_of(int descriptor);
tcp_address local_of(int descriptor);

/// Small answers leave at once.
void send_without_delay(int descriptor);

} // namespace holdfast::http
