// SPDX-License-Identifier: Apache-2.0
// `holdfast actors`, `inspect` and `why`.
#include "tools/commands/commands.hpp"

#include "runtime/inspection/show.hpp"
#include "runtime/os/clock.hpp"
#include "tools/actor_lines.hpp"
#include "tools/actor_source.hpp"
#include "tools/interrupt.hpp"

#include <algorithm>

namespace holdfast::tools {
namespace {

/// Between two looks of `--watch`, and between two glances at Ctrl-C.
constexpr std::chrono::milliseconds watch_interval{2000};
constexpr std::chrono::milliseconds watch_glance{100};

struct actors_words {
  std::string state;
  std::string name;
  bool watch = false;
};

struct inspect_words {
  std::string name;
  std::uint64_t history = 20;
};

result<inspection::actor_choice> choice_of(const actors_words& typed) {
  inspection::actor_choice made;
  made.name = typed.name;
  const auto known = inspection::known_states();
  auto rest = typed.state;
  while (!rest.empty()) {
    const auto comma = std::min(rest.find(','), rest.size());
    const auto one = rest.substr(0, comma);
    rest.erase(0, comma + 1);
    if (std::find(known.begin(), known.end(), one) == known.end())
      return fault{fault_code::invalid, unknown_name("state", one, known).what,
                   unknown_name("state", one, known).help};
    made.states.push_back(one);
  }
  return made;
}

void print_actors(const value& told_of, session& told) {
  if (!told.options().plain)
    for (const auto& [how, text] : actors_head(told_of))
      told.line(told.toned(how, printable(text)));
  std::vector<column> columns;
  for (const auto& title : actor_titles())
    columns.push_back({title, title == "QUEUED" || title == "RESTARTS" ? side::right : side::left});
  const auto rows = actor_rows(told_of);
  if (rows.empty())
    told.note("No actor is like that.");
  else
    told.table(columns, rows);
}

result<exit_code> actors(const actors_words& typed, session& told) {
  const auto chosen = choice_of(typed);
  if (!chosen)
    return chosen.error();
  if (typed.watch)
    ask_before_interrupt("\n");
  for (;;) {
    auto found = ask_tree(told, *chosen);
    if (!found)
      return found.error();
    if (told.json()) {
      told.document("actors", std::move(*found->as<object>()));
    } else {
      if (typed.watch && told.terminal())
        told.raw("\x1b[H\x1b[2J");
      print_actors(*found, told);
    }
    if (!typed.watch)
      return exit_code::done;
    if (!told.finish())
      return exit_code::failed;
    for (auto left = watch_interval; left.count() > 0 && !interrupted(); left -= watch_glance)
      os::wait_for(watch_glance);
    if (interrupted())
      return exit_code::interrupted;
  }
}

result<exit_code> inspect(const inspect_words& typed, session& told) {
  if (typed.history > inspection::lines_max)
    return fault{fault_code::invalid,
                 "--history: at most " + std::to_string(inspection::lines_max) + " lines are kept",
                 "All of it: holdfast events search --stream '$supervision'"};
  auto found = ask_actor(told, typed.name, typed.history);
  if (!found)
    return found.error();
  if (told.json()) {
    told.document("inspect", std::move(*found->as<object>()));
    return exit_code::done;
  }
  for (const auto& [title, rows] : inspect_parts(*found)) {
    if (!told.options().plain)
      told.line(told.toned(tone::strong, title));
    auto indented = rows;
    for (auto& row : indented)
      row.front() = (told.options().plain ? title + "\t" : "  ") + row.front();
    told.table({{""}, {""}}, indented);
  }
  return exit_code::done;
}

result<exit_code> why(const std::string& name, session& told) {
  auto found = ask_why(told, name);
  if (!found)
    return found.error();
  if (told.json()) {
    told.document("why", std::move(*found->as<object>()));
    return exit_code::done;
  }
  if (!told.options().plain)
    told.line(told.toned(tone::strong, printable(found->text_at("name"))));
  told.table({{""}, {""}}, why_rows(*found));
  return exit_code::done;
}

} // namespace

command_spec actors_spec() {
  auto typed = std::make_shared<actors_words>();
  return {
      .name = "actors",
      .brief = "Shows the tree of actors: states, restarts, mailboxes, what looks wrong.",
      .details =
          "Asks a running daemon, and costs its actors nothing; else the journal that it left,\n"
          "which knows the states of the last records and no counters.\n"
          "For example: holdfast actors --state backoff,gave_up\n",
      .options = {{"--state", "STATES", "Only actors in these states, parted by commas.",
                   &typed->state},
                  {"--name", "TEXT", "Only actors with this in their names.", &typed->name},
                  {"--watch", "", "Again every two seconds, until Ctrl-C.", &typed->watch}},
      .run = [typed](session& told) { return actors(*typed, told); }};
}

command_spec inspect_spec() {
  auto typed = std::make_shared<inspect_words>();
  return {.name = "inspect",
          .brief = "Shows everything about one actor, also when it is stuck or dead.",
          .details =
              "Overview, mailbox by kind of message, timing, who waits for whom (a circle is a\n"
              "deadlock), history, the state of its last checkpoint, lints. Bodies of messages are "
              "never read.\n"
              "For example: holdfast inspect journal\n",
          .options = {{"NAME", "", "The actor, or the last word of its name.", &typed->name, true},
                      {"--history", "N", "So many lines of its history; 20, at most 100.",
                       &typed->history}},
          .run = [typed](session& told) { return inspect(*typed, told); },
          .pages = true};
}

command_spec why_spec() {
  auto name = std::make_shared<std::string>();
  return {.name = "why",
          .brief = "Says why an actor is as it is, what happens next, and what you can do.",
          .details = "State and since when, the last deaths with their causes, the rule that was\n"
                     "applied, the budget that is used, what happens next and when.\n"
                     "For example: holdfast why learning\n",
          .options = {{"NAME", "", "The actor, or the last word of its name.", name.get(), true}},
          .run = [name](session& told) { return why(*name, told); }};
}

} // namespace holdfast::tools
