// SPDX-License-Identifier: Apache-2.0
// `holdfast replay fork`: a new store with the records up to a place.
#include "persistence/store.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/host.hpp"
#include "tools/commands/commands.hpp"
#include "tools/connection.hpp"
#include "tools/event_choice.hpp"
#include "tools/progress.hpp"
#include "tools/store_place.hpp"

namespace holdfast::tools {
namespace {

struct fork_words {
  std::string at;
  std::string to;
};

result<exit_code> fork(const fork_words& typed, session& told) {
  const auto at = parse_sequence("--at", typed.at);
  if (!at)
    return at.error();
  const auto from = open_source(told, appetite::all);
  if (!from)
    return from.error();
  const auto head = from->reader->head();
  if (!head)
    return head.error();
  if (*at > head->last || at->value == 0)
    return fault{fault_code::not_found, "there is no record " + std::to_string(at->value),
                 "The newest is " + std::to_string(head->last.value) + "."};
  const auto target = os::absolute(typed.to);
  auto files = persistence::make_posix_disk();
  auto chosen = from->at.chosen;
  const auto started = os::steady_now();
  if (const auto made = persistence::fork(*from->reader, *at,
                                          store_options_of(chosen, target, *files), os::wall_now());
      !made)
    return made.error();
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(os::steady_now() - started);
  if (told.json())
    told.document("replay-fork",
                  {{"at", at->value}, {"data", target.string()}, {"milliseconds", took.count()}});
  else
    told.line("A new store in " + target.string() + " has the records up to "
              + std::to_string(at->value) + " (" + spoken(took) + "). The original is as it was.");
  return exit_code::done;
}

} // namespace

command_spec replay_fork_spec() {
  auto typed = std::make_shared<fork_words>();
  return {
      .name = "replay fork",
      .brief = "Makes a new store with the records up to a place.",
      .details = "Promise: the original is left untouched, byte for byte.\n"
                 "For example: holdfast replay fork --at 1200 --to /tmp/what-if\n",
      .options = {{"--at", "SEQ", "The last record to take along.", &typed->at, true},
                  {"--to", "DIR", "The new data directory: absent or empty.", &typed->to, true}},
      .run = [typed](session& told) { return fork(*typed, told); }};
}

} // namespace holdfast::tools
