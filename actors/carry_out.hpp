// SPDX-License-Identifier: Apache-2.0
// The one place that performs decisions: disk, then answer, then tell, then alarm.
#pragma once

#include "actors/inspect.hpp"
#include "actors/shell.hpp"
#include "messages/journal.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace holdfast {

/// Whoever saves records: the journal's handle converts to it.
using record_keeper = caf::typed_actor<caf::replies_to<save_records>::with<records_saved>>;

/// How much, and how long, one actor holds while the disk is busy.
struct carry_limits {
  std::size_t decisions_max = 10000;       ///< One more, and the actor ends as if the disk failed.
  std::size_t records_per_save_max = 1000; ///< Records of waiting decisions saved in one request.
  std::chrono::milliseconds deadline{30000}; ///< A decision not saved by then ends the actor.
  std::chrono::milliseconds retry_min{10};   ///< First pause after `busy` or `no_space`.
  std::chrono::milliseconds retry_max{1000}; ///< Pauses double up to this.
};

/// Decisions whose records are not on disk yet, oldest first. Every persistent shell has one in
/// its state, as the member `held`.
class held_decisions {
public:
  explicit held_decisions(carry_limits chosen = {}) : limits{chosen} {}

  struct one {
    std::vector<record_to_save> records;
    std::function<void()> perform;
    std::function<void(const caf::error&)> refuse;
    instant deadline;
  };

  carry_limits limits;
  std::deque<one> waiting;
  std::size_t saving = 0; ///< How many of the oldest are being saved now; 0: none.
  std::chrono::milliseconds retry_pause{0};
};

namespace detail {

template <class Decision>
concept replying = requires(Decision& made) {
  *made.reply;
};
template <class Decision>
concept telling = requires(Decision& made) {
  made.tells;
};
template <class Decision>
concept waking = requires(Decision& made) {
  *made.wake_at;
};
template <class Decision>
concept saving = requires(Decision& made) {
  made.records;
};

struct no_tells {};
struct no_alarm {};

/// Everything of a decision but its records.
template <class Alarm, class Self, class Decision, class Promise, class Tell>
void speak(Self* self, Decision& made, Promise& promise, Tell& tell) {
  if constexpr (replying<Decision>)
    if (made.reply)
      promise.deliver(std::move(*made.reply));
  if constexpr (telling<Decision>)
    for (auto& told : made.tells)
      tell(told);
  if constexpr (waking<Decision>)
    if (made.wake_at)
      self->scheduled_send(self, *made.wake_at, Alarm{});
}

/// The promise for a decision's answer: pending only where there is one.
template <class Self, class Decision>
auto promise_for(Self* self, const Decision& made) {
  if constexpr (replying<const Decision>) {
    using reply = std::remove_cvref_t<decltype(*made.reply)>;
    return made.reply ? self->template make_response_promise<caf::typed_response_promise<reply>>()
                      : caf::typed_response_promise<reply>{};
  } else {
    return caf::unit;
  }
}

/// Memory is ahead of the truth and must not be believed: answers what waits and ends.
template <class Self>
void end_unsaved(Self* self, const caf::error& reason) {
  auto waiting = std::exchange(self->state.held.waiting, {});
  for (auto& one : waiting)
    one.refuse(reason);
  self->quit(reason);
}

template <class Self>
void save_next(Self* self, const record_keeper& keeper);

template <class Self>
void after_saving(Self* self, const record_keeper& keeper) {
  auto& held = self->state.held;
  held.retry_pause = {};
  for (; held.saving > 0; --held.saving) {
    auto done = std::move(held.waiting.front());
    held.waiting.pop_front();
    done.perform();
  }
  save_next(self, keeper);
}

template <class Self>
void after_refusal(Self* self, const record_keeper& keeper, const caf::error& problem) {
  auto& held = self->state.held;
  held.saving = 0;
  const auto code = to_fault(problem).code;
  if (code != fault_code::busy && code != fault_code::no_space)
    return end_unsaved(self, problem);
  held.retry_pause = std::clamp(held.retry_pause * 2, held.limits.retry_min, held.limits.retry_max);
  if (self->clock().now() + held.retry_pause >= held.waiting.front().deadline)
    return end_unsaved(self, problem);
  held.saving = 1; // nothing else may start before the pause is over
  after(self, held.retry_pause, [self, keeper] {
    self->state.held.saving = 0;
    save_next(self, keeper);
  });
}

/// Performs what needs no saving, then sends the records of as many decisions as fit one request.
/// One request is on its way at a time, so that answers leave in the order of the decisions.
template <class Self>
void save_next(Self* self, const record_keeper& keeper) {
  auto& held = self->state.held;
  if (held.saving > 0)
    return;
  while (!held.waiting.empty() && held.waiting.front().records.empty()) {
    auto done = std::move(held.waiting.front());
    held.waiting.pop_front();
    done.perform();
  }
  if (held.waiting.empty())
    return;
  save_records wanted;
  for (const auto& one : held.waiting) {
    if (held.saving > 0
        && wanted.records.size() + one.records.size() > held.limits.records_per_save_max)
      break;
    wanted.records.insert(wanted.records.end(), one.records.begin(), one.records.end());
    ++held.saving;
  }
  const auto left = std::max<caf::timespan>(held.waiting.front().deadline - self->clock().now(),
                                            std::chrono::milliseconds{1});
  self->request(keeper, left, std::move(wanted))
      .then([self, keeper](const records_saved&) { after_saving(self, keeper); },
            [self, keeper](caf::error& problem) { after_refusal(self, keeper, problem); });
}

} // namespace detail

