// SPDX-License-Identifier: Apache-2.0
// The checkpointer's decisions.
#include "actors/checkpoint/checkpoint.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace holdfast::checkpointing {

namespace {

void earlier(std::optional<instant>& soonest, const std::optional<instant>& other) {
  if (other && (!soonest || *other < *soonest))
    soonest = other;
}

bool is_quiet(fault_code code) {
  // The journal is being reopened or is at a limit, and says so itself.
  return code == fault_code::busy || code == fault_code::no_space;
}

} // namespace

checkpointer::checkpointer(limits chosen) : limits_{chosen} {
  limits_.rule.events = std::max<std::uint64_t>(1, limits_.rule.events);
  limits_.rule.interval = std::max(milliseconds{1}, limits_.rule.interval);
  limits_.page_events = std::max<std::size_t>(1, limits_.page_events);
}

decision checkpointer::start(sequence covered, instant now) {
  started_ = true;
  covered_ = folded_ = covered;
  head_ = std::max(head_, covered);
  decision made;
  return finish(now, made);
}

decision checkpointer::on(const records_committed& news, instant now) {
  decision made;
  watching_ = false;
  head_ = std::max(head_, news.last);
  return finish(now, made);
}

decision checkpointer::on(const watch_failed&, instant now) {
  decision made;
  watching_ = false;
  watch_after_ = pause(now);
  return finish(now, made);
}

decision checkpointer::on(const page_folded& told, instant now) {
  assert(told.next.value > 0);
  decision made;
  reading_ = false;
  in_trouble_ = false;
  retry_ = milliseconds{0};
  folded_ = sequence{told.next.value - 1};
  head_ = std::max(head_, folded_);
  if (told.events > 0 && !due_)
    due_ = now + limits_.rule.interval;
  unsaved_ += told.events;
  return finish(now, made);
}

decision checkpointer::on(const page_failed& told, instant now) {
  decision made;
  reading_ = false;
  read_after_ = pause(now);
  trouble(told.why, made);
  return finish(now, made);
}

decision checkpointer::on(const state_saved& told, instant now) {
  decision made;
  saving_ = false;
  in_trouble_ = false;
  retry_ = milliseconds{0};
  covered_ = std::max(covered_, told.covered);
  unsaved_ -= unsaved_before_save_;
  // What came while it was on its way has waited from about now.
  due_ = unsaved_ > 0 ? std::optional{now + limits_.rule.interval} : std::nullopt;
  return finish(now, made);
}

decision checkpointer::on(const state_refused& told, instant now) {
  decision made;
  saving_ = false;
  save_after_ = pause(now);
  trouble(told.why, made);
  return finish(now, made);
}

decision checkpointer::on(const demand& asked, instant now) {
  decision made;
  if (stopping_ || demands_.size() >= limits_.demands_max) {
    made.failed.push_back(asked.id);
    made.refusal = {
        fault_code::busy, stopping_ ? "the actor is stopping" : "too many are waiting", {}};
    return made;
  }
  if (asked.reason && asked.head == sequence{0}) {
    made.failed.push_back(asked.id);
    made.refusal = {fault_code::not_found, "there is no record yet", {}};
    return made;
  }
  head_ = std::max(head_, asked.head);
  demands_.push_back(asked);
  return finish(now, made);
}

decision checkpointer::on(const stop_folding& asked, sequence head, instant now) {
  decision made;
  stopping_ = true;
  stop_by_ = now + asked.within;
  head_ = std::max(head_, head);
  stop_head_ = head;
  return finish(now, made);
}

decision checkpointer::on(const folding_due&, instant now) {
  decision made;
  if (armed_ && now >= *armed_)
    armed_.reset();
  for (auto* after : {&read_after_, &save_after_, &watch_after_})
    if (*after && now >= **after)
      after->reset();
  if (stop_by_ && now >= *stop_by_ && !stopped_) {
    stopped_ = true;
    fail_demands({fault_code::busy, "the actor has stopped", {}}, made);
    made.stopped = folding_stopped{.covered = covered_, .in_time = false};
  }
  return finish(now, made);
}

