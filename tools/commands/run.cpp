// SPDX-License-Identifier: Apache-2.0
// `holdfast run`: the daemon.
#include "runtime/daemon.hpp"
#include "tools/commands/commands.hpp"
#include "tools/connection.hpp"
#include "tools/session.hpp"

namespace holdfast::tools {
namespace {

result<exit_code> run(bool initialise, session& told) {
  auto at = find_place(told);
  if (!at)
    return at.error();
  if (const auto data = need_data(*at); !data)
    return data.error();
  if (initialise)
    at->chosen.initialise = true;
  daemon_outlets outlets;
  outlets.say = [&told](const std::string& line) { told.note(printable(line)); };
  if (const auto ended = run_daemon(at->chosen, outlets); !ended)
    return ended.error();
  return exit_code::done;
}

} // namespace

command_spec run_spec() {
  auto initialise = std::make_shared<bool>(false);
  return {.name = "run",
          .brief = "Runs the daemon until SIGTERM or Ctrl-C.",
          .details =
              "For example: holdfast run --init --data /var/lib/holdfast\n"
              "Answers on the socket: holdfast.sock in the data directory, or --socket.\n"
              "Exit code 8 when acknowledged records cannot be served, 7 when another holds\n"
              "the store, 9 when the store failed and could not be reopened.\n",
          .options = {{"--init", "", "Make the store when the directory is absent or empty.",
                       initialise.get()}},
          .run = [initialise](session& told) { return run(*initialise, told); },
          .lasts = true};
}

} // namespace holdfast::tools
