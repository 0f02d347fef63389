// SPDX-License-Identifier: Apache-2.0
// Binding a Unix socket without taking somebody else's place.
#include "runtime/http/socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace holdfast::http {

namespace {

fault system_fault(const std::string& what, const std::filesystem::path& path) {
  const auto code =
      errno == EACCES || errno == EPERM || errno == EROFS ? fault_code::denied : fault_code::undone;
  return {code, what + " " + path.string() + ": " + std::strerror(errno), ""};
}

bool somebody_listens(const sockaddr_un& address) {
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0)
    return true; // cannot tell, so nothing is removed
  const auto* at = reinterpret_cast<const sockaddr*>(&address);
  const bool refused = connect(probe, at, sizeof address) != 0 && errno == ECONNREFUSED;
  close(probe);
  return !refused;
}

/// Makes room at the path, if that takes nothing from anybody.
result<void> clear(const std::filesystem::path& path, const sockaddr_un& address) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0)
    return errno == ENOENT ? result<void>{} : system_fault("cannot look at", path);
  if (!S_ISSOCK(found.st_mode))
    return fault{fault_code::invalid,
                 path.string() + (S_ISLNK(found.st_mode) ? " is a symbolic link" : " is no socket")
                     + ", so it is left alone",
                 "give another path with --socket, or remove it"};
  if (somebody_listens(address))
    return fault{fault_code::conflict, "another process listens on " + path.string(),
                 "stop it, or give another path with --socket"};
  if (unlink(path.c_str()) != 0)
    return system_fault("cannot remove the stale socket", path);
  return {};
}

} // namespace

listening_socket::listening_socket(std::filesystem::path path, int descriptor)
    : path_{std::move(path)}, descriptor_{descriptor} {
  struct stat made {};
  if (lstat(path_.c_str(), &made) == 0) {
    device_ = made.st_dev;
    inode_ = made.st_ino;
  }
}

listening_socket::listening_socket(listening_socket&& other) noexcept
    : path_{std::exchange(other.path_, {})}, descriptor_{std::exchange(other.descriptor_, -1)},
      device_{other.device_}, inode_{other.inode_} {}

listening_socket::~listening_socket() {
  if (descriptor_ >= 0)
    close(descriptor_);
  struct stat now {};
  if (!path_.empty() && lstat(path_.c_str(), &now) == 0 && now.st_dev == device_
      && now.st_ino == inode_)
    unlink(path_.c_str());
}

int listening_socket::release() {
  return std::exchange(descriptor_, -1);
}

result<listening_socket> listening_socket::open(const std::filesystem::path& path, int backlog) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto text = path.string();
  if (text.empty() || text.size() >= sizeof address.sun_path)
    return fault{fault_code::invalid,
                 "the socket path " + text + " has " + std::to_string(text.size())
                     + " bytes; the kernel allows " + std::to_string(sizeof address.sun_path - 1),
                 "give a shorter path with --socket"};
  std::memcpy(address.sun_path, text.data(), text.size());
  if (auto cleared = clear(path, address); !cleared)
    return cleared.error();
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0)
    return system_fault("cannot make the socket", path);
  if (bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    auto problem = system_fault("cannot bind the socket", path);
    close(descriptor);
    return problem;
  }
  listening_socket made{path, descriptor};
  // Before it listens nobody can connect, so the mode is never too open for a moment.
  if (chmod(text.c_str(), S_IRUSR | S_IWUSR) != 0 || listen(descriptor, backlog) != 0)
    return system_fault("cannot listen on", path);
  return made;
}

result<peer> peer_of(int descriptor) {
  ucred told{};
  socklen_t size = sizeof told;
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &told, &size) != 0)
    return fault{fault_code::denied, "the kernel does not tell who connects", ""};
  return peer{static_cast<std::uint32_t>(told.pid), told.uid};
}

} // namespace holdfast::http
