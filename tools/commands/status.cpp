// SPDX-License-Identifier: Apache-2.0
// `holdfast status`, and `holdfast` alone.
#include "runtime/upstream/door_client.hpp"
#include "tools/commands/commands.hpp"
#include "tools/connection.hpp"
#include "tools/status_lines.hpp"

namespace holdfast::tools {
namespace {

result<exit_code> status(session& told) {
  const auto at = find_place(told);
  if (!at)
    return at.error();
  if (at->socket.empty())
    return no_daemon(*at);
  const upstream::door_client client{{.socket = at->socket, .deadline = told.request_timeout()}};
  const auto answer = client.get_value("/v1/status");
  if (!answer)
    return answer.error().code == fault_code::unreachable ? no_daemon(*at) : answer.error();
  const auto* ready = answer->find("ready");
  const auto* truth = ready == nullptr ? nullptr : ready->as<bool>();
  const bool good = truth != nullptr && *truth;
  if (told.json()) {
    told.document("status", {{"status", *answer}});
  } else {
    for (const auto& [how, text] : status_lines(*answer))
      told.line(told.toned(how, printable(text)));
  }
  return good ? exit_code::done : exit_code::failed;
}

} // namespace

command_spec status_spec() {
  return {.name = "status",
          .brief = "Says in five lines how the daemon is.",
          .details = "Exit code 0 when it is ready, 1 when it is not, 3 when no daemon answers.\n",
          .options = {},
          .run = status};
}

} // namespace holdfast::tools
