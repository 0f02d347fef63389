// SPDX-License-Identifier: Apache-2.0
// Requests of the door, and what its answers mean.
#include "runtime/upstream/door_client.hpp"

#include "runtime/json.hpp"
#include "runtime/os/guarded.hpp"

#include <cstring>

namespace holdfast::upstream {

struct door_client::core {
  explicit core(door_settings given)
      : chosen{std::move(given)}, connection{std::make_unique<http::client>(chosen)} {}

  result<door_answer> request(const http::outgoing& asked) const {
    // One request at a time: waiting for the one before is the point of this lock.
    return connection.with([&](const auto& wire) { return wire->exchange(asked); });
  }

  const door_settings chosen;
  mutable os::guarded<std::unique_ptr<http::client>> connection;
};

door_client::door_client(door_settings chosen) : core_{std::make_unique<core>(std::move(chosen))} {}

door_client::~door_client() = default;

result<door_answer> door_client::get(const std::string& target, const door_headers& headers) const {
  return core_->request({.method = "GET", .target = target, .headers = headers, .body = {}});
}

result<door_answer> door_client::post(const std::string& target, const std::string& body,
                                      const std::string& media_type,
                                      const door_headers& headers) const {
  auto all = headers;
  all.emplace_back("Content-Type", media_type);
  return core_->request(
      {.method = "POST", .target = target, .headers = std::move(all), .body = body});
}

result<door_answer> door_client::put(const std::string& target, const std::string& body,
                                     const std::string& media_type,
                                     const door_headers& headers) const {
  auto all = headers;
  all.emplace_back("Content-Type", media_type);
  return core_->request(
      {.method = "PUT", .target = target, .headers = std::move(all), .body = body});
}

result<door_answer> door_client::listen(const std::string& target, const door_headers& headers,
                                        std::chrono::seconds silence_max,
                                        const std::function<bool(std::string_view)>& take) const {
  http::client own{core_->chosen}; // what goes on must not keep the others waiting
  return own.listen({.method = "GET", .target = target, .headers = headers, .body = {}},
                    silence_max, take);
}

result<value> door_client::get_value(const std::string& target) const {
  const auto told = get(target);
  return told ? value_of(*told) : result<value>{told.error()};
}

result<value> door_client::post_value(const std::string& target, const std::string& body,
                                      const std::string& media_type) const {
  const auto told = post(target, body, media_type);
  return told ? value_of(*told) : result<value>{told.error()};
}

const door_settings& door_client::settings() const {
  return core_->chosen;
}

result<value> value_of(const door_answer& told) {
  auto read = json::parse(told.body, {.bytes_max = 1U << 30U, .depth_max = 70});
  if (told.status < 400)
    return read;
  const fault plain{
      fault_code::undone,
      "the daemon answered " + std::to_string(told.status) + " " + told.body.substr(0, 200), ""};
  if (!read || read->find("error") == nullptr)
    return plain;
  return json::fault_from(*read, fault_code::undone);
}

std::string percent(const std::string& text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const auto one : text) {
    const auto byte = static_cast<unsigned char>(one);
    const bool plain = (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z')
                       || (one >= '0' && one <= '9') || std::strchr("-._~", one) != nullptr;
    if (plain && one != '\0') {
      out += one;
    } else {
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
  return out;
}

} // namespace holdfast::upstream
