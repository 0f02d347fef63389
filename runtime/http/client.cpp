// SPDX-License-Identifier: Apache-2.0
// Writes requests, and lets Beast read the answers.
#include "runtime/http/client.hpp"

#include "runtime/http/message.hpp"
#include "runtime/os/clock.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace holdfast::http {

namespace {

namespace beast = boost::beast::http;

using parser = beast::response_parser<beast::string_body>;

constexpr std::size_t header_bytes_max = 64U << 10U;
constexpr std::chrono::milliseconds look_up_every{200};

std::string head_of(const outgoing& asked) {
  std::string text{asked.method};
  text.append(" ").append(asked.target).append(" HTTP/1.1\r\n");
  const bool named = std::any_of(asked.headers.begin(), asked.headers.end(),
                                 [](const auto& one) { return one.first == "Host"; });
  if (!named)
    text += "Host: localhost\r\n";
  for (const auto& [name, said] : asked.headers)
    text.append(name).append(": ").append(said).append("\r\n");
  if (!asked.body.empty() || asked.method == "POST" || asked.method == "PUT")
    text.append("Content-Length: ").append(std::to_string(asked.body.size())).append("\r\n");
  return text += "\r\n";
}

incoming taken_from(parser& read) {
  incoming made;
  auto& whole = read.get();
  made.status = whole.result_int();
  for (const auto& field : whole) {
    const auto name = field.name_string();
    made.headers.insert_or_assign(small_letters({name.data(), name.size()}),
                                  std::string{field.value()});
  }
  made.body = std::move(whole.body());
  return made;
}

} // namespace

std::optional<std::chrono::seconds> incoming::retry_after() const {
  const auto found = headers.find("retry-after");
  std::int64_t seconds = 0;
  if (found == headers.end())
    return std::nullopt;
  const auto& text = found->second;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  return read.ec == std::errc{} ? std::optional{std::chrono::seconds{seconds}} : std::nullopt;
}

/// One request and its answer on a connection.
class client::conversation {
public:
  conversation(int descriptor, const client_settings& chosen, instant until)
      : descriptor_{descriptor}, chosen_{chosen}, until_{until} {
    read_.eager(true);
    read_.header_limit(header_bytes_max);
    read_.body_limit(chosen.body_bytes_max);
  }

  result<incoming> hold(const outgoing& asked) {
    auto said = say(head_of(asked));
    if (said)
      said = say(asked.body);
    if (!said)
      return said.error();
    while (!read_.is_done())
      if (const auto heard = hear(); !heard)
        return heard.error();
    return taken_from(read_);
  }

  /// As `hold`, but hands on the pieces of a body that goes on. Looks up a few times a second to
  /// see whether more is wanted.
  result<incoming> listen(const outgoing& asked, std::chrono::milliseconds silence_max,
                          const std::function<bool(std::string_view)>& take_piece) {
    bool wanted = true;
    auto on_piece = [&](std::uint64_t, boost::beast::string_view piece,
                        boost::system::error_code&) {
      wanted = wanted && take_piece({piece.data(), piece.size()});
      return piece.size();
    };
    read_.on_chunk_body(on_piece);
    read_.body_limit(boost::none); // it ends when somebody wants it to end
    if (auto said = say(head_of(asked)); !said)
      return said.error();
    auto silent_until = os::steady_now() + silence_max;
    while (wanted && !read_.is_done()) {
      until_ = std::min(silent_until, os::steady_now() + look_up_every);
      const auto heard = hear();
      if (heard)
        silent_until = os::steady_now() + silence_max;
      else if (heard.error().code == fault_code::timed_out && os::steady_now() < silent_until)
        wanted = take_piece({});
      else
        return heard.error();
    }
    return taken_from(read_);
  }

  bool may_go_on() { return all_said_ && read_.is_done() && read_.keep_alive() && unread_.empty(); }

  /// Whatever went wrong, the server had not begun to answer.
  bool nothing_heard() const { return !heard_any_; }

private:
  fault broken(const std::string& why) const {
    return {fault_code::unreachable,
            "the daemon at " + chosen_.socket.string() + " broke off: " + why,
            "it may be restarting; sending the same again is safe"};
  }

