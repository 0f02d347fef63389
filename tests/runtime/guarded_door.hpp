// SPDX-License-Identifier: Apache-2.0
// A daemon that also listens on TCP, with a token of each role.
#pragma once

#include "tests/runtime/bare_server.hpp"
#include "tests/runtime/served_here.hpp"

#include <fstream>

inline const std::string reading(32, 'r');
inline const std::string operating(32, 'o');

/// A daemon on TCP with a token file, and one connection for each request.
struct guarded_door : served_here {
  explicit guarded_door(std::function<void(holdfast::options&)> change = {})
      : served_here{[this, change](holdfast::options& chosen) {
          write_tokens("grafana read-only " + reading + "\nci operator " + operating + "\n");
          chosen.door.tcp = {"127.0.0.1:0"};
          chosen.door.tokens = path() / "tokens";
          chosen.door.origins = {"https://app.example"};
          if (change)
            change(chosen);
        }} {
    address =
        *json_of(get("/v1/status")).find("tcp")->as<holdfast::array>()->front().as<std::string>();
  }

  void write_tokens(const std::string& text) const {
    const auto made = path() / "tokens.new";
    std::ofstream{made} << text;
    std::filesystem::permissions(made, std::filesystem::perms(0600));
    std::filesystem::rename(made, path() / "tokens");
  }

  std::string asks(const std::string& line, const std::string& token,
                   const std::string& headers = {}, const std::string& body = {}) const {
    talker one{address};
    one.say(line + " HTTP/1.1\r\nHost: " + address + "\r\nConnection: close\r\n"
            + (token.empty() ? "" : "Authorization: Bearer " + token + "\r\n") + headers
            + (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n")
            + "\r\n" + body);
    return one.hear();
  }

  unsigned status(const std::string& line, const std::string& token,
                  const std::string& headers = {}, const std::string& body = {}) const {
    const auto told = asks(line, token, headers, body);
    BOOST_TEST_REQUIRE(told.starts_with("HTTP/1.1 "), told);
    return static_cast<unsigned>(std::stoul(told.substr(9, 3)));
  }

  std::string address;
};
