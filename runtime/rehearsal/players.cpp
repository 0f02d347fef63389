// SPDX-License-Identifier: Apache-2.0
// What a scripted child does with each message, and when it is asked to end.
#include "runtime/rehearsal/players.hpp"

#include "actors/shell.hpp"

#include <caf/actor_cast.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace holdfast::rehearsal {

namespace {

std::string text_or(const std::string& text, const char* otherwise) {
  return text.empty() ? otherwise : text;
}

void clean_up(caf::event_based_actor* self, const stop_act& how) {
  switch (how.how) {
  case stop_act::kind::crashes:
    throw std::runtime_error{text_or(how.text, "crashed while it cleaned up")};
  case stop_act::kind::ends_normally:
    self->quit();
    break;
  default:
    self->quit(caf::exit_reason::user_shutdown);
  }
}

void on_exit(caf::event_based_actor* self, const company& with, const std::string& id,
             const stop_act& how) {
  if (how.how == stop_act::kind::ignores)
    return with.say(id + ": asked to end, and does not");
  with.say(id + ": asked to end");
  if (how.after.count() == 0)
    return clean_up(self, how);
  after(self, how.after, [self, how] { clean_up(self, how); });
}

caf::behavior act(caf::event_based_actor* self, const std::shared_ptr<company>& with,
                  const std::string& id, const conduct& as, const start_act& start) {
  furnish(self);
  self->set_exit_handler([self, with, id, how = as.stops](caf::exit_msg& asked) {
    if (asked.reason == caf::exit_reason::user_shutdown)
      on_exit(self, *with, id, how);
    else
      self->quit(asked.reason);
  });
  if (start.how == start_act::kind::hangs)
    with->on->hang(id, std::nullopt);
  else if (start.after.count() > 0)
    with->on->hang(id, start.after);
  if (start.how == start_act::kind::crashes)
    throw std::runtime_error{text_or(start.text, "crashed in its first step")};
  return {[self, with, id](caf::atom_value what) -> caf::atom_value {
    const auto& told = with->told[id];
    switch (static_cast<std::uint64_t>(what)) {
    case static_cast<std::uint64_t>(do_crash):
      throw std::runtime_error{told.crash_text};
    case static_cast<std::uint64_t>(do_end):
      self->quit(told.ends_normally ? caf::error{} : caf::error{caf::exit_reason::user_shutdown});
      break;
    case static_cast<std::uint64_t>(do_block):
      with->say(id + ": blocks");
      with->on->hang(id, told.block_time);
      with->say(id + ": goes on");
      break;
    default:
      with->say(id + ": got " + caf::to_string(what));
    }
    return what;
  }};
}

} // namespace

supervisor::child_factory scripted_child(const std::shared_ptr<company>& with, std::string id) {
  return [with, id = std::move(id)](caf::actor_system& system, const value& arguments) {
    const auto scripted = with->said->conducts.find(id);
    const auto as = scripted == with->said->conducts.end() ? conduct{} : scripted->second;
    const auto count = with->starts[id]++;
    const auto start =
        as.starts.empty() ? start_act{} : as.starts[std::min(count, as.starts.size() - 1)];
    const auto* given = arguments.as<std::string>();
    with->say(id + ": begins" + (given != nullptr ? " with " + *given : ""));
    if (start.how == start_act::kind::ignores)
      return supervisor::newborn{};
    if (start.how == start_act::kind::fails)
      throw std::runtime_error{text_or(start.text, "told to fail")};
    const auto made =
        system.spawn([=](caf::event_based_actor* self,
                         const std::string& whose) { return act(self, with, whose, as, start); },
                     id);
    with->newest[id] = caf::actor_cast<caf::weak_actor_ptr>(made);
    return supervisor::newborn{made, start.text};
  };
}

} // namespace holdfast::rehearsal
