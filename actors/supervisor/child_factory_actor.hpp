// SPDX-License-Identifier: Apache-2.0
// How a child is made: one function for each, called for each of its incarnations.
#pragma once

#include "messages/value.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

namespace holdfast::supervisor {

/// One incarnation, and what it says of itself for whoever asked for its start.
struct newborn {
  newborn(caf::actor made = {}, std::string says = {})
      : actor{std::move(made)}, info{std::move(says)} {}

  caf::actor actor; ///< Strong; the supervisor keeps it.
  std::string info;
};

template <class Make>
concept makes_children =
    std::is_invocable_v<Make&, caf::actor_system&> || std::is_invocable_v<Make&, caf::actor_system&,
                                                                          const value&>;

/// Makes one incarnation of a child and returns a strong handle to it, or a `newborn`. An invalid
/// handle means that the child decided not to run (OTP's `ignore`); an exception means that the
/// start failed. The factory decides whether the actor is detached. It runs in the supervisor and
/// must not block.
///
/// Any function of an actor system, or of an actor system and the arguments of the start.
class child_factory {
public:
  child_factory() = default;
  child_factory(std::nullptr_t) {}

  template <makes_children Make>
  child_factory(Make make) {
    if constexpr (std::is_invocable_v<Make&, caf::actor_system&, const value&>)
      make_ = std::move(make);
    else
      make_ = [make = std::move(make)](caf::actor_system& system, const value&) mutable -> newborn {
        return make(system);
      };
  }

  explicit operator bool() const { return make_ != nullptr; }

  newborn operator()(caf::actor_system& system, const value& arguments = {}) const {
    return make_(system, arguments);
  }

private:
  std::function<newborn(caf::actor_system&, const value&)> make_;
};

} // namespace holdfast::supervisor
