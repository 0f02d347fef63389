// SPDX-License-Identifier: Apache-2.0
// Runs actors one message at a time, each handler on a stack that can be left alone.
#include "runtime/rehearsal/stage.hpp"

#include <caf/atom.hpp>

#include <algorithm>
#include <utility>

namespace holdfast::rehearsal {

stage_config::stage_config() {
  set("scheduler.policy", caf::atom("testing"));
  set("logger.console-verbosity", caf::atom("quiet"));
  set("logger.file-verbosity", caf::atom("quiet"));
}

stage::stage()
    : scheduler_{dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler())},
      clock_{scheduler_.clock()} {}

/// Jobs and pending timeouts both hold actors alive, and the system would wait for ever.
stage::~stage() {
  do {
    release({});
    std::ignore = settle();
  } while (scheduler_.trigger_timeout());
}

result<void> stage::settle() {
  for (std::uint64_t handled = 0; handled < messages_max; ++handled)
    if (!resume_one() && !run_one())
      return {};
  return fault{fault_code::failed,
               "it does not come to rest after " + std::to_string(messages_max) + " messages",
               "somebody sends messages without an end at one moment"};
}

result<void> stage::pass(std::chrono::nanoseconds time, const std::function<bool()>& is_over) {
  const auto end = now() + time;
  auto rests = settle();
  while (rests && now() < end && !is_over()) {
    auto next = end;
    if (const auto& due = clock_.schedule(); !due.empty())
      next = std::min(next, due.begin()->first);
    for (const auto& one : hanging_)
      if (one.until)
        next = std::min(next, *one.until);
    scheduler_.advance_time(
        std::max<std::chrono::nanoseconds>(next - now(), std::chrono::nanoseconds{1}));
    rests = settle();
  }
  return rests;
}

void stage::hang(std::string who, std::optional<std::chrono::milliseconds> time) {
  next_.who = std::move(who);
  next_.until = std::nullopt;
  if (time)
    next_.until = now() + *time;
  os::fiber::pause();
}

bool stage::release(const std::optional<std::string>& who) {
  bool found = false;
  for (auto& one : hanging_)
    if (!who || one.who == *who) {
      one.until = now();
      found = true;
    }
  return found;
}

/// Whether there was a message to handle.
bool stage::run_one() {
  if (!scheduler_.has_job())
    return false;
  if (!free_)
    free_ = std::make_unique<os::fiber>([this] {
      for (;;) {
        scheduler_.try_run_once();
        done_ = true;
        os::fiber::pause();
      }
    });
  go_on(std::move(free_));
  return true;
}

/// Whether a handler's time to hang was over.
bool stage::resume_one() {
  const auto found = std::find_if(hanging_.begin(), hanging_.end(), [this](const hanging& one) {
    return one.until && *one.until <= now();
  });
  if (found == hanging_.end())
    return false;
  auto where = std::move(found->where);
  hanging_.erase(found);
  go_on(std::move(where));
  return true;
}

void stage::go_on(std::unique_ptr<os::fiber> where) {
  done_ = false;
  where->resume();
  if (done_) {
    free_ = std::move(where);
    return;
  }
  next_.where = std::move(where);
  hanging_.push_back(std::move(next_));
  next_ = {};
}

} // namespace holdfast::rehearsal
