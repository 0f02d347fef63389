// SPDX-License-Identifier: Apache-2.0
// The sinks of `ingest`.
#include "tools/sinks.hpp"

#include "runtime/runtime.hpp"

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

} // namespace

result<std::unique_ptr<event_sink>> open_store_sink(const options& chosen) {
  auto started = runtime::start(chosen);
  if (!started)
    return started.error();
  return std::unique_ptr<event_sink>{std::make_unique<store_sink>(*std::move(started))};
}

} // namespace holdfast::tools
