// SPDX-License-Identifier: Apache-2.0
// `holdfast consumers ls`, `show` and `reset`.
#include "tools/commands/commands.hpp"

#include "runtime/json.hpp"
#include "runtime/upstream/door_client.hpp"
#include "tools/connection.hpp"
#include "tools/event_choice.hpp"
#include "tools/progress.hpp"

#include <algorithm>

namespace holdfast::tools {
namespace {

struct reset_words {
  std::string name;
  std::string to;
  std::string reason;
  bool dry_run = false;
};

std::uint64_t behind(const consumer_info& one, const persistence::journal_head& head) {
  return head.last.value - std::min(head.last, one.position).value;
}

value described(const consumer_info& one, const persistence::journal_head& head) {
  auto made = json::to_value(one);
  made.as<object>()->insert_or_assign("lag", object{{"records", behind(one, head)}});
  return made;
}

/// The consumer, or what else there is.
result<consumer_info> named(const persistence::reader& reader, const std::string& name) {
  auto found = reader.consumer(name);
  if (found || found.error().code != fault_code::not_found)
    return found;
  const auto all = reader.consumers();
  if (!all)
    return all.error();
  std::vector<std::string> known;
  for (const auto& one : *all)
    known.push_back(one.consumer);
  return unknown_name("consumer", name, known);
}

result<exit_code> list(session& told) {
  const auto from = open_source(told);
  if (!from)
    return from.error();
  const auto head = from->reader->head();
  const auto all = from->reader->consumers();
  if (!head || !all)
    return head ? all.error() : head.error();
  if (told.json()) {
    array items;
    for (const auto& one : *all)
      items.push_back(described(one, *head));
    told.document("consumers", {{"consumers", std::move(items)}, {"head", head->last.value}});
    return exit_code::done;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : *all)
    rows.push_back({one.consumer, std::to_string(one.position.value), grouped(behind(one, *head)),
                    format_time(one.time, told.time().zone), one.has_state ? "yes" : "no"});
  if (rows.empty())
    told.note("No consumers yet: one begins with its first commit.");
  else
    told.table({{"CONSUMER"},
                {"POSITION", side::right},
                {"BEHIND", side::right},
                {"COMMITTED"},
                {"STATE"}},
               rows);
  return exit_code::done;
}

result<exit_code> show(const std::string& name, session& told) {
  const auto from = open_source(told);
  if (!from)
    return from.error();
  const auto found = named(*from->reader, name);
  const auto head = from->reader->head();
  if (!found || !head)
    return found ? head.error() : found.error();
  if (told.json()) {
    told.document("consumer", {{"consumer", described(*found, *head)}});
    return exit_code::done;
  }
  told.table({{""}, {""}}, {{"consumer", found->consumer},
                            {"position", std::to_string(found->position.value)},
                            {"behind", grouped(behind(*found, *head)) + " records"},
                            {"committed", format_time(found->time, told.time().zone)},
                            {"record", std::to_string(found->record.value)},
                            {"state", found->has_state ? "committed with the position" : "none"}});
  return exit_code::done;
}

result<exit_code> reset(const reset_words& typed, session& told) {
  const auto to = parse_sequence("--to", typed.to);
  if (!to)
    return to.error();
  if (typed.reason.empty())
    return fault{fault_code::invalid, "putting a consumer elsewhere needs a reason",
                 "It is kept with the record: --reason \"...\"."};
  const auto at = find_place(told);
  if (!at)
    return at.error();
  if (at->socket.empty())
    return no_daemon(*at);
  const auto from = open_source(told);
  if (!from)
    return from.error();
  const auto now = named(*from->reader, typed.name);
  if (!now)
    return now.error();
  const auto again = now->position.value - std::min(*to, now->position).value;
  const auto passed = to->value - std::min(*to, now->position).value;
  const auto what = typed.name + " from " + std::to_string(now->position.value) + " to "
                    + std::to_string(to->value) + ": "
                    + (again > 0 ? grouped(again) + " records come again"
                                 : grouped(passed) + " records are passed over");
  if (!typed.dry_run) {
    const upstream::door_client client{{.socket = at->socket, .deadline = told.request_timeout()}};
    const auto done =
        client.post_value("/v1/consumers/" + upstream::percent(typed.name) + "/reset",
                          json::print(object{{"position", to->value}, {"reason", typed.reason}}));
    if (!done)
      return done.error().code == fault_code::unreachable ? no_daemon(*at) : done.error();
  }
  if (told.json())
    told.document("consumer-reset", {{"consumer", typed.name},
                                     {"from", now->position.value},
                                     {"to", to->value},
                                     {"dry_run", typed.dry_run}});
  else
    told.line((typed.dry_run ? "Would put " : "Put ") + what + ".");
  return exit_code::done;
}

} // namespace

command_spec consumers_ls_spec() {
  return {.name = "consumers ls",
          .brief = "Lists consumers, their places, and how far they are behind.",
          .details = {},
          .options = {},
          .run = [](session& told) { return list(told); },
          .pages = true};
}

command_spec consumers_show_spec() {
  auto name = std::make_shared<std::string>();
  return {.name = "consumers show",
          .brief = "Shows one consumer's place.",
          .details = "Its state: holdfast state NAME\n",
          .options = {{"NAME", "", "The consumer.", name.get(), true}},
          .run = [name](session& told) { return show(*name, told); }};
}

command_spec consumers_reset_spec() {
  auto typed = std::make_shared<reset_words>();
  return {
      .name = "consumers reset",
      .brief = "Puts a consumer of a running daemon elsewhere, forward or back.",
      .details =
          "Everything up to SEQ counts as done, everything behind it comes again. Its states\n"
          "are left as they are. Refused below the retention floor and beyond the head.\n"
          "For example: holdfast consumers reset mailer --to 0 --reason \"send all again\"\n",
      .options = {{"NAME", "", "The consumer.", &typed->name, true},
                  {"--to", "SEQ", "The last record that counts as done; 0: none.", &typed->to,
                   true},
                  {"--reason", "TEXT", "Why; kept with the record.", &typed->reason},
                  {"--dry-run", "", "Say what would happen, and change nothing.", &typed->dry_run}},
      .run = [typed](session& told) { return reset(*typed, told); }};
}

} // namespace holdfast::tools