  /// Waits for one of `wanted`; answers which of them are there.
  result<short> wait(short wanted) const {
    for (;;) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(until_ - os::steady_now()).count();
      pollfd one{descriptor_, wanted, 0};
      const int ready = left <= 0 ? 0 : ::poll(&one, 1, static_cast<int>(std::min(left, 60000L)));
      if (ready > 0)
        return one.revents;
      if (left <= 0)
        return fault{fault_code::timed_out,
                     "the daemon at " + chosen_.socket.string() + " did not answer in time",
                     "the outcome is unknown; sending the same again is safe"};
      if (ready < 0 && errno != EINTR)
        return broken(std::strerror(errno));
    }
  }

  /// Ends early when the server answers before it has heard everything: it will not hear the rest.
  result<void> say(std::string_view text) {
    while (!text.empty() && all_said_) {
      const auto ready = wait(POLLIN | POLLOUT);
      if (!ready)
        return ready.error();
      if ((*ready & POLLIN) != 0) {
        all_said_ = false;
        break;
      }
      const auto sent = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent >= 0)
        text.remove_prefix(static_cast<std::size_t>(sent));
      else if (errno == EPIPE || errno == ECONNRESET)
        all_said_ = false; // An answer may be waiting all the same.
      else if (errno != EAGAIN && errno != EINTR)
        return broken(std::strerror(errno));
    }
    return {};
  }

  result<void> hear() {
    if (const auto ready = wait(POLLIN); !ready)
      return ready.error();
    std::array<char, 65536> chunk;
    const auto found = ::recv(descriptor_, chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (found < 0)
      return errno == EAGAIN || errno == EINTR ? result<void>{} : broken(std::strerror(errno));
    boost::system::error_code problem;
    if (found == 0) {
      if (!read_.got_some())
        return broken("it closed the connection");
      read_.put_eof(problem);
      return problem ? broken(problem.message()) : result<void>{};
    }
    heard_any_ = true;
    return take({chunk.data(), static_cast<std::size_t>(found)});
  }

  /// The parser takes whole lines of the header only; the rest is offered again with what follows.
  result<void> take(std::string_view heard) {
    unread_ += heard;
    std::string_view left = unread_;
    while (!left.empty() && !read_.is_done()) {
      boost::system::error_code problem;
      left.remove_prefix(read_.put(boost::asio::buffer(left.data(), left.size()), problem));
      if (problem == beast::error::need_more)
        break;
      if (problem == beast::error::body_limit)
        return fault{fault_code::invalid,
                     "the answer has more than " + std::to_string(chosen_.body_bytes_max)
                         + " bytes",
                     "ask for less at once"};
      if (problem)
        return broken(problem.message());
    }
    unread_.erase(0, unread_.size() - left.size());
    return {};
  }

  const int descriptor_;
  const client_settings& chosen_;
  instant until_;
  parser read_;
  std::string unread_;
  bool all_said_ = true;
  bool heard_any_ = false;
};

result<incoming> client::exchange(const outgoing& asked) {
  const auto until = os::steady_now() + chosen_.deadline;
  for (;;) {
    if (descriptor_ >= 0 && is_stale())
      hang_up();
    const bool kept = descriptor_ >= 0;
    if (!kept)
      if (const auto connected = connect(); !connected)
        return connected.error();
    conversation one{descriptor_, chosen_, until};
    auto heard = one.hold(asked);
    if (!one.may_go_on())
      hang_up();
    const bool closed_before =
        !heard && heard.error().code == fault_code::unreachable && one.nothing_heard();
    if (!kept || !closed_before)
      return heard;
  }
}

result<incoming> client::listen(const outgoing& asked, std::chrono::milliseconds silence_max,
                                const std::function<bool(std::string_view)>& take) {
  hang_up();
  if (const auto connected = connect(); !connected)
    return connected.error();
  conversation one{descriptor_, chosen_, os::steady_now() + chosen_.deadline};
  auto heard = one.listen(asked, silence_max, take);
  hang_up();
  return heard;
}

result<void> client::connect() {
  const auto path = chosen_.socket.string();
  const auto refused = [&](fault_code code, const std::string& why) {
    return fault{code, "no daemon answers at " + path + ": " + why,
                 "start it with `holdfast run`, or correct the path"};
  };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return refused(fault_code::unreachable, "the kernel allows no path that long");
  std::memcpy(address.sun_path, path.data(), path.size());
  const int made = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (made < 0)
    return refused(fault_code::unreachable, std::strerror(errno));
  // What a connecting Unix socket waits for is room in the server's queue.
  const auto ms = std::min(chosen_.connect_deadline, chosen_.deadline).count();
  const timeval limit{ms / 1000, (ms % 1000) * 1000};
  ::setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    descriptor_ = made;
    return {};
  }
  const int why = errno;
  ::close(made);
  if (why == EACCES || why == EPERM)
    return fault{fault_code::denied, "the socket " + path + " may not be opened",
                 "it is its owner's alone: ask as the user who runs the daemon"};
  return refused(why == EAGAIN ? fault_code::timed_out : fault_code::unreachable,
                 why == EAGAIN ? "it takes no connection in time" : std::strerror(why));
}

void client::hang_up() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
  descriptor_ = -1;
}

/// The server says nothing unasked, so whatever is there to read is the end.
bool client::is_stale() const {
  pollfd one{descriptor_, POLLIN, 0};
  return ::poll(&one, 1, 0) != 0;
}

} // namespace holdfast::http
