// SPDX-License-Identifier: Apache-2.0
// Takes batches from the backlog and does not let go of one before it is on disk.
#include "runtime/recorder.hpp"

#include "runtime/os/clock.hpp"
#include "runtime/supervision_records.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace holdfast {

namespace {

/// Between two attempts, while the journal takes nothing.
constexpr std::chrono::milliseconds retry_pause{100};

/// Our own records are rejected only for what they are, so sending them again would change nothing.
bool is_final(const append_answer& one) {
  return one.what == outcome::stored || one.what == outcome::rejected;
}

std::string problem_of(const append_result& told) {
  if (told.refused)
    return told.refused->reason.what;
  for (const auto& one : told.answers)
    if (one.what != outcome::stored)
      return one.error.empty() ? "nobody can say whether it is stored" : one.error;
  return {};
}

} // namespace

recorder::recorder(recorder_world given, supervision_run of, std::size_t kept_max)
    : world_{std::move(given)}, state_{std::make_shared<os::guarded<state>>(
                                    state{std::move(of), kept_max})},
      thread_{"history", [this] { this->run(); }} {}

recorder::~recorder() {
  state_->change([](state& now) { now.closed = now.ended = true; });
}

void recorder::note(supervision_fate what) {
  const auto at = world_.wall();
  const auto ticks = world_.ticks();
  state_->change([&](state& now) {
    if (!now.closed)
      now.waiting.add(std::move(what), at, ticks);
  });
}

bool recorder::settle(std::chrono::milliseconds within) const {
  return state_->wait_until(os::steady_now() + within,
                            [](const state& now) { return now.waiting.empty(); });
}

bool recorder::stop(std::chrono::milliseconds within) {
  state_->change([](state& now) { now.closed = true; });
  const auto done = settle(within);
  state_->change([](state& now) { now.ended = true; });
  return done;
}

recorder::counts recorder::count() const {
  return state_->with([](const state& now) {
    return counts{now.written, now.waiting.waiting(), now.waiting.dropped(), now.last_error};
  });
}

void recorder::run() {
  for (;;) {
    state_->wait([](const state& now) { return now.ended || !now.waiting.empty(); });
    if (state_->with([](const state& now) { return now.ended; }))
      return;
    if (!write())
      state_->wait_until(os::steady_now() + retry_pause,
                         [](const state& now) { return now.ended; });
  }
}

/// Sends one batch and waits for its answer; false: it must be sent again.
bool recorder::write() {
  const auto batch = state_->with([](state& now) {
    now.answered = false;
    return now.waiting.next();
  });
  std::vector<persistence::draft> drafts;
  drafts.reserve(batch.size());
  for (const auto& one : batch)
    drafts.push_back(to_draft(one));
  const auto take = [into = state_](const append_result& told) {
    into->change([&](state& now) {
      now.answered = true;
      now.stored = !told.refused && std::ranges::all_of(told.answers, is_final);
      now.last_error = problem_of(told);
    });
  };
  if (const auto refused = world_.append(drafts, take))
    take({{}, *refused});
  state_->wait([](const state& now) { return now.ended || now.answered; });
  bool stored = false;
  state_->change([&](state& now) {
    stored = now.answered && now.stored;
    if (!stored)
      return;
    now.waiting.sent();
    now.written += batch.size();
  });
  return stored;
}

} // namespace holdfast
