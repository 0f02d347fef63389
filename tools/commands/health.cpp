// SPDX-License-Identifier: Apache-2.0
// `holdfast health`: one verdict of the running system; `holdfast doctor`: can this host do the
// job?
#include "tools/commands/commands.hpp"

#include "runtime/inspection/verdict.hpp"
#include "runtime/json.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/host_checks.hpp"
#include "runtime/upstream/door_client.hpp"
#include "tools/actor_lines.hpp"
#include "tools/connection.hpp"

namespace holdfast::tools {
namespace {

using inspection::verdict;

/// These commands answer with a verdict, in the order that monitoring systems know.
exit_code code_of(std::string_view status) {
  for (const auto one : {verdict::pass, verdict::warn, verdict::fail})
    if (to_string(one) == status)
      return static_cast<exit_code>(one);
  return static_cast<exit_code>(verdict::unknown);
}

exit_code print(const char* schema, value shown, session& told) {
  const auto status = shown.text_at("status");
  if (told.json()) {
    told.document(schema, {{"report", std::move(shown)}});
    return code_of(status);
  }
  if (!told.options().plain)
    told.line(told.toned(tone_of_status(status), status));
  const auto rows = health_rows(shown);
  if (!rows.empty())
    told.table({{"STATUS"}, {"CHECK"}, {"OBSERVED"}, {"WHAT, AND WHAT TO DO"}}, rows);
  return code_of(status);
}

/// What cannot be asked is not known: it passes nothing, and fails nothing.
exit_code unknown(const fault& problem, session& told) {
  if (told.json())
    told.document("health", {{"report", object{{"status", to_string(verdict::unknown)},
                                               {"output", problem.what},
                                               {"help", problem.help}}}});
  else
    told.line(told.toned(tone::warn, "unknown"));
  told.note(sentence_of(problem));
  return code_of(to_string(verdict::unknown));
}

result<exit_code> health(session& told) {
  const auto at = find_place(told);
  if (!at)
    return unknown(at.error(), told);
  if (at->socket.empty())
    return unknown(no_daemon(*at), told);
  const upstream::door_client client{{.socket = at->socket, .deadline = told.request_timeout()}};
  const auto answer = client.get("/health");
  if (!answer)
    return unknown(answer.error().code == fault_code::unreachable ? no_daemon(*at) : answer.error(),
                   told);
  auto shown = json::parse(answer->body);
  if (!shown || shown->find("checks") == nullptr)
    return unknown({fault_code::failed, "the daemon gave no verdict",
                    "it answered " + std::to_string(answer->status)},
                   told);
  return print("health", *std::move(shown), told);
}

result<exit_code> doctor(session& told) {
  const auto at = find_place(told);
  if (!at)
    return at.error();
  std::error_code unknown;
  const auto place = at->data.empty() ? std::filesystem::current_path(unknown) : at->data;
  inspection::health_report report;
  report.as_of = os::wall_now();
  report.checks = os::check_host(place, at->socket);
  for (const auto& one : report.checks)
    report.status =
        std::max(report.status, one.status == verdict::unknown ? verdict::warn : one.status);
  return print("doctor", inspection::show(report), told);
}

} // namespace

command_spec health_spec() {
  return {.name = "health",
          .brief = "One verdict of the running system: store, actors, lints, consumers.",
          .details = "Exit code 0 pass, 1 warn, 2 fail, 3 unknown (no daemon answers).\n",
          .options = {},
          .run = health};
}

command_spec doctor_spec() {
  return {
      .name = "doctor",
      .brief = "Tries whether this host can do the job, and says what is lost where not.",
      .details =
          "Locks, syncs, room, clock, memory, open files, in the data directory (or the current\n"
          "one), through files without names. Exit code 0 pass, 1 warn, 2 fail.\n",
      .options = {},
      .run = doctor};
}

} // namespace holdfast::tools
