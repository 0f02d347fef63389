// SPDX-License-Identifier: Apache-2.0
// The loop of a subscription, and its handle.
#include "runtime/subscriptions.hpp"

#include "runtime/os/clock.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace holdfast {

namespace {

constexpr std::chrono::milliseconds look_again{50};
constexpr std::size_t page_events = 500;

} // namespace

subscription::core::core(std::shared_ptr<journal::door> door, subscription_choice choice,
                         std::function<void(const recorded_event&)> callback)
    : front{std::move(door)}, wanted{std::move(choice)}, take{std::move(callback)},
      position{wanted.from.value == 0 ? 0 : wanted.from.value - 1} {}

void subscription::core::begin() {
  thread = os::named_thread{"subscriber", [self = shared_from_this()] { self->run(); }};
}

void subscription::core::end() {
  now.change([](standing& state) { state.ended = true; });
  thread.join();
}

void subscription::core::fail(const fault& problem) {
  now.change([&](standing& state) {
    state.problem = problem;
    state.ended = true;
  });
}

void subscription::core::run() {
  for (;;) {
    now.wait([](const standing& state) { return state.ended || !state.paused; });
    if (now.with([](const standing& state) { return state.ended; }))
      return;
    auto reader = front->read();
    auto page = reader ? reader->events({.from = sequence{position.load() + 1},
                                         .stream = wanted.stream,
                                         .internal = wanted.internal,
                                         .limit = page_events})
                       : result<event_page>{fault{fault_code::busy, "", ""}};
    reader.reset();
    if (!page) {
      if (!passes(page.error()))
        return fail(page.error());
      now.wait_until(os::steady_now() + look_again,
                     [](const standing& state) { return state.ended; });
      continue;
    }
    if (deliver(*page) && page->next > page->head)
      await_records();
  }
}

/// Answers false when it was interrupted and the rest of the page must be read again.
bool subscription::core::deliver(const event_page& page) {
  for (const auto& one : page.events) {
    const bool go_on =
        now.with([](const standing& state) { return !state.ended && !state.paused; });
    if (!go_on)
      return false;
    try {
      take(one);
    } catch (const std::exception& thrown) {
      fail({fault_code::undone,
            "the subscriber threw at event " + std::to_string(one.at.value) + ": " + thrown.what(),
            ""});
      return false;
    }
    position = one.at.value;
  }
  position = page.next.value - 1;
  return true;
}

void subscription::core::await_records() {
  now.with([](standing& state) { state.news = false; });
  front->await_records(sequence{position.load()},
                       [me = weak_from_this()](const result<records_committed>& told) {
                         const auto self = me.lock();
                         if (self && told)
                           self->now.change([](standing& state) { state.news = true; });
                       });
  // A refusal (`busy`) tells nothing, so it looks again by itself now and then.
  now.wait_until(os::steady_now() + std::chrono::seconds{5},
                 [](const standing& state) { return state.ended || state.paused || state.news; });
}

void subscriptions::add(const std::shared_ptr<subscription::core>& one) {
  all_.with([&](auto& all) {
    std::erase_if(all, [](const auto& other) { return other.expired(); });
    all.push_back(one);
  });
}

void subscriptions::end_all() {
  const auto all = all_.with([](auto& held) { return std::exchange(held, {}); });
  for (const auto& one : all)
    if (const auto alive = one.lock())
      alive->end();
}

subscription::subscription(subscription&&) noexcept = default;

subscription& subscription::operator=(subscription&& other) noexcept {
  end();
  core_ = std::move(other.core_);
  return *this;
}

subscription::~subscription() {
  end();
}

void subscription::pause() {
  if (core_)
    core_->now.change([](core::standing& state) { state.paused = true; });
}

void subscription::resume() {
  if (core_)
    core_->now.change([](core::standing& state) { state.paused = false; });
}

void subscription::end() {
  if (core_)
    core_->end();
}

sequence subscription::position() const {
  return sequence{core_ ? core_->position.load() : 0};
}

std::optional<fault> subscription::problem() const {
  if (!core_)
    return std::nullopt;
  return core_->now.with([](const core::standing& state) { return state.problem; });
}

} // namespace holdfast
