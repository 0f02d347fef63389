// SPDX-License-Identifier: Apache-2.0
// The Unix socket of the door: made safely, replaced only when nobody listens, removed when ours.
#pragma once

#include "messages/fault.hpp"
#include "runtime/http/message.hpp"

#include <cstdint>
#include <filesystem>

namespace holdfast::http {

/// A listening Unix socket with mode 0600. Closed and removed when it is destroyed, unless somebody
/// else has put another in its place.
class listening_socket {
public:
  /// Answers `conflict` when somebody listens there, `invalid` for a path that is too long, a
  /// symbolic link or not a socket; a socket nobody listens on is replaced.
  static result<listening_socket> open(const std::filesystem::path& path, int backlog);

  listening_socket(listening_socket&& other) noexcept;
  listening_socket& operator=(listening_socket&&) = delete;
  ~listening_socket();

  /// Gives the descriptor away; the path is still removed at the end.
  int release();

private:
  listening_socket(std::filesystem::path path, int descriptor);

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
};

/// Who is connected, as the kernel says (SO_PEERCRED).
result<peer> peer_of(int descriptor);

} // namespace holdfast::http
