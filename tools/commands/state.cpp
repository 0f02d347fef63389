// SPDX-License-Identifier: Apache-2.0
// `holdfast state NAME --at SEQ|TIME`.
#include "tools/commands/commands.hpp"

#include "runtime/json.hpp"
#include "tools/connection.hpp"
#include "tools/event_choice.hpp"
#include "tools/states.hpp"

#include <algorithm>

namespace holdfast::tools {
namespace {

struct state_words {
  std::string name;
  std::string at;
};

/// Up to eight digits are a sequence number; `@1700000000` and the rest are times.
result<std::optional<sequence>> place_of(const state_words& typed, const source& from,
                                         const session& told) {
  if (typed.at.empty())
    return std::optional<sequence>{};
  const bool digits = std::all_of(typed.at.begin(), typed.at.end(),
                                  [](char one) { return one >= '0' && one <= '9'; });
  if (digits) {
    const auto at = parse_sequence("--at", typed.at);
    if (!at)
      return at.error();
    return std::optional<sequence>{*at};
  }
  const auto when = told.parse_time_option("--at", typed.at);
  if (!when)
    return when.error();
  const auto after = from.reader->at_time({when->us + 1});
  if (!after)
    return after.error();
  return std::optional<sequence>{sequence{after->value - 1}};
}

result<exit_code> show(const state_words& typed, session& told) {
  const auto from = open_source(told);
  if (!from)
    return from.error();
  const auto at = place_of(typed, *from, told);
  if (!at)
    return at.error();
  const auto found = state_of(*from->reader, {typed.name, *at});
  if (!found)
    return found.error();
  if (told.json()) {
    told.document("state", {{"owner", found->owner},
                            {"covered", found->covered.value},
                            {"checkpoint", found->checkpoint.value},
                            {"folded", found->folded},
                            {"state", found->state}});
    return exit_code::done;
  }
  told.note(found->owner + " as of record " + std::to_string(found->covered.value)
            + (found->folded ? "" : " (its newest checkpoint; its fold is not known here)"));
  told.line(json::print_pretty(found->state));
  return exit_code::done;
}

} // namespace

command_spec state_spec() {
  auto typed = std::make_shared<state_words>();
  return {.name = "state",
          .brief = "Shows the state of an actor or consumer, now or at any moment.",
          .details = "For example: holdfast state learning --at 1200\n"
                     "             holdfast state learning --at 'yesterday 14:30'\n",
          .options = {{"NAME", "", "The actor or consumer.", &typed->name, true},
                      {"--at", "SEQ|TIME", "After this record, or as of this time.", &typed->at}},
          .run = [typed](session& told) { return show(*typed, told); },
          .pages = true};
}

} // namespace holdfast::tools
