// SPDX-License-Identifier: Apache-2.0
// A daemon in this process behind a real socket, and clients at its door.
#pragma once

#include "runtime/daemon.hpp"
#include "runtime/json.hpp"
#include "runtime/os/guarded.hpp"
#include "runtime/os/threads.hpp"
#include "runtime/upstream/door_client.hpp"
#include "tests/runtime/small_options.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

/// A daemon in this process, and a client at its door.
struct served_here : scratch {
  explicit served_here(
      std::function<void(holdfast::options&)> change = {},
      std::function<holdfast::result<holdfast::http::peer>(int)> credentials = {}) {
    auto chosen = small_options(*this);
    chosen.door.socket = path() / "s";
    if (change)
      change(chosen);
    std::promise<std::function<void()>> serving;
    holdfast::daemon_outlets outlets;
    outlets.signals = false;
    outlets.say = [this](const std::string& line) {
      said.with([&](auto& lines) { lines.push_back(line); });
    };
    outlets.serving = [&](std::function<void()> told) { serving.set_value(std::move(told)); };
    outlets.credentials = std::move(credentials);
    thread = holdfast::os::named_thread{"daemon", [this, chosen, outlets, &serving] {
                                          ended = holdfast::run_daemon(chosen, outlets);
                                          if (!ended)
                                            serving.set_value({});
                                        }};
    stop = serving.get_future().get();
    BOOST_TEST_REQUIRE(bool(stop), (ended ? "" : ended.error().what));
    client = std::make_shared<holdfast::upstream::door_client>(
        holdfast::upstream::door_settings{chosen.door.socket});
  }

  ~served_here() {
    client.reset();
    if (stop)
      stop();
    thread.join();
  }

  holdfast::upstream::door_answer get(const std::string& target,
                                      const holdfast::upstream::door_headers& with = {}) {
    auto told = client->get(target, with);
    BOOST_TEST_REQUIRE(bool(told), (told ? "" : told.error().what));
    return *std::move(told);
  }

  holdfast::upstream::door_answer post(const std::string& target, const std::string& body,
                                       const std::string& type = "application/json",
                                       const holdfast::upstream::door_headers& with = {}) {
    auto told = client->post(target, body, type, with);
    BOOST_TEST_REQUIRE(bool(told), (told ? "" : told.error().what));
    return *std::move(told);
  }

  holdfast::upstream::door_answer put(const std::string& target, const std::string& body) {
    auto told = client->put(target, body, "application/json");
    BOOST_TEST_REQUIRE(bool(told), (told ? "" : told.error().what));
    return *std::move(told);
  }

  holdfast::value json_of(const holdfast::upstream::door_answer& told) {
    auto read = holdfast::json::parse(told.body);
    BOOST_TEST_REQUIRE(bool(read), told.body);
    return *std::move(read);
  }

  holdfast::os::guarded<std::vector<std::string>> said;
  std::function<void()> stop;
  std::shared_ptr<holdfast::upstream::door_client> client;
  holdfast::result<void> ended;
  holdfast::os::named_thread thread;
};

inline std::string outcome_at(const holdfast::value& told, std::size_t place) {
  BOOST_TEST_REQUIRE(told.find("answers") != nullptr, holdfast::json::print(told));
  return told.find("answers")->as<holdfast::array>()->at(place).text_at("outcome");
}

inline std::string code_of(const holdfast::value& told) {
  return told.find("error")->text_at("code");
}

/// A client that speaks by hand.
class by_hand {
public:
  explicit by_hand(const std::filesystem::path& socket) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
    descriptor_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    connected =
        ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~by_hand() { ::close(descriptor_); }

  void say(const std::string& text) {
    std::ignore = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
  }

  /// Everything until the other end closes.
  std::string hear() {
    std::string heard;
    char chunk[4096];
    for (ssize_t read = 0; (read = ::recv(descriptor_, chunk, sizeof chunk, 0)) > 0;)
      heard.append(chunk, static_cast<std::size_t>(read));
    return heard;
  }

  bool connected = false;

private:
  int descriptor_ = -1;
};
