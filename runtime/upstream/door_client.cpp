// SPDX-License-Identifier: Apache-2.0
// Requests with libcurl over a Unix socket.
#include "runtime/upstream/door_client.hpp"

#include "runtime/json.hpp"
#include "runtime/os/guarded.hpp"

#include <curl/curl.h>

#include <charconv>
#include <cstring>

namespace holdfast::upstream {

namespace {

/// libcurl wants its global part once, before the first handle.
void prepare_library() {
  static const auto done = curl_global_init(CURL_GLOBAL_DEFAULT);
  std::ignore = done;
}

struct list_of_headers {
  curl_slist* held = nullptr;
  ~list_of_headers() { curl_slist_free_all(held); }
  void add(const std::string& line) { held = curl_slist_append(held, line.c_str()); }
};

struct collected {
  door_answer answer;
  std::size_t bytes_max = 0;
  bool too_long = false;
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* into) {
  auto& to = *static_cast<collected*>(into);
  if (to.answer.body.size() + size * count > to.bytes_max) {
    to.too_long = true;
    return 0;
  }
  to.answer.body.append(data, size * count);
  return size * count;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* into) {
  auto& to = *static_cast<collected*>(into);
  std::string_view line{data, size * count};
  const auto colon = line.find(':');
  if (colon != line.npos) {
    std::string name{line.substr(0, colon)};
    for (auto& letter : name)
      if (letter >= 'A' && letter <= 'Z')
        letter = static_cast<char>(letter | 0x20);
    line.remove_prefix(colon + 1);
    while (!line.empty() && std::strchr(" \t", line.front()) != nullptr)
      line.remove_prefix(1);
    while (!line.empty() && std::strchr(" \t\r\n", line.back()) != nullptr)
      line.remove_suffix(1);
    to.answer.headers.insert_or_assign(std::move(name), std::string{line});
  }
  return size * count;
}

} // namespace

struct door_client::core {
  explicit core(door_settings given) : chosen{std::move(given)} {
    prepare_library();
    handle.with([](CURL*& curl) { curl = curl_easy_init(); });
  }
  ~core() {
    handle.with([](CURL*& curl) { curl_easy_cleanup(curl); });
  }

  fault problem(CURLcode code, const char* detail, bool too_long) const {
    const auto socket = chosen.socket.string();
    const std::string said = *detail == '\0' ? curl_easy_strerror(code) : detail;
    if (too_long)
      return {fault_code::invalid,
              "the answer has more than " + std::to_string(chosen.body_bytes_max) + " bytes",
              "ask for less at once"};
    if (code == CURLE_OPERATION_TIMEDOUT)
      return {fault_code::timed_out, "the daemon at " + socket + " did not answer in time",
              "the outcome is unknown; sending the same again is safe"};
    if (code == CURLE_COULDNT_CONNECT)
      return {fault_code::unreachable, "no daemon answers at " + socket + ": " + said,
              "start it with `holdfast run`, or correct the path"};
    return {fault_code::unreachable, "the daemon at " + socket + " broke off: " + said,
            "it may be restarting; sending the same again is safe"};
  }

  result<door_answer> request(const std::string& target, const std::string* body,
                              const door_headers& headers) const {
    // One request at a time: waiting for the one before is the point of this lock.
    return handle.with([&](CURL* curl) -> result<door_answer> {
      if (curl == nullptr)
        return fault{fault_code::failed, "libcurl has no handle", ""};
      curl_easy_reset(curl); // keeps the connection
      list_of_headers lines;
      lines.add("Expect:"); // no round trip before a body
      for (const auto& [name, text] : headers)
        lines.add(name + ": " + text);
      collected into{{}, chosen.body_bytes_max};
      char detail[CURL_ERROR_SIZE] = {};
      const auto url = "http://localhost" + target;
      const auto set = [&](auto option, auto what) { curl_easy_setopt(curl, option, what); };
      set(CURLOPT_URL, url.c_str());
      set(CURLOPT_UNIX_SOCKET_PATH, chosen.socket.c_str());
      set(CURLOPT_NOSIGNAL, 1L);
      set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(chosen.connect_deadline.count()));
      set(CURLOPT_TIMEOUT_MS, static_cast<long>(chosen.deadline.count()));
      set(CURLOPT_PROTOCOLS_STR, "http");
      set(CURLOPT_PROXY, "");
      set(CURLOPT_HTTPHEADER, lines.held);
      set(CURLOPT_ERRORBUFFER, detail);
      set(CURLOPT_WRITEFUNCTION, take_body);
      set(CURLOPT_WRITEDATA, &into);
      set(CURLOPT_HEADERFUNCTION, take_header);
      set(CURLOPT_HEADERDATA, &into);
      if (body != nullptr) {
        set(CURLOPT_POST, 1L);
        set(CURLOPT_POSTFIELDS, body->data());
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
      }
      if (const auto code = curl_easy_perform(curl); code != CURLE_OK)
        return problem(code, detail, into.too_long);
      long status = 0;
      curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
      into.answer.status = static_cast<unsigned>(status);
      return std::move(into.answer);
    });
  }

  const door_settings chosen;
  mutable os::guarded<CURL*> handle{nullptr};
};

std::optional<std::chrono::seconds> door_answer::retry_after() const {
  const auto found = headers.find("retry-after");
  std::int64_t seconds = 0;
  if (found == headers.end())
    return std::nullopt;
  const auto& text = found->second;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  return read.ec == std::errc{} ? std::optional{std::chrono::seconds{seconds}} : std::nullopt;
}

door_client::door_client(door_settings chosen) : core_{std::make_unique<core>(std::move(chosen))} {}

door_client::~door_client() = default;

result<door_answer> door_client::get(const std::string& target, const door_headers& headers) const {
  return core_->request(target, nullptr, headers);
}

result<door_answer> door_client::post(const std::string& target, const std::string& body,
                                      const std::string& media_type,
                                      const door_headers& headers) const {
  auto all = headers;
  all.emplace_back("Content-Type", media_type);
  return core_->request(target, &body, all);
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
      fault_code::failed,
      "the daemon answered " + std::to_string(told.status) + " " + told.body.substr(0, 200), ""};
  if (!read || read->find("error") == nullptr)
    return plain;
  return json::fault_from(*read, fault_code::failed);
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
