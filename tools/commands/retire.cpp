// SPDX-License-Identifier: Apache-2.0
// `holdfast store retire`: raises the retention floor, so that old records may go.
#include "runtime/json.hpp"
#include "runtime/upstream/door_client.hpp"
#include "tools/commands/commands.hpp"
#include "tools/connection.hpp"
#include "tools/session.hpp"

#include <charconv>

namespace holdfast::tools {
namespace {

struct retire_words {
  std::string to;
  std::string reason;
  bool force = false;
  bool dry_run = false;
};

result<exit_code> retire(const retire_words& typed, session& told) {
  std::uint64_t floor = 0;
  const auto* end = typed.to.data() + typed.to.size();
  if (const auto read = std::from_chars(typed.to.data(), end, floor);
      typed.to.empty() || read.ec != std::errc{} || read.ptr != end)
    return fault{fault_code::invalid, "--to needs the last sequence to retire",
                 "For example --to 100000."};
  if (typed.reason.empty())
    return fault{fault_code::invalid, "retiring records needs a reason",
                 "It is kept in the audit record: --reason \"...\"."};
  const auto at = find_place(told);
  if (!at)
    return at.error();
  if (at->socket.empty())
    return no_daemon(*at);
  const upstream::door_client client{{.socket = at->socket, .deadline = told.request_timeout()}};
  const auto answer =
      client.post_value("/v1/retention", json::print(object{{"floor", floor},
                                                            {"force", typed.force},
                                                            {"dry_run", typed.dry_run},
                                                            {"reason", typed.reason}}));
  if (!answer)
    return answer.error().code == fault_code::unreachable ? no_daemon(*at) : answer.error();
  const auto raised = answer->integer_at("floor");
  if (told.json())
    told.document("store-retire", {{"floor", raised}, {"dry_run", typed.dry_run}});
  else if (typed.dry_run)
    told.line("Records up to " + std::to_string(raised)
              + " would be retired. Nothing was changed (--dry-run).");
  else
    told.line("Records up to " + std::to_string(raised)
              + " are retired; their files go as they fall behind. What was seen stays known.");
  return exit_code::done;
}

} // namespace

command_spec store_retire_spec() {
  auto typed = std::make_shared<retire_words>();
  return {.name = "store retire",
          .brief = "Retires old records: raises the retention floor of a running daemon.",
          .details =
              "Refused (exit code 7) when it would pass a consumer's place or the newest anchor,\n"
              "leave a state without a checkpoint, or drop more than 20 % at once. Duplicates of\n"
              "retired events are still recognised. By default everything is kept for ever.\n",
          .options = {{"--to", "SEQ", "The last record to retire.", &typed->to},
                      {"--reason", "TEXT", "Why; kept in the audit record.", &typed->reason},
                      {"--force", "", "Also beyond those limits.", &typed->force},
                      {"--dry-run", "", "Only say whether it would be done.", &typed->dry_run}},
          .run = [typed](session& told) { return retire(*typed, told); }};
}

} // namespace holdfast::tools
