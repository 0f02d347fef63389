// SPDX-License-Identifier: Apache-2.0
// The sinks of `ingest`.
#include "tools/sinks.hpp"

#include "runtime/json.hpp"
#include "runtime/os/threads.hpp"
#include "runtime/runtime.hpp"
#include "runtime/upstream/door_client.hpp"

#include <atomic>
#include <deque>
#include <future>
#include <utility>

namespace holdfast::tools {
namespace {

/// A runtime in this process. Its answers do not get lost, so it never has to be reopened.
class store_sink final : public event_sink {
public:
  explicit store_sink(runtime opened) : runtime_{std::move(opened)} {}

  result<void> send(const std::vector<event>& batch, durability level) override {
    sent_.push_back(runtime_.append(batch, level));
    return {};
  }

  result<append_result> receive() override {
    auto answer = sent_.front().get();
    sent_.pop_front();
    if (answer.refused && answer.refused->reason.code == fault_code::failed)
      return answer.refused->reason;
    return answer;
  }

  result<void> reopen() override {
    sent_.clear();
    return {};
  }

private:
  runtime runtime_;
  std::deque<std::future<append_result>> sent_;
};

/// One event as a line that intake reads back as the same event.
void print_envelope(const event& one, std::string& out) {
  object members;
  members["stream"] = one.stream;
  members["type"] = one.type;
  members["schema"] = one.schema;
  members["body"] = one.body;
  if (!one.key.empty())
    members["key"] = one.key;
  if (one.time.us != 0)
    members["time"] = json::print_time(one.time);
  if (one.causation.value != 0)
    members["causation"] = one.causation.value;
  if (!one.trace.empty())
    members["trace"] = one.trace;
  json::print(value{std::move(members)}, out);
  out += '\n';
}

/// The answers to one posted batch.
result<append_result> answers_of(const upstream::door_answer& told, std::size_t expected) {
  const auto body = upstream::value_of(told);
  if (!body) {
    const auto code = body.error().code;
    if (code != fault_code::busy && code != fault_code::no_space)
      return body.error();
    const auto hint = told.retry_after().value_or(std::chrono::seconds{1});
    return append_result{{}, append_refused{body.error(), hint}};
  }
  const auto* found = body->find("answers");
  const auto* items = found == nullptr ? nullptr : found->as<array>();
  if (items == nullptr || items->size() != expected)
    return fault{fault_code::undone, "the daemon answered something else than one answer an event",
                 "Is it of another version?"};
  append_result made;
  made.answers.reserve(expected);
  for (const auto& item : *items) {
    auto answer = json::answer_from(item);
    if (!answer)
      return answer.error();
    made.answers.push_back(*std::move(answer));
  }
  return made;
}

/// Events were taken, or refused whole for now: the next batch may go.
bool answers_it(const upstream::door_answer& told) {
  return told.status < 400 || told.status == 429 || told.status == 507;
}

/// A daemon's door. One thread posts batch after batch, so that their order stays. It does nothing
/// else: while the daemon works on one batch, the caller prints those to come and reads the answer
/// to the one before.
class door_sink final : public event_sink {
public:
  door_sink(const std::filesystem::path& socket, std::chrono::milliseconds timeout)
      : settings_{.socket = socket, .deadline = timeout} {
    connect();
  }

  result<void> send(const std::vector<event>& batch, durability level) override {
    auto body = std::make_shared<std::string>();
    for (const auto& one : batch)
      print_envelope(one, *body);
    auto promised = std::make_shared<std::promise<result<upstream::door_answer>>>();
    sent_.push_back({promised->get_future(), batch.size()});
    const auto target = "/v1/events?durability=" + std::string{to_string(level)};
    const bool taken =
        poster_->submit([client = client_, broken = broken_, body, promised, target] {
          // After one failure the later batches wait for `reopen`: else they would overtake it.
          if (broken->load())
            return promised->set_value(fault{fault_code::unreachable, "not sent", {}});
          auto told = client->post(target, *body, "application/x-ndjson");
          if (!told || !answers_it(*told))
            broken->store(true);
          promised->set_value(std::move(told));
        });
    if (!taken)
      return fault{fault_code::busy, "too many batches are on their way", {}};
    return {};
  }

  result<append_result> receive() override {
    auto oldest = std::move(sent_.front());
    sent_.pop_front();
    const auto told = oldest.answer.get();
    return told ? answers_of(*told, oldest.events) : result<append_result>{told.error()};
  }

  result<void> reopen() override {
    connect();
    if (const auto ready = client_->get("/readyz"); !ready)
      return ready.error();
    return {};
  }

private:
  void connect() {
    poster_.reset(); // waits for the request that runs; those behind it are dropped
    sent_.clear();
    broken_ = std::make_shared<std::atomic<bool>>(false);
    client_ = std::make_shared<upstream::door_client>(settings_);
    poster_ = std::make_unique<os::worker_pool>("ingest", 1, 64);
  }

  upstream::door_settings settings_;
  std::shared_ptr<std::atomic<bool>> broken_;
  std::shared_ptr<upstream::door_client> client_;
  struct posted {
    std::future<result<upstream::door_answer>> answer;
    std::size_t events;
  };

  std::deque<posted> sent_;
  std::unique_ptr<os::worker_pool> poster_;
};

} // namespace

std::unique_ptr<event_sink> make_door_sink(const std::filesystem::path& socket,
                                           std::chrono::milliseconds timeout) {
  return std::make_unique<door_sink>(socket, timeout);
}

result<std::unique_ptr<event_sink>> open_store_sink(const options& chosen) {
  auto started = runtime::start(chosen);
  if (!started)
    return started.error();
  return std::unique_ptr<event_sink>{std::make_unique<store_sink>(*std::move(started))};
}

} // namespace holdfast::tools
