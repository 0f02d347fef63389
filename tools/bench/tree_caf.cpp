// SPDX-License-Identifier: Apache-2.0
// Supervision measured with what CAF has: an actor that monitors its children and spawns them
// again.
#include "tools/bench/tree.hpp"
#include "tools/bench/tree_world.hpp"

#include <map>

namespace bench {

namespace {

/// Starts one child, and another whenever it ends; each new one is told to `told`.
caf::behavior respawner(caf::event_based_actor* self, const caf::actor& told) {
  const auto spawn = [self, told] {
    const auto child = self->spawn<caf::monitored>(crashing_child, told);
    self->anon_send(told, child);
  };
  self->set_down_handler([spawn](caf::down_msg&) { spawn(); });
  spawn();
  return {[](do_ping) {}};
}

/// Starts so many children and says when they have answered; at its end stops all and waits.
caf::behavior keeper(caf::event_based_actor* self, const caf::actor& told, std::size_t children) {
  const auto left = std::make_shared<std::size_t>(children);
  const auto all = std::make_shared<std::map<caf::actor_id, caf::actor>>();
  self->set_down_handler([=](caf::down_msg& down) {
    all->erase(down.source.id());
    if (all->empty())
      self->quit();
  });
  self->set_exit_handler([=](caf::exit_msg&) {
    for (const auto& [id, child] : *all)
      self->send_exit(child, caf::exit_reason::user_shutdown);
  });
  for (std::size_t i = 0; i < children; ++i) {
    const auto child = self->spawn<caf::monitored>(crashing_child, caf::actor{});
    all->emplace(child.id(), child);
    self->request<caf::message_priority::high>(child, caf::infinite, caf::sys_atom::value,
                                               caf::get_atom::value, std::string{"info"})
        .then(
            [=](caf::ok_atom, const std::string&, const caf::strong_actor_ptr&,
                const std::string&) {
              if (--*left == 0)
                self->anon_send(told, came_up{});
            },
            [](caf::error&) {});
  }
  return {[](do_ping) {}};
}

void stop(caf::scoped_actor& self, const caf::actor& whom) {
  self->monitor(whom);
  caf::anon_send_exit(whom, caf::exit_reason::user_shutdown);
  self->receive([](const caf::down_msg&) {});
}

} // namespace

std::vector<double> crash_to_serving_caf(std::size_t crashes) {
  quiet_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  const auto next = [&] {
    caf::actor child;
    self->receive([&](const caf::actor& told) { child = told; });
    await<came_up>(self);
    return child;
  };
  const auto keeping = system.spawn(respawner, caf::actor{self});
  auto child = next();
  await_ping(self, child);
  std::vector<double> times;
  for (std::size_t i = 0; i < crashes; ++i) {
    const stop_watch since;
    self->send(child, do_fail{});
    child = next();
    await_ping(self, child);
    times.push_back(since.us());
  }
  caf::anon_send_exit(keeping, caf::exit_reason::kill);
  caf::anon_send_exit(child, caf::exit_reason::kill);
  return times;
}

many_children many_children_caf(std::size_t children) {
  quiet_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  many_children told;
  const stop_watch starting;
  const auto keeping = system.spawn(keeper, caf::actor{self}, children);
  await<came_up>(self);
  told.start_seconds = starting.seconds();
  const stop_watch stopping;
  stop(self, keeping);
  told.stop_seconds = stopping.seconds();
  return told;
}

} // namespace bench
