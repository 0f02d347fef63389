// SPDX-License-Identifier: Apache-2.0
// Asks about actors: a daemon first, else the journal.
#include "tools/actor_source.hpp"

#include "persistence/superblock.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/upstream/door_client.hpp"

namespace holdfast::tools {

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

} // namespace holdfast::tools
