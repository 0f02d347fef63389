// SPDX-License-Identifier: Apache-2.0
// Connections, and the loop that serves all of them.
#include "tools/bench/load.hpp"

#include "runtime/json.hpp"
#include "tools/bench/child.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace bench {

namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

/// A speaker on its connection.
class talk {
public:
  talk(line on, speaker& who) : line_{std::move(on)}, who_{who} {
    fcntl(line_.descriptor(), F_SETFL, O_NONBLOCK);
  }

  int descriptor() const { return line_.descriptor(); }
  bool waits_to_write() const { return !left_.empty(); }

  /// Answers false when all is said.
  bool say_next() {
    left_ = who_.ask();
    if (left_.empty())
      return false;
    write_on();
    return true;
  }

  void write_on() {
    while (!left_.empty()) {
      const auto sent = send(descriptor(), left_.data(), left_.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EAGAIN)
        return;
      if (sent < 0)
        fail("cannot send");
      left_.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// Answers whether everything that was asked is answered.
  bool read_on(std::array<char, 65536>& room) {
    const auto got = recv(descriptor(), room.data(), room.size(), 0);
    if (got < 0 && errno == EAGAIN)
      return false;
    if (got < 0)
      fail("cannot receive");
    if (got == 0)
      throw std::runtime_error("the server hung up");
    heard_.append(room.data(), static_cast<std::size_t>(got));
    heard_.erase(0, who_.hear(heard_));
    return left_.empty() && who_.is_answered();
  }

private:
  line line_;
  speaker& who_;
  std::string_view left_; ///< Of what is being said.
  std::string heard_;
};

} // namespace

line::~line() {
  if (descriptor_ >= 0)
    close(descriptor_);
}

line::line(line&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}

line endpoint::connect() const {
  line made{::socket(port == 0 ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  int told = 0;
  if (port == 0) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    socket.string().copy(to.sun_path, sizeof to.sun_path - 1);
    told = ::connect(made.descriptor(), reinterpret_cast<const sockaddr*>(&to), sizeof to);
  } else {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    told = ::connect(made.descriptor(), reinterpret_cast<const sockaddr*>(&to), sizeof to);
    const int yes = 1;
    setsockopt(made.descriptor(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }
  if (told != 0)
    fail("cannot connect");
  return made;
}

void endpoint::await() const {
  for (int tries = 0; tries < 600; ++tries)
    try {
      connect();
      return;
    } catch (const std::runtime_error&) {
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
  connect();
}

std::size_t answer_counter::hear(std::string_view heard) {
  std::size_t taken = 0;
  for (std::size_t one = 0; (one = hear_one(heard.substr(taken))) > 0;)
    taken += one;
  return taken;
}

double converse(const endpoint& to, const std::vector<std::unique_ptr<speaker>>& speakers) {
  const line waiting{epoll_create1(EPOLL_CLOEXEC)};
  std::vector<std::unique_ptr<talk>> talks;
  for (const auto& one : speakers)
    talks.push_back(std::make_unique<talk>(to.connect(), *one));
  const auto watch = [&](int how, talk& one) {
    epoll_event wanted{};
    wanted.events = one.waits_to_write() ? EPOLLIN | EPOLLOUT : EPOLLIN;
    wanted.data.ptr = &one;
    if (epoll_ctl(waiting.descriptor(), how, one.descriptor(), &wanted) != 0)
      fail("cannot watch a connection");
  };
  std::array<char, 65536> room;
  std::array<epoll_event, 64> happened;
  const auto begun = std::chrono::steady_clock::now();
  std::size_t talking = 0;
  for (const auto& one : talks)
    if (one->say_next()) {
      ++talking;
      watch(EPOLL_CTL_ADD, *one);
    }
  while (talking > 0) {
    const int count = epoll_wait(waiting.descriptor(), happened.data(), happened.size(), 30'000);
    if (count == 0)
      throw std::runtime_error("no answer within 30 s");
    for (int at = 0; at < count; ++at) {
      const auto& [what, data] = happened[static_cast<std::size_t>(at)];
      auto& one = *static_cast<talk*>(data.ptr);
      const bool waited = one.waits_to_write();
      if ((what & EPOLLOUT) != 0)
        one.write_on();
      if ((what & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 && one.read_on(room)
          && !one.say_next()) {
        --talking;
        epoll_ctl(waiting.descriptor(), EPOLL_CTL_DEL, one.descriptor(), nullptr);
        continue;
      }
      if (one.waits_to_write() != waited)
        watch(EPOLL_CTL_MOD, one);
    }
  }
  return seconds_since(begun);
}

std::vector<keyed_event> keyed(const std::vector<holdfast::event>& events) {
  std::vector<keyed_event> made;
  for (const auto& one : events)
    made.push_back({one.key, holdfast::json::print(one.body)});
  return made;
}

std::vector<std::vector<keyed_event>> shares_of(const std::vector<keyed_event>& events,
                                                std::size_t parts) {
  std::vector<std::vector<keyed_event>> made(parts);
  for (std::size_t at = 0; at < events.size(); ++at)
    made[at * parts / events.size()].push_back(events[at]);
  return made;
}

load_run measure_load(const endpoint& to, const std::vector<keyed_event>& events,
                      const std::vector<std::unique_ptr<speaker>>& speakers) {
  std::set<std::string_view> different;
  for (const auto& one : events)
    different.insert(one.key);
  const auto used = cpu_seconds_here();
  const auto took = converse(to, speakers);
  const auto count = static_cast<double>(events.size());
  load_run made{.events_per_second = count / took,
                .client_us = (cpu_seconds_here() - used) * 1e6 / count};
  tally all;
  for (const auto& one : speakers) {
    all.stored += one->told().stored;
    all.duplicates += one->told().duplicates;
  }
  if (all.stored != different.size() || all.stored + all.duplicates != events.size())
    throw std::runtime_error(std::to_string(all.stored) + " events were stored and "
                             + std::to_string(all.duplicates) + " called duplicates, of "
                             + std::to_string(events.size()) + " with "
                             + std::to_string(different.size()) + " keys");
  return made;
}

} // namespace bench
