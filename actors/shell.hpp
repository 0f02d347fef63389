// SPDX-License-Identifier: Apache-2.0
// What every shell needs before its first message: handlers that keep failures quiet and told.
#pragma once

#include "messages/fault.hpp"

#include <caf/behavior.hpp>
#include <caf/duration.hpp>
#include <caf/error.hpp>
#include <caf/scheduled_actor.hpp>

#include <string>
#include <type_traits>
#include <utility>

namespace holdfast {

/// A fault as an answer CAF can carry, and back. CAF's own errors become `timed_out` where they
/// say that nobody answered in time, else `failed`.
caf::error to_error(const fault& problem);
fault to_fault(const caf::error& problem);

/// One line for people: the text of the exception or fault inside, else the error's name.
/// Empty for no error.
std::string text_of(const caf::error& problem);

namespace detail {

void install_handlers(caf::scheduled_actor* self);

template <class Self>
concept has_state = requires(Self& self) {
  self.state;
};

} // namespace detail

/// Call it first in every shell. Afterwards
/// - an exception ends the actor and its text reaches whoever monitors it, not the terminal;
/// - an unexpected request is answered with an error, any other unexpected message is dropped;
/// - an error message from a neighbour does not end the actor (CAF's default does);
/// - a down message that no handler of its own takes is dropped.
template <class Self>
void furnish(Self* self) {
  if constexpr (detail::has_state<Self>) {
    // CAF initialises an aggregate's first member from the actor's address under C++20.
    static_assert(!std::is_aggregate_v<std::remove_cvref_t<decltype(self->state)>>,
                  "declare a constructor for the state of this actor");
  }
  detail::install_handlers(self);
}

/// Calls `then` after `delay` by the actor's clock, unless the actor ends before. Needs no message
/// type of its own and keeps nothing alive; it cannot be cancelled, so `then` must check whether
/// it still matters.
template <class Self, class Then>
void after(Self* self, caf::timespan delay, Then then) {
  // A request that is sent to nobody: only its timeout can answer.
  const auto id = self->new_request_id(caf::message_priority::normal);
  self->request_response_timeout(caf::duration{delay}, id);
  self->add_multiplexed_response_handler(
      id.response_id(),
      caf::behavior{[then = std::move(then)](const caf::error&) mutable { then(); }});
}

} // namespace holdfast
