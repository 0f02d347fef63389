// SPDX-License-Identifier: Apache-2.0
// `holdfast checkpoints ls`, `show` and `verify`.
#include "tools/commands/commands.hpp"

#include "runtime/json.hpp"
#include "tools/connection.hpp"
#include "tools/interrupt.hpp"
#include "tools/progress.hpp"
#include "tools/states.hpp"

namespace holdfast::tools {
namespace {

value described(const checkpoint_info& one) {
  return json::to_value(one);
}

result<std::vector<checkpoint_info>> taken(const source& from, const std::string& owner) {
  auto all = from.reader->checkpoints(owner);
  if (!all || !all->empty() || owner.empty())
    return all;
  const auto picked = pick_owner(*from.reader, owner);
  if (!picked)
    return picked.error();
  return all;
}

result<exit_code> list(const std::string& owner, std::uint64_t limit, session& told) {
  const auto from = open_source(told);
  if (!from)
    return from.error();
  auto all = taken(*from, owner);
  if (!all)
    return all.error();
  if (limit != 0 && all->size() > limit)
    all->resize(limit);
  if (told.json()) {
    array items;
    for (const auto& one : *all)
      items.push_back(described(one));
    told.document("checkpoints", {{"checkpoints", std::move(items)}});
    return exit_code::done;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& one : *all)
    rows.push_back({one.owner, std::to_string(one.covered.value),
                    format_time(one.time, told.time().zone), spoken_bytes(one.size),
                    std::to_string(one.schema), one.reason});
  if (rows.empty())
    told.note("No checkpoints yet.");
  else
    told.table({{"OWNER"},
                {"COVERS", side::right},
                {"TAKEN"},
                {"SIZE", side::right},
                {"SCHEMA", side::right},
                {"REASON"}},
               rows);
  return exit_code::done;
}

result<exit_code> show(const std::string& name, session& told) {
  const auto wanted = parse_checkpoint_name(name);
  if (!wanted)
    return wanted.error();
  const auto from = open_source(told);
  if (!from)
    return from.error();
  const auto owner = pick_owner(*from->reader, wanted->owner);
  if (!owner)
    return owner.error();
  const auto head = from->reader->head();
  if (!head)
    return head.error();
  std::vector<checkpoint_info> damaged;
  const auto found =
      from->reader->newest_checkpoint(*owner, wanted->at.value_or(head->last), &damaged);
  for (const auto& one : damaged)
    told.note("The checkpoint at " + std::to_string(one.covered.value)
              + " is damaged and was passed over.");
  if (!found)
    return found.error();
  if (told.json()) {
    told.document("checkpoint", {{"checkpoint", described(found->info)}, {"state", found->state}});
    return exit_code::done;
  }
  const auto& info = found->info;
  told.table({{""}, {""}}, {{"owner", info.owner},
                            {"covers", std::to_string(info.covered.value)},
                            {"record", std::to_string(info.record.value)},
                            {"taken", format_time(info.time, told.time().zone)},
                            {"size", spoken_bytes(info.size)},
                            {"schema", std::to_string(info.schema)},
                            {"reason", info.reason},
                            {"sha-256", to_hex(info.state_sha)}});
  told.line(json::print_pretty(found->state));
  return exit_code::done;
}

result<exit_code> verify(const std::string& owner, session& told) {
  const auto from = open_source(told);
  if (!from)
    return from.error();
  const auto all = taken(*from, owner);
  if (!all)
    return all.error();
  ask_before_interrupt("\nholdfast: stopping after this checkpoint\n");
  array broken;
  std::uint64_t good = 0;
  for (const auto& one : *all) {
    if (interrupted())
      return exit_code::interrupted;
    std::vector<checkpoint_info> damaged;
    const auto found = from->reader->newest_checkpoint(one.owner, one.covered, &damaged);
    if (found && found->info.covered == one.covered) {
      ++good;
      continue;
    }
    if (!found && found.error().code != fault_code::not_found
        && found.error().code != fault_code::corrupt)
      return found.error();
    broken.push_back(described(one));
    if (!told.json())
      told.line(told.toned(tone::bad, "damaged") + "  " + printable(one.owner) + "@"
                + std::to_string(one.covered.value));
  }
  if (told.json())
    told.document("checkpoints-verify", {{"good", good}, {"damaged", broken}});
  else
    told.line(grouped(good) + " of " + grouped(all->size()) + " checkpoints verify.");
  return broken.empty() ? exit_code::done : exit_code::damaged;
}

} // namespace

command_spec checkpoints_ls_spec() {
  struct words {
    std::string owner;
    std::uint64_t limit = 0;
  };
  auto typed = std::make_shared<words>();
  return {.name = "checkpoints ls",
          .brief = "Lists checkpoints, newest first.",
          .details = {},
          .options = {{"OWNER", "", "Only this actor's or consumer's.", &typed->owner},
                      {"--limit", "N", "At most so many; 0: all.", &typed->limit}},
          .run = [typed](session& told) { return list(typed->owner, typed->limit, told); },
          .pages = true};
}

command_spec checkpoints_show_spec() {
  auto name = std::make_shared<std::string>();
  return {.name = "checkpoints show",
          .brief = "Shows one checkpoint and its state.",
          .details = "For example: holdfast checkpoints show learning@1200\n",
          .options = {{"NAME", "", "OWNER@SEQ, or OWNER for its newest.", name.get(), true}},
          .run = [name](session& told) { return show(*name, told); },
          .pages = true};
}

command_spec checkpoints_verify_spec() {
  auto owner = std::make_shared<std::string>();
  return {.name = "checkpoints verify",
          .brief = "Checks the stored bytes of every checkpoint.",
          .details = "Whether a state is the fold of its events is for: holdfast replay verify\n",
          .options = {{"OWNER", "", "Only this actor's or consumer's.", owner.get()}},
          .run = [owner](session& told) { return verify(*owner, told); }};
}

} // namespace holdfast::tools
