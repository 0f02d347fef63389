// SPDX-License-Identifier: Apache-2.0
// `holdfast logs verify`: is every line of the telemetry files there, and as it was written?
#include "persistence/telemetry_reader.hpp"
#include "tools/commands/commands.hpp"
#include "tools/connection.hpp"
#include "tools/progress.hpp"
#include "tools/session.hpp"

#include "runtime/os/host.hpp"

namespace holdfast::tools {
namespace {

result<std::filesystem::path> telemetry_directory(const std::string& typed, const session& told) {
  if (!typed.empty())
    return os::absolute(typed);
  const auto at = find_place(told);
  if (!at)
    return at.error();
  if (!at->chosen.telemetry.directory.empty())
    return os::absolute(at->chosen.telemetry.directory);
  const auto data = need_data(*at);
  if (!data)
    return data.error();
  return *data / "telemetry";
}

result<exit_code> verify(const std::string& typed, session& told) {
  const auto directory = telemetry_directory(typed, told);
  if (!directory)
    return directory.error();
  const auto found = persistence::verify_telemetry(directory->string());
  if (!found)
    return found.error();
  if (told.json()) {
    told.document("logs-verify", {{"directory", directory->string()},
                                  {"files", found->files},
                                  {"lines", found->lines},
                                  {"bad", found->bad},
                                  {"torn", found->torn},
                                  {"writing", found->writing},
                                  {"shed", found->shed},
                                  {"missing", found->missing},
                                  {"repeated", found->repeated},
                                  {"broken", found->broken},
                                  {"clean", found->clean()}});
  } else {
    told.table({{""}, {"", side::right}}, {{"files", grouped(found->files)},
                                           {"lines", grouped(found->lines)},
                                           {"shed, and said so", grouped(found->shed)},
                                           {"missing", grouped(found->missing)},
                                           {"damaged", grouped(found->bad)},
                                           {"repeated", grouped(found->repeated)},
                                           {"torn ends", grouped(found->torn)},
                                           {"breaks of an audit chain", grouped(found->broken)}});
    told.line(found->clean() ? told.toned(tone::good, "all good")
                             : told.toned(tone::bad, "not all is there as it was written"));
  }
  return found->clean() ? exit_code::done : exit_code::damaged;
}

} // namespace

command_spec logs_verify_spec() {
  auto directory = std::make_shared<std::string>();
  return {.name = "logs verify",
          .brief = "Checks every line of Holdfast's own log files.",
          .details = "Exit code 8 when a line is missing or is not as it was written.\n",
          .options = {{"DIR", "", "The telemetry directory; else that of the data directory.",
                       directory.get()}},
          .run = [directory](session& told) { return verify(*directory, told); }};
}

} // namespace holdfast::tools
