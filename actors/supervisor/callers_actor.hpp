// SPDX-License-Identifier: Apache-2.0
// Whoever waits for an answer of a supervisor: each gets one, whatever happens to the supervisor.
#pragma once

#include <caf/abstract_actor.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>
#include <caf/make_message.hpp>
#include <caf/message_id.hpp>
#include <caf/response_promise.hpp>

#include <cstdint>
#include <map>
#include <utility>

namespace holdfast::supervisor {

/// Requests by number. Unlike CAF's promises they do not keep the actor alive that owes the answer,
/// and can be answered while it is being killed. One that was no request wants no answer.
class callers {
public:
  template <class Promise>
  std::uint64_t add(Promise promise) {
    const caf::response_promise& plain = promise; // typed ones convert
    waiting_.emplace(++issued_, one{plain.source(), plain.id()});
    return issued_;
  }

  std::size_t size() const { return waiting_.size(); }

  template <class Answer>
  void answer(std::uint64_t number, Answer what) {
    if (auto found = waiting_.extract(number); !found.empty())
      deliver(found.mapped(), std::move(what));
  }

  template <class Answer>
  void answer_all(const Answer& what) {
    for (const auto& [number, whom] : std::exchange(waiting_, {}))
      deliver(whom, what);
  }

private:
  struct one {
    caf::strong_actor_ptr whom;
    caf::message_id request;
  };

  template <class Answer>
  static void deliver(const one& to, Answer what) {
    if (to.whom && to.request.is_request())
      to.whom->enqueue(nullptr, to.request.response_id(), caf::make_message(std::move(what)),
                       nullptr);
  }

  std::uint64_t issued_ = 0;
  std::map<std::uint64_t, one> waiting_;
};

} // namespace holdfast::supervisor
