// SPDX-License-Identifier: Apache-2.0
// NATS JetStream: its server, and as much of its protocol as publishing needs.
#include "tools/bench/serve_others.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

namespace bench {

namespace {

std::string greet(const std::string& inbox) {
  return "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true}"
         "\r\nSUB "
         + inbox + " 1\r\n";
}

/// Counts what comes to its inbox: an answer of JetStream's each.
class nats_speaker : public answer_counter {
protected:
  virtual void take(std::string_view answer) = 0;

private:
  std::size_t hear_one(std::string_view heard) override {
    const auto end = heard.find("\r\n");
    if (end == heard.npos)
      return 0;
    const auto head = heard.substr(0, end);
    if (head.starts_with("INFO ") || head == "PING") // unanswered for ten minutes: it may wait
      return end + 2;
    if (!head.starts_with("MSG "))
      throw std::runtime_error("NATS says " + std::string{head});
    const auto digits = head.substr(head.rfind(' ') + 1);
    std::size_t size = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), size);
    if (heard.size() < end + 2 + size + 2)
      return 0;
    const auto answer = heard.substr(end + 2, size);
    if (answer.find("\"error\"") != answer.npos)
      throw std::runtime_error("JetStream says " + std::string{answer});
    take(answer);
    --owed_;
    return end + 2 + size + 2;
  }
};

class stream_maker final : public nats_speaker {
public:
  std::string_view ask() override {
    if (!said_.empty())
      return {};
    const std::string wanted =
        "{\"name\":\"EVENTS\",\"subjects\":[\"llm.usage\"],"
        "\"storage\":\"file\",\"retention\":\"limits\",\"discard\":\"old\","
        "\"max_consumers\":-1,\"max_msgs\":-1,\"max_bytes\":-1,"
        "\"max_age\":0,\"num_replicas\":1,\"duplicate_window\":600000000000}";
    said_ = greet("_INBOX.maker") + "PUB $JS.API.STREAM.CREATE.EVENTS _INBOX.maker "
            + std::to_string(wanted.size()) + "\r\n" + wanted + "\r\n";
    owed_ = 1;
    return said_;
  }

private:
  void take(std::string_view) override {}

  std::string said_;
};

class publisher final : public nats_speaker {
public:
  publisher(const std::string& inbox, const std::vector<keyed_event>& events, std::size_t batch) {
    for (std::size_t first = 0; first < events.size(); first += batch) {
      auto& said = requests_.emplace_back(first == 0 ? greet(inbox) : "");
      const auto end = std::min(first + batch, events.size());
      for (std::size_t at = first; at < end; ++at) {
        const auto head = "NATS/1.0\r\nNats-Msg-Id: " + events[at].key + "\r\n\r\n";
        said += "HPUB llm.usage " + inbox + " " + std::to_string(head.size()) + " "
                + std::to_string(head.size() + events[at].body.size()) + "\r\n" + head
                + events[at].body + "\r\n";
      }
      sizes_.push_back(end - first);
    }
  }

  std::string_view ask() override {
    if (next_ == requests_.size())
      return {};
    owed_ = sizes_[next_];
    return requests_[next_++];
  }

private:
  void take(std::string_view answer) override {
    ++(answer.find("\"duplicate\"") == answer.npos ? told_.stored : told_.duplicates);
  }

  std::vector<std::string> requests_;
  std::vector<std::size_t> sizes_;
  std::size_t next_ = 0;
};

} // namespace

nats_server::nats_server(const std::filesystem::path& directory) {
  const auto config = directory / "nats.conf";
  std::ofstream{config} << "listen: \"127.0.0.1:-1\"\nports_file_dir: " << directory
                        << "\nping_interval: \"10m\"\njetstream { store_dir: " << directory
                        << ", max_file_store: 20G }\n";
  process_ = std::make_unique<child>(std::vector<std::string>{program, "--config", config.string()},
                                     (directory / "said").string());
  // The port is the kernel's choice, and stands in a file soon after.
  constexpr std::string_view before = "nats://127.0.0.1:";
  for (int tries = 0; tries < 200 && where_.port == 0; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    process_->expect_alive();
    for (const auto& one : std::filesystem::directory_iterator{directory}) {
      if (one.path().extension() != ".ports")
        continue;
      std::ifstream file{one.path()};
      const std::string text{std::istreambuf_iterator<char>{file}, {}};
      if (const auto at = text.find(before); at != text.npos)
        where_.port = static_cast<std::uint16_t>(std::stoul(text.substr(at + before.size())));
    }
  }
  if (where_.port == 0)
    throw std::runtime_error("nats-server names no port");
  where_.await();
  std::vector<std::unique_ptr<speaker>> one;
  one.push_back(std::make_unique<stream_maker>());
  converse(where_, one);
}

std::vector<std::unique_ptr<speaker>>
nats_server::speakers(const std::vector<std::vector<keyed_event>>& shares, std::size_t batch) {
  std::vector<std::unique_ptr<speaker>> made;
  for (const auto& share : shares)
    made.push_back(
        std::make_unique<publisher>("_INBOX." + std::to_string(made.size()), share, batch));
  return made;
}

} // namespace bench
