// SPDX-License-Identifier: Apache-2.0
// Starts the daemon, speaks HTTP to it, watches it.
#include "tools/bench/serve_holdfast.hpp"

#include "runtime/http/client.hpp"
#include "runtime/json.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <stdexcept>

#include <sys/stat.h>

namespace bench {

namespace {

constexpr std::string_view token = "0123456789abcdef0123456789abcdef";

/// The number behind `name` in an answer; the text must be there.
std::uint64_t count_of(std::string_view answer, std::string_view name) {
  const auto at = answer.rfind(name);
  std::uint64_t count = 0;
  if (at == answer.npos
      || std::from_chars(answer.data() + at + name.size(), answer.data() + answer.size(), count).ec
             != std::errc{})
    throw std::runtime_error("no " + std::string{name} + " in " + std::string{answer});
  return count;
}

/// One keep-alive connection with its requests, made beforehand.
class http_speaker final : public speaker {
public:
  explicit http_speaker(std::vector<std::string> requests) : requests_{std::move(requests)} {}

  std::string_view ask() override {
    answered_ = false;
    return next_ < requests_.size() ? std::string_view{requests_[next_++]} : std::string_view{};
  }

  std::size_t hear(std::string_view heard) override {
    const auto head = heard.find("\r\n\r\n");
    if (head == heard.npos)
      return 0;
    const auto size = head + 4 + count_of(heard.substr(0, head), "Content-Length: ");
    if (heard.size() < size)
      return 0;
    const auto body = heard.substr(head + 4, size - head - 4);
    if (!heard.starts_with("HTTP/1.1 200 "))
      throw std::runtime_error("answered " + std::string{heard.substr(0, size)});
    told_.stored += count_of(body, "\"stored\":");
    told_.duplicates += count_of(body, "\"duplicate\":");
    answered_ = true;
    return size;
  }

  bool is_answered() const override { return answered_; }

private:
  const std::vector<std::string> requests_;
  std::size_t next_ = 0;
  bool answered_ = false;
};

std::string post(const std::string& fields, std::string_view type, const std::string& body) {
  return "POST /v1/events?stream=bench.usage&type=call HTTP/1.1\r\n" + fields
         + "Content-Type: " + std::string{type}
         + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

} // namespace

holdfast_daemon::holdfast_daemon(const std::string& command, const std::filesystem::path& directory,
                                 bool tls) {
  local_.socket = directory / "door";
  const auto tokens = directory / "tokens";
  std::ofstream{tokens} << "bench operator " << token << '\n';
  chmod(tokens.c_str(), 0600);
  const auto config = directory / "holdfast.toml";
  std::ofstream text{config};
  text << "[store]\ndata = \"data\"\nmemory = \"64 MiB\"\ncache = \"32 MiB\"\n"
       << "[door]\nsocket = \"door\"\ntcp = [\"127.0.0.1:0\"]\ntokens = \"tokens\"\n"
       << "connections_max = 3000\nstreams_max = 2000\n";
  if (tls) {
    write_certificate(directory);
    text << "tls_certificate = \"certificate.pem\"\ntls_key = \"key.pem\"\n";
  }
  text.close();
  process_ = std::make_unique<child>(
      std::vector<std::string>{command, "run", "--init", "--config", config.string()},
      (directory / "said").string());
  local_.await();
  process_->expect_alive();
  holdfast::http::client asking{{.socket = local_.socket}};
  const auto told = asking.exchange({.method = "GET", .target = "/v1/status"});
  if (!told)
    throw std::runtime_error(told.error().what);
  const auto at = told->body.find("127.0.0.1:");
  if (at == std::string::npos)
    throw std::runtime_error("the daemon names no TCP address");
  tcp_.port = static_cast<std::uint16_t>(std::stoul(told->body.substr(at + 10)));
}

std::string holdfast_daemon::fields_for(const endpoint& to) {
  if (to.port == 0)
    return "Host: localhost\r\n";
  return "Host: localhost:" + std::to_string(to.port) + "\r\nAuthorization: Bearer "
         + std::string{token} + "\r\n";
}

std::vector<std::unique_ptr<speaker>>
http_speakers(const endpoint& to, const std::vector<std::vector<keyed_event>>& shares,
              std::size_t batch) {
  const auto fields = holdfast_daemon::fields_for(to);
  std::vector<std::unique_ptr<speaker>> made;
  for (const auto& share : shares) {
    std::vector<std::string> requests;
    for (std::size_t first = 0; first < share.size(); first += batch) {
      std::string body;
      for (std::size_t at = first; at < std::min(first + batch, share.size()); ++at) {
        body += "{\"key\":\"" + share[at].key + "\",\"body\":" + share[at].body + "}";
        if (batch > 1)
          body += '\n';
      }
      requests.push_back(
          post(fields, batch > 1 ? "application/x-ndjson" : "application/json", body));
    }
    made.push_back(std::make_unique<http_speaker>(std::move(requests)));
  }
  return made;
}

livez_watch::livez_watch(const endpoint& to)
    : thread_{[this, socket = to.socket](const std::stop_token& ended) {
        holdfast::http::client asking{{.socket = socket}};
        while (!ended.stop_requested()) {
          const auto begun = std::chrono::steady_clock::now();
          const auto told = asking.exchange({.method = "GET", .target = "/livez"});
          if (!told || told->status != 200) {
            problem_ = told ? "status " + std::to_string(told->status) : told.error().what;
            return;
          }
          samples_.push_back(seconds_since(begun) * 1e6);
          std::this_thread::sleep_for(std::chrono::milliseconds{2});
        }
      }} {}

std::vector<double> livez_watch::stop() {
  thread_.request_stop();
  thread_.join();
  if (!problem_.empty())
    throw std::runtime_error("/livez: " + problem_);
  return samples_;
}

} // namespace bench
