// SPDX-License-Identifier: Apache-2.0
// What both sides of the supervision benchmark share: an actor system, a child, a stop watch.
#pragma once

#include "actors/inspect.hpp"
#include "actors/shell.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <stdexcept>

namespace bench {

struct do_fail {
  static constexpr auto name = "do_fail";
  static constexpr auto fields = std::make_tuple();
};

struct do_ping {
  static constexpr auto name = "do_ping";
  static constexpr auto fields = std::make_tuple();
};

struct came_up {
  static constexpr auto name = "came_up";
  static constexpr auto fields = std::make_tuple();
};

struct quiet_config : caf::actor_system_config {
  quiet_config() {
    set("scheduler.max-threads", std::size_t{2});
    set("scheduler.max-throughput", std::size_t{50});
    set("logger.console-verbosity", caf::atom("quiet"));
  }
};

/// Fails when told to, answers a ping, and tells `told` once that it is up.
inline caf::behavior crashing_child(caf::event_based_actor* self, const caf::actor& told) {
  holdfast::furnish(self);
  if (told)
    self->anon_send(told, came_up{});
  return {[](do_fail) { throw std::runtime_error{"told to fail"}; }, [](do_ping) { return 1; }};
}

class stop_watch {
public:
  double us() const { return seconds() * 1e6; }
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - since_).count();
  }

private:
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

/// Waits for one message, a minute at most.
template <class Message>
void await(caf::scoped_actor& self, std::size_t count = 1) {
  for (std::size_t i = 0; i < count; ++i)
    self->receive([](const Message&) {},
                  caf::after(std::chrono::minutes{1}) >>
                      [] { throw std::runtime_error{"a child did not come in a minute"}; });
}

inline void await_ping(caf::scoped_actor& self, const caf::actor& whom) {
  self->request(whom, std::chrono::minutes{1}, do_ping{})
      .receive([](int) {},
               [](caf::error& why) { throw std::runtime_error{holdfast::text_of(why)}; });
}

} // namespace bench
