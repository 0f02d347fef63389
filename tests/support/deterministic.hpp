// SPDX-License-Identifier: Apache-2.0
// An actor system that moves only when it is told to, with verbs for tests.
#pragma once

#include "actors/inspect.hpp"
#include "actors/shell.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace holdfast::test {

struct quiet_config : caf::actor_system_config {
  quiet_config() {
    set("scheduler.policy", caf::atom("testing"));
    set("logger.console-verbosity", caf::atom("quiet"));
    set("logger.file-verbosity", caf::atom("quiet"));
  }
};

/// One thread, virtual time. Spawn functions with at least one argument: without any, CAF's header
/// dereferences a null pointer, which the `dev` preset's checks end. Detached and blocking actors
/// are out of its reach: spawn none. Drop handles before the fixture ends, or keep them in members
/// declared after it. The fixture ends by letting all time pass: end what calls into members of a
/// derived fixture before.
struct deterministic {
  quiet_config config;
  caf::actor_system sys{config};
  caf::scoped_actor self{sys, true};
  caf::scheduler::test_coordinator& scheduler =
      dynamic_cast<caf::scheduler::test_coordinator&>(sys.scheduler());

  deterministic() = default;
  deterministic(const deterministic&) = delete;
  deterministic& operator=(const deterministic&) = delete;

  /// Jobs and pending timeouts both hold actors alive, and the system would wait for ever.
  ~deterministic() {
    do
      settle();
    while (scheduler.trigger_timeout());
  }

  /// Runs every job that can run without time moving.
  void settle() {
    while (scheduler.try_run_once()) {
    }
  }

  /// Lets `time` go by, from one timeout to the next, settling at each: what an early one sets off
  /// happens before a later one is due.
  void pass(caf::timespan time) {
    const auto end = now() + time;
    for (settle(); now() < end; settle()) {
      const auto& due = scheduler.clock().schedule();
      const auto next = due.empty() ? end : std::clamp(due.begin()->first, now(), end);
      scheduler.advance_time(std::max<caf::timespan>(next - now(), caf::timespan{1}));
    }
  }

  caf::actor_clock::time_point now() { return scheduler.clock().now(); }

  /// Sends without waiting for an answer, then settles.
  template <class Handle, class Message>
  void tell(const Handle& whom, Message message) {
    caf::anon_send(whom, std::move(message));
    settle();
  }

  /// Asks and settles. Throws if there is no answer without time moving.
  template <class Reply, class Handle, class... Message>
  result<Reply> try_ask(const Handle& whom, Message... message) {
    auto answer = self->request(whom, caf::infinite, std::move(message)...);
    settle();
    if (!self->has_next_message())
      throw std::runtime_error{"no answer unless time passes"};
    std::optional<result<Reply>> got;
    answer.receive([&](Reply& reply) { got.emplace(std::move(reply)); },
                   [&](caf::error& problem) { got.emplace(to_fault(problem)); });
    return std::move(*got);
  }

  /// The same where the answer must be a reply. Throws what the fault says otherwise.
  template <class Reply, class Handle, class... Message>
  Reply ask(const Handle& whom, Message... message) {
    auto answer = try_ask<Reply>(whom, std::move(message)...);
    if (!answer)
      throw std::runtime_error{answer.error().what};
    return std::move(*answer);
  }

  /// The reason for which the actor has ended; nothing while it lives.
  template <class Handle>
  std::optional<caf::error> end_of(const Handle& whom) {
    settle();
    self->monitor(whom);
    settle();
    std::optional<caf::error> reason;
    while (self->has_next_message())
      self->receive([&](const caf::down_msg& down) {
        if (down.source == whom)
          reason = down.reason;
      });
    if (!reason)
      self->demonitor(whom.address());
    return reason;
  }

  template <class Handle>
  bool ended(const Handle& whom) {
    return end_of(whom).has_value();
  }
};

} // namespace holdfast::test
