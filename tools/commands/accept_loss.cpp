// SPDX-License-Identifier: Apache-2.0
// `holdfast store accept-loss`: what an operator decides when nothing else is left.
#include "runtime/os/clock.hpp"
#include "tools/commands/commands.hpp"
#include "tools/connection.hpp"
#include "tools/session.hpp"
#include "tools/store_place.hpp"

namespace holdfast::tools {
namespace {

struct loss_words {
  std::string reason;
  std::string confirm;
  bool dry_run = false;
};

/// What is damaged, so that one can see what would be given up.
result<exit_code> only_look(const options& chosen, const std::filesystem::path& data,
                            session& told) {
  const auto files = persistence::make_posix_disk();
  const auto report = persistence::verify_stopped(store_options_of(chosen, data, *files), false);
  if (!report && report.error().code != fault_code::corrupt)
    return report.error();
  const auto damage = report ? report->damage : std::vector<fault>{report.error()};
  array listed;
  for (const auto& one : damage) {
    listed.emplace_back(one.what);
    if (!told.json())
      told.line(printable(one.what));
  }
  if (told.json())
    told.document("accept-loss", {{"dry_run", true}, {"damage", std::move(listed)}});
  else if (damage.empty())
    told.line("Nothing would have to be given up.");
  told.note("Nothing was changed (--dry-run).");
  return exit_code::done;
}

result<exit_code> accept_loss(const loss_words& typed, session& told) {
  const auto at = find_place(told);
  if (!at)
    return at.error();
  const auto data = need_data(*at);
  if (!data)
    return data.error();
  if (typed.dry_run)
    return only_look(at->chosen, *data, told);
  const auto name = data->filename().string();
  if (typed.reason.empty())
    return fault{fault_code::invalid, "giving records up needs a reason",
                 "It is kept in the audit record: --reason \"...\"."};
  if (typed.confirm != name)
    return fault{fault_code::invalid,
                 "this gives up acknowledged records of " + data->string() + " for ever",
                 "If that is what you want, repeat the directory's name: --confirm=" + name + "."};
  auto files = persistence::make_posix_disk();
  const auto given_up = persistence::store::accept_loss(store_options_of(at->chosen, *data, *files),
                                                        typed.reason, os::wall_now());
  if (!given_up)
    return given_up.error();
  const auto [from, to] = *given_up;
  if (told.json())
    told.document("accept-loss", {{"from", from.value}, {"to", to.value}});
  else if (to < from)
    told.line("Nothing had to be given up: every acknowledged record is there.");
  else
    told.line("Given up: " + std::to_string(from.value) + ".." + std::to_string(to.value)
              + ". The reason is recorded. Start it with `holdfast run --data " + data->string()
              + "`.");
  return exit_code::done;
}

} // namespace

command_spec store_accept_loss_spec() {
  auto typed = std::make_shared<loss_words>();
  return {.name = "store accept-loss",
          .brief = "Gives up records that cannot be recovered, on the record.",
          .details =
              "For a store that refuses to start (exit code 8). Keeps what verifies, records\n"
              "the gap and the reason, and never uses the lost numbers again.\n",
          .options = {{"--reason", "TEXT", "Why; kept in the audit record.", &typed->reason},
                      {"--confirm", "NAME", "The data directory's name, to show that it is meant.",
                       &typed->confirm},
                      {"--dry-run", "", "Only say what is damaged.", &typed->dry_run}},
          .run = [typed](session& told) { return accept_loss(*typed, told); }};
}

} // namespace holdfast::tools