std::optional<std::string> checkpointer::reason_to_save(instant now) const {
  for (const auto& one : demands_)
    if (one.reason && folded_ >= one.head && covered_ < one.head)
      return one.reason;
  if (unsaved_ == 0)
    return std::nullopt;
  if (stopping_ && folded_ >= stop_head_)
    return "stop";
  // Far behind, reading on is worth more than a checkpoint that is old at once.
  const bool behind = head_ - folded_ > limits_.events_behind;
  if (unsaved_
      >= (behind ? std::max(limits_.rule.events, limits_.events_behind) : limits_.rule.events))
    return "events";
  if (due_ && now >= *due_)
    return "interval";
  return std::nullopt;
}

void checkpointer::serve(decision& made) {
  std::vector<demand> rest;
  for (auto& one : demands_)
    if (one.reason ? covered_ >= one.head : folded_ >= one.head)
      made.served.push_back(one.id);
    else
      rest.push_back(std::move(one));
  demands_ = std::move(rest);
}

void checkpointer::read_on(decision& made) const {
  // A page ends where the next checkpoint is due, so that it covers exactly so many events.
  auto events = limits_.page_events;
  const bool behind = head_ - folded_ > limits_.events_behind;
  if (!behind && !saving_ && !save_after_)
    events = std::min<std::uint64_t>(events, limits_.rule.events
                                                 - std::min(unsaved_, limits_.rule.events - 1));
  made.read = page_wanted{.from = folded_ + 1, .to = head_, .events_max = events};
}

void checkpointer::fail_demands(const fault& why, decision& made) {
  for (const auto& one : demands_)
    made.failed.push_back(one.id);
  demands_.clear();
  made.refusal = why;
}

void checkpointer::trouble(const fault& why, decision& made) {
  if (is_quiet(why.code))
    return;
  if (!std::exchange(in_trouble_, true))
    made.troubled = why;
  fail_demands(why, made);
}

instant checkpointer::pause(instant now) {
  retry_ = std::clamp(2 * retry_, limits_.retry_min, limits_.retry_max);
  return now + retry_;
}

decision& checkpointer::finish(instant now, decision& made) {
  if (stopped_ || (!started_ && !stopping_))
    return made;
  if (!started_) {
    // Nothing is restored, so there is nothing to save.
    stopped_ = true;
    fail_demands({fault_code::busy, "the actor has stopped", {}}, made);
    made.stopped = folding_stopped{};
    return made;
  }
  serve(made);
  if (!saving_ && !save_after_)
    if (auto reason = reason_to_save(now)) {
      saving_ = true;
      unsaved_before_save_ = unsaved_;
      ++saves_;
      made.save =
          save_wanted{.reason = std::move(*reason),
                      .verified = limits_.verify_every > 0 && saves_ % limits_.verify_every == 0};
    }
  if (!reading_ && !read_after_ && folded_ < head_) {
    reading_ = true;
    read_on(made);
  }
  if (stopping_ && !saving_ && folded_ >= stop_head_ && unsaved_ == 0) {
    stopped_ = true;
    fail_demands({fault_code::busy, "the actor has stopped", {}}, made);
    made.stopped = folding_stopped{.covered = covered_, .in_time = true};
    return made;
  }
  if (!watching_ && !watch_after_ && folded_ >= head_ && !stopping_) {
    watching_ = true;
    made.watch = folded_;
  }
  std::optional<instant> next = stop_by_;
  for (const auto& after : {read_after_, save_after_, watch_after_})
    earlier(next, after);
  if (!saving_ && !save_after_ && unsaved_ > 0)
    earlier(next, due_);
  if (next && (!armed_ || *next < *armed_)) {
    armed_ = next;
    made.wake_at = next;
  }
  return made;
}

} // namespace holdfast::checkpointing
