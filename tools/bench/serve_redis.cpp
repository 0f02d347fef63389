// SPDX-License-Identifier: Apache-2.0
// Redis: its server, and as much of its protocol as two commands need.
#include "tools/bench/serve_others.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace bench {

namespace {

void add_word(std::string& into, std::string_view word) {
  into += '$' + std::to_string(word.size()) + "\r\n";
  into += word;
  into += "\r\n";
}

class redis_speaker final : public answer_counter {
public:
  redis_speaker(std::vector<keyed_event> events, std::size_t batch)
      : events_{std::move(events)}, batch_{batch} {}

  std::string_view ask() override {
    said_.clear();
    if (fresh_.empty()) {
      first_ = next_;
      next_ = std::min(first_ + batch_, events_.size());
      for (std::size_t at = first_; at < next_; ++at) {
        said_ += "*4\r\n$3\r\nSET\r\n";
        add_word(said_, "seen:" + events_[at].key);
        said_ += "$1\r\n1\r\n$2\r\nNX\r\n";
      }
      adds_ = false;
      owed_ = next_ - first_;
      return said_;
    }
    for (const auto at : fresh_) {
      said_ += "*5\r\n$4\r\nXADD\r\n$9\r\nllm.usage\r\n$1\r\n*\r\n$4\r\nbody\r\n";
      add_word(said_, events_[at].body);
    }
    adds_ = true;
    owed_ = fresh_.size();
    fresh_.clear();
    return said_;
  }

private:
  std::size_t hear_one(std::string_view heard) override {
    const auto end = heard.find("\r\n");
    if (end == heard.npos)
      return 0;
    const auto head = heard.substr(0, end);
    auto size = end + 2;
    if (adds_ && head.starts_with('$')) {
      std::size_t length = 0;
      std::from_chars(head.data() + 1, head.data() + head.size(), length);
      size += length + 2;
      if (heard.size() < size)
        return 0;
      ++told_.stored;
    } else if (!adds_ && head == "+OK") {
      fresh_.push_back(next_ - owed_);
    } else if (!adds_ && head == "$-1") {
      ++told_.duplicates;
    } else {
      throw std::runtime_error("Redis says " + std::string{head});
    }
    --owed_;
    return size;
  }

  const std::vector<keyed_event> events_;
  const std::size_t batch_;
  std::size_t first_ = 0;          ///< Of the batch.
  std::size_t next_ = 0;           ///< Behind the batch.
  bool adds_ = false;              ///< The second half: what was new is added.
  std::vector<std::size_t> fresh_; ///< Events whose keys were new.
  std::string said_;
};

} // namespace

redis_server::redis_server(const std::filesystem::path& directory) {
  where_.socket = directory / "redis";
  process_ = std::make_unique<child>(
      std::vector<std::string>{program, "--port", "0", "--unixsocket", where_.socket.string(),
                               "--dir", directory.string(), "--appendonly", "yes", "--appendfsync",
                               "always", "--save", ""},
      (directory / "said").string());
  where_.await();
  process_->expect_alive();
}

std::vector<std::unique_ptr<speaker>>
redis_server::speakers(const std::vector<std::vector<keyed_event>>& shares, std::size_t batch) {
  std::vector<std::unique_ptr<speaker>> made;
  for (const auto& share : shares)
    made.push_back(std::make_unique<redis_speaker>(share, batch));
  return made;
}

} // namespace bench
