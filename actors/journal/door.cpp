// SPDX-License-Identifier: Apache-2.0
// Admission at the door: two counters, so that a producer never waits for another.
#include "actors/journal/door.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace holdfast::journal {

namespace {

/// What a draft weighs, with the state that travels beside it.
std::size_t weight(const persistence::draft& one) {
  const auto* state = std::get_if<persistence::state_attachment>(&one.with);
  if (const auto* moved = std::get_if<persistence::cursor_attachment>(&one.with))
    state = moved->state ? &*moved->state : nullptr;
  return one.size() + (state == nullptr ? 0 : state->state.size());
}

} // namespace

door::door(limits chosen, std::shared_ptr<store_slot> slot)
    : limits_{chosen}, slot_{std::move(slot)} {}

door::~door() {
  // Nobody is left who could take these.
  for (const auto& one : requests_.take())
    one->done({.answers = {},
               .refused = append_refused{{fault_code::failed, "the journal has ended", {}}, {}}});
  for (const auto& one : watches_.take())
    one->told(fault{fault_code::failed, "the journal has ended", {}});
}

std::optional<append_refused> door::append(std::vector<persistence::draft>& drafts, completion done,
                                           bool whole) {
  if (auto refused = refusal(events_held()))
    return refused;
  std::size_t bytes = 0;
  bool early = !drafts.empty();
  for (const auto& one : drafts) {
    bytes += weight(one);
    early = early && one.level == durability::none;
  }
  const auto events = std::max<std::size_t>(1, drafts.size());
  // Counted first, so that no two producers can pass the limit together.
  const auto events_before = events_.fetch_add(events, std::memory_order_relaxed);
  const auto bytes_before = bytes_.fetch_add(bytes, std::memory_order_relaxed);
  if (events_before > 0
      && (events_before + events > limits_.events_max
          || bytes_before + bytes > limits_.bytes_max)) {
    events_.fetch_sub(events, std::memory_order_relaxed);
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    return append_refused{{fault_code::busy, "the journal holds as many events as it may",
                           "send them again after the pause"},
                          retry_hint(events_before, commit_rate())};
  }
  auto taken = std::make_unique<request>();
  taken->drafts = std::move(drafts);
  taken->done = std::move(done);
  taken->events = events;
  taken->bytes = bytes;
  taken->whole = whole;
  taken->early = early;
  drafts.clear();
  if (requests_.put(std::move(taken)))
    wake();
  return std::nullopt;
}

std::optional<append_refused> door::refusal(std::size_t events_ahead) const {
  switch (where()) {
  case standing::serving:
  case standing::draining:
  case standing::reopening:
    return std::nullopt;
  case standing::no_space:
    return append_refused{
        {fault_code::no_space, "the disk is full", "free some space; Holdfast goes on by itself"},
        limits_.probe_min};
  case standing::stopping:
  case standing::stopped:
    return append_refused{{fault_code::busy, "the journal is stopping", {}},
                          retry_hint(events_ahead, commit_rate())};
  case standing::gave_up:
    return append_refused{{fault_code::failed, "the store failed and could not be reopened",
                           "see the log; run `holdfast store verify`"},
                          {}};
  }
  return std::nullopt;
}

void door::await_records(sequence after, watcher told) {
  if (watches_.put(std::make_unique<watch>(watch{after, std::move(told)})))
    wake();
}

void door::attach(std::function<void()> wake) {
  wake_.store(std::make_shared<const std::function<void()>>(std::move(wake)));
}

void door::detach() {
  wake_.store(nullptr);
}

void door::wake() {
  if (const auto call = wake_.load())
    (*call)();
}

void door::release(const request& answered) {
  events_.fetch_sub(answered.events, std::memory_order_relaxed);
  bytes_.fetch_sub(answered.bytes, std::memory_order_relaxed);
}

void door::publish(const journal& now) {
  rate_.store(now.commit_rate(), std::memory_order_relaxed);
  since_.store(now.committing_since().value_or(instant{}), std::memory_order_relaxed);
  publish(now.where());
}

void door::publish(standing now) {
  standing_.store(now, std::memory_order_relaxed);
}

} // namespace holdfast::journal
