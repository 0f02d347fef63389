// SPDX-License-Identifier: Apache-2.0
// Asks about actors: a daemon first, else the journal.
#include "tools/actor_source.hpp"

#include "persistence/superblock.hpp"
#include "runtime/json.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/upstream/door_client.hpp"

namespace holdfast::tools {
namespace {

std::string target_of(const std::string& name) {
  return "/v1/actors/" + upstream::percent(name);
}

} // namespace

std::string process_words(const source& from) {
  if (const auto owner = from.files->lock_owner(from.at.data / "holdfast.lock"); owner && *owner)
    return "its process (" + printable(**owner) + ") runs, but does not answer at its socket";
  const auto block = persistence::read_superblock(*from.files, from.at.data / "superblock");
  if (!block)
    return "its process is gone; whether it stopped cleanly is not known";
  return block->newest.clean ? "its process was stopped cleanly"
                             : "its process is gone, and did not stop cleanly";
}

result<value> ask_about_actors(const session& told, const std::string& target,
                               const journal_answer& otherwise) {
  const auto at = find_place(told);
  if (!at)
    return at.error();
  if (daemon_answers(*at)) {
    const upstream::door_client client{{.socket = at->socket, .deadline = told.request_timeout()}};
    return client.get_value(target);
  }
  const auto from = open_source(told);
  if (!from)
    return from.error();
  if (from->daemon)
    return fault{fault_code::busy, "the daemon has just been started", "Try again."};
  const auto found = inspection::from_journal(*from->reader, os::wall_now(), process_words(*from));
  if (!found)
    return found.error();
  return otherwise(*found, *from->reader);
}

result<value> ask_tree(const session& told, const inspection::actor_choice& chosen) {
  auto target = "/v1/actors?name=" + upstream::percent(chosen.name);
  for (const auto& state : chosen.states)
    target += (&state == chosen.states.data() ? "&state=" : ",") + upstream::percent(state);
  return ask_about_actors(
      told, target,
      [&](const inspection::findings& found, const persistence::reader&) -> result<value> {
        return inspection::show_actors(found, chosen);
      });
}

result<value> ask_actor(const session& told, const std::string& name, std::uint64_t history) {
  return ask_about_actors(
      told, target_of(name) + "?history=" + std::to_string(history),
      [&](const inspection::findings& in, const persistence::reader& from) -> result<value> {
        const auto one = inspection::find_actor(in, name);
        if (!one)
          return one.error();
        std::optional<checkpoint> kept;
        if (auto newest =
                from.newest_checkpoint(inspection::owner_of(**one), sequence{UINT64_MAX}, nullptr))
          kept = *std::move(newest);
        return inspection::show_actor(in, **one, kept, history);
      });
}

result<value> ask_why(const session& told, const std::string& name) {
  return ask_about_actors(
      told, target_of(name) + "/why",
      [&](const inspection::findings& in, const persistence::reader&) -> result<value> {
        const auto one = inspection::find_actor(in, name);
        return one ? result<value>{inspection::show_why(in, **one)} : one.error();
      });
}

result<value> give_order(const session& told, actor_order what, const std::string& name,
                         const std::string& reason) {
  const auto at = find_place(told);
  if (!at)
    return at.error();
  if (at->socket.empty())
    return no_daemon(*at);
  const upstream::door_client client{{.socket = at->socket, .deadline = told.request_timeout()}};
  auto done = client.post_value(target_of(name) + "/" + std::string{to_string(what)},
                                json::print(object{{"reason", reason}}));
  if (!done && done.error().code == fault_code::unreachable)
    return no_daemon(*at);
  return done;
}

} // namespace holdfast::tools
