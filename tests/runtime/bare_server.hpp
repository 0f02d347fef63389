// SPDX-License-Identifier: Apache-2.0
// The HTTP server without a runtime behind it, and clients that speak to it by hand.
#pragma once

#include "runtime/http/server.hpp"
#include "runtime/http/tcp_socket.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/guarded.hpp"
#include "tests/runtime/scratch.hpp"

#include <boost/test/unit_test.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

/// What the server has told its owner.
struct server_news {
  std::vector<std::string> handled; ///< `GET /a from ...: body`.
  std::map<std::string, int> rejected;
  std::vector<std::string> failed;
  std::vector<std::string> dropped;
};

/// Answers `METHOD PATH BODY`, or what the test says.
struct bare_server : scratch {
  using change = std::function<void(holdfast::http::server_settings&)>;
  using handler = std::function<holdfast::http::response(const holdfast::http::request&)>;

  explicit bare_server(const change& changed = {}, handler answers = {}) {
    using namespace holdfast::http;
    server_settings chosen;
    chosen.socket = path() / "s";
    chosen.allows = [](const peer&) { return true; };
    if (changed)
      changed(chosen);
    if (!answers)
      answers = [](const request& asked) {
        response made;
        made.body = asked.method + " " + asked.path + " " + asked.body;
        return made;
      };
    server_owner owner;
    owner.admit = [](request& head, const arrival&) -> std::optional<response> {
      if (head.path == "/forbidden")
        return refusal({holdfast::fault_code::denied, "no", ""});
      return std::nullopt;
    };
    owner.body_max = [](const request&) -> std::uint64_t { return 100'000; };
    owner.handle = [this, answers](request asked, answer take) {
      news.change([&](server_news& all) {
        all.handled.push_back(asked.method + " " + asked.path + " " + asked.from.print());
      });
      take(answers(asked));
    };
    owner.rejected = [this](rejection why) {
      news.change([&](server_news& all) { ++all.rejected[std::string{to_string(why)}]; });
    };
    owner.failed = [this](const std::string& id, const std::string& what) {
      news.change([&](server_news& all) { all.failed.push_back(id + ": " + what); });
    };
    owner.dropped = [this](const caller& who, const std::string& what) {
      news.change([&](server_news& all) { all.dropped.push_back(who.print() + " " + what); });
    };
    auto made = server::open(std::move(chosen), std::move(owner));
    BOOST_TEST_REQUIRE(bool(made), (made ? "" : made.error().what));
    door = *std::move(made);
  }

  ~bare_server() { door.reset(); }

  std::string socket() const { return (path() / "s").string(); }
  std::vector<std::string> handled() const {
    return news.with([](const server_news& all) { return all.handled; });
  }
  int rejected(const std::string& cause) const {
    return news.with([&](const server_news& all) {
      const auto found = all.rejected.find(cause);
      return found == all.rejected.end() ? 0 : found->second;
    });
  }

  /// Waits until the news are so; a minute is more than any of them takes.
  bool comes(const std::function<bool(const server_news&)>& so) const {
    return news.wait_until(holdfast::os::steady_now() + std::chrono::minutes{1}, so);
  }

  holdfast::os::guarded<server_news> news;
  std::unique_ptr<holdfast::http::server> door;
};

/// A client that speaks by hand, at a Unix socket or at `127.0.0.1:PORT`.
class talker {
public:
  explicit talker(const std::string& at) {
    const auto tcp = holdfast::http::parse_address(at);
    descriptor_ =
        ::socket(tcp ? tcp->is_v6 ? AF_INET6 : AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_storage space{};
    socklen_t size = sizeof(sockaddr_un);
    if (tcp && tcp->is_v6) {
      auto* to = reinterpret_cast<sockaddr_in6*>(&space);
      to->sin6_family = AF_INET6;
      to->sin6_port = htons(tcp->port);
      inet_pton(AF_INET6, tcp->host.c_str(), &to->sin6_addr);
      size = sizeof *to;
    } else if (tcp) {
      auto* to = reinterpret_cast<sockaddr_in*>(&space);
      to->sin_family = AF_INET;
      to->sin_port = htons(tcp->port);
      inet_pton(AF_INET, tcp->host.c_str(), &to->sin_addr);
      size = sizeof *to;
    } else {
      auto* to = reinterpret_cast<sockaddr_un*>(&space);
      to->sun_family = AF_UNIX;
      std::strncpy(to->sun_path, at.c_str(), sizeof to->sun_path - 1);
    }
    connected = ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&space), size) == 0;
  }
  talker(talker&& other) noexcept
      : connected{other.connected}, descriptor_{std::exchange(other.descriptor_, -1)} {}
  talker& operator=(talker&&) = delete;
  ~talker() { hang_up(); }

  void hang_up() {
    if (descriptor_ >= 0)
      ::close(std::exchange(descriptor_, -1));
  }

  void say(const std::string& text) const {
    std::ignore = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
  }

  /// Everything until the other end closes, or until `last` has been heard.
  std::string hear(const std::string& last = {}) const {
    std::string heard;
    char chunk[4096];
    while (last.empty() || heard.find(last) == heard.npos) {
      const auto read = ::recv(descriptor_, chunk, sizeof chunk, 0);
      if (read <= 0)
        break;
      heard.append(chunk, static_cast<std::size_t>(read));
    }
    return heard;
  }

  int descriptor() const { return descriptor_; }

  bool connected = false;

private:
  int descriptor_ = -1;
};