/// Carries out a decision in the order it is written: `records` to disk, then `reply`, then
/// `tells`, then `wake_at`; a decision leaves out what it never has. Decisions of one actor are
/// performed in the order they were made, also those that save nothing.
///
/// While the disk is busy or full the decision is held and saved again, within its deadline. If
/// the disk says no, memory is ahead of the truth, so every waiting request is answered with the
/// reason and the actor ends; its supervisor starts it again from what was saved.
///
/// Needs: `furnish(self)` was called; `self->state.held`; the actor accepts `Alarm`, sent at
/// `wake_at` (alarms cannot be called back, so the machine must ignore one that is not due);
/// `tell(item)` sends one item of `tells` and must not block. Returns the promise of the answer:
/// pending only if the decision has a reply. Call it once for each message handled.
template <class Alarm = detail::no_alarm, class Self, class Decision, class Tell = detail::no_tells>
auto carry_out(Self* self, const record_keeper& keeper, Decision made, Tell tell = {}) {
  auto promise = detail::promise_for(self, made);
  auto& held = self->state.held;
  held_decisions::one next;
  next.records = std::move(made.records);
  next.deadline = self->clock().now() + held.limits.deadline;
  if constexpr (detail::replying<Decision>)
    next.refuse = [promise](const caf::error& reason) mutable {
      if (promise.pending())
        promise.deliver(reason);
    };
  else
    next.refuse = [](const caf::error&) {};
  next.perform = [self, promise, tell, made = std::move(made)]() mutable {
    detail::speak<Alarm>(self, made, promise, tell);
  };
  held.waiting.push_back(std::move(next));
  if (held.waiting.size() > held.limits.decisions_max)
    detail::end_unsaved(self, to_error({fault_code::busy, "too many decisions wait for the disk",
                                        "the store is slower than its load"}));
  else
    detail::save_next(self, keeper);
  return promise;
}

/// The same for an actor that saves nothing: everything is performed at once.
template <class Alarm = detail::no_alarm, class Self, class Decision, class Tell = detail::no_tells>
requires(!detail::saving<Decision>) auto carry_out(Self* self, Decision made, Tell tell = {}) {
  auto promise = detail::promise_for(self, made);
  detail::speak<Alarm>(self, made, promise, tell);
  return promise;
}

} // namespace holdfast
