// SPDX-License-Identifier: Apache-2.0
// Opens the listeners, runs the thread that serves them, and winds down.
#include "runtime/http/server.hpp"

#include "runtime/http/listener.hpp"
#include "runtime/http/socket.hpp"
#include "runtime/http/tcp_socket.hpp"
#include "runtime/http/tls.hpp"
#include "runtime/os/threads.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <deque>
#include <exception>
#include <future>
#include <utility>

namespace holdfast::http {

namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr int backlog = 128;

class asio_server final : public server {
public:
  asio_server(server_settings chosen, server_owner owner) : all_{std::make_shared<shared_state>()} {
    all_->chosen = std::move(chosen);
    all_->owner = std::move(owner);
  }

  ~asio_server() override { stop(milliseconds{0}); }

  result<void> open() {
    const auto& chosen = all_->chosen;
    auto local = listening_socket::open(chosen.socket, backlog);
    if (!local)
      return local.error();
    local_.emplace(*std::move(local));
    std::shared_ptr<asio::ssl::context> tls;
    if (!chosen.tls_certificate.empty() || !chosen.tls_key.empty()) {
      auto loaded = load_tls(chosen.tls_certificate, chosen.tls_key);
      if (!loaded)
        return loaded.error();
      tls = *std::move(loaded);
    }
    std::vector<listening_tcp> opened;
    for (const auto& text : chosen.tcp) {
      const auto wanted = parse_address(text);
      if (!wanted)
        return wanted.error();
      auto one = listening_tcp::open(*wanted, backlog);
      if (!one)
        return one.error();
      opened.push_back(*std::move(one));
    }
    listeners_.emplace_back(all_, local_->release(), nullptr);
    for (auto& one : opened) {
      addresses_.push_back(one.address().print());
      listeners_.emplace_back(all_, one.release(), tls);
    }
    return {};
  }

  void start() {
    for (auto& one : listeners_)
      one.start();
    stopped_ = false;
    thread_ = os::named_thread{"http", [this] { run(); }};
  }

  std::size_t stop(milliseconds within) override {
    if (std::exchange(stopped_, true))
      return 0;
    std::promise<std::size_t> done;
    auto left = done.get_future();
    asio::post(all_->io, [this, within, &done] { wind_down(within, done); });
    const auto cut = left.get();
    thread_.join(); // the loop ends by itself: nothing is left to wait for
    return cut;
  }

  std::size_t connections() const override { return all_->connections; }
  std::size_t streams() const override { return all_->streams; }
  const std::vector<std::string>& addresses() const override { return addresses_; }

private:
  /// What one connection throws, such as for want of memory, must not end all of them.
  void run() {
    for (bool again = true; again;) {
      again = false;
      try {
        all_->io.run();
      } catch (const std::exception& thrown) {
        all_->incident(thrown);
        again = true;
      }
    }
  }

  void wind_down(milliseconds within, std::promise<std::size_t>& done) {
    all_->stopping = true;
    for (auto& one : listeners_)
      one.close();
    all_->emptied = [this, &done] { finish(done, 0); };
    for (const auto& one : std::set{all_->sessions})
      one->wind_down();
    all_->tell_if_empty();
    if (!all_->emptied)
      return;
    deadline_.expires_after(within);
    deadline_.async_wait([this, &done](boost::system::error_code problem) {
      if (problem || !all_->emptied)
        return;
      std::size_t cut = 0;
      all_->emptied = nullptr;
      for (const auto& one : std::set{all_->sessions}) {
        cut += one->has_answered() ? 0 : 1;
        one->close();
      }
      finish(done, cut);
    });
  }

  void finish(std::promise<std::size_t>& done, std::size_t cut) {
    deadline_.cancel();
    alive_.reset();
    done.set_value(cut);
  }

  std::shared_ptr<shared_state> all_;
  std::optional<listening_socket> local_;
  std::deque<listener> listeners_;
  std::vector<std::string> addresses_;
  asio::steady_timer deadline_{all_->io};
  asio::executor_work_guard<asio::io_context::executor_type> alive_{all_->io.get_executor()};
  bool stopped_ = true; ///< Or not started.
  os::named_thread thread_;
};

} // namespace

result<std::unique_ptr<server>> server::open(server_settings chosen, server_owner owner) {
  try {
    auto made = std::make_unique<asio_server>(std::move(chosen), std::move(owner));
    if (auto opened = made->open(); !opened)
      return opened.error();
    made->start();
    return std::unique_ptr<server>{std::move(made)};
  } catch (const std::exception& thrown) {
    return fault{fault_code::undone, std::string{"cannot start the server: "} + thrown.what(), ""};
  }
}

} // namespace holdfast::http
