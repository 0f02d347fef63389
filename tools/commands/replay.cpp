// SPDX-License-Identifier: Apache-2.0
// `holdfast replay verify` and `diff`; `checkpoints diff` is the second.
#include "runtime/replay.hpp"
#include "runtime/json.hpp"
#include "runtime/os/clock.hpp"
#include "tools/commands/commands.hpp"
#include "tools/connection.hpp"
#include "tools/event_choice.hpp"
#include "tools/progress.hpp"
#include "tools/states.hpp"
#include "tools/value_diff.hpp"

#include <algorithm>

namespace holdfast::tools {
namespace {

struct verify_words {
  std::string owner;
  std::string from;
  std::string to;
};

struct verified {
  std::string owner;
  replay::verification found;
  std::chrono::milliseconds took{0};
};

value document_of(const verified& one) {
  array divergences;
  for (const auto& each : one.found.divergences)
    divergences.emplace_back(object{
        {"checkpoint", each.checkpoint.value}, {"at", each.at.value}, {"detail", each.detail}});
  array damaged;
  for (const auto& each : one.found.damaged)
    damaged.push_back(json::to_value(each));
  return object{{"owner", one.owner},
                {"intervals", one.found.intervals},
                {"records", one.found.records},
                {"events", one.found.events},
                {"skipped", one.found.skipped.size()},
                {"milliseconds", one.took.count()},
                {"damaged", std::move(damaged)},
                {"divergences", std::move(divergences)}};
}

void describe(const verified& one, session& told) {
  const auto ms = std::max<std::int64_t>(1, one.took.count());
  const auto rate = one.found.records * 1000 / static_cast<std::uint64_t>(ms);
  const bool good = one.found.divergences.empty() && one.found.damaged.empty();
  told.line(printable(one.owner) + ": " + grouped(one.found.intervals) + " intervals, "
            + grouped(one.found.records) + " records, " + grouped(one.found.events)
            + " events folded in " + spoken(one.took) + " (" + grouped(rate) + " records/s): "
            + (good ? told.toned(tone::good, "every state is the fold of its events")
                    : told.toned(tone::bad, "not what it was")));
  for (const auto& each : one.found.divergences)
    told.line("  diverges at "
              + (each.at.value == 0 ? "an unknown event" : "event " + std::to_string(each.at.value))
              + ", in the interval that ends at " + std::to_string(each.checkpoint.value) + ": "
              + printable(each.detail));
  for (const auto& each : one.found.damaged)
    told.line("  damaged: the checkpoint at " + std::to_string(each.covered.value));
  if (!one.found.skipped.empty())
    told.note("  " + grouped(one.found.skipped.size())
              + " checkpoints could not be checked: what they begin with is retired.");
}

result<exit_code> verify(const verify_words& typed, session& told) {
  auto first = result<sequence>{sequence{0}};
  if (!typed.from.empty())
    first = parse_sequence("--from", typed.from);
  if (!first)
    return first.error();
  const auto from = open_source(told, appetite::all);
  if (!from)
    return from.error();
  const auto head = from->reader->head();
  if (!head)
    return head.error();
  auto last = result<sequence>{head->last};
  if (!typed.to.empty())
    last = parse_sequence("--to", typed.to);
  if (!last)
    return last.error();
  const auto owners = known_owners(*from->reader);
  if (!owners)
    return owners.error();
  if (!typed.owner.empty())
    if (const auto picked = pick_owner(*from->reader, typed.owner); !picked)
      return picked.error();
  std::vector<verified> all;
  std::vector<std::string> unknown;
  for (const auto& owner : *owners) {
    if (!typed.owner.empty() && owner != typed.owner)
      continue;
    const auto* how = shipped_fold(owner);
    if (how == nullptr) {
      unknown.push_back(owner);
      continue;
    }
    const auto started = os::steady_now();
    auto found = replay::verify(*how, *from->reader, *first, *last, from->daemon ? 1 : 2);
    if (!found)
      return found.error();
    all.push_back(
        {owner, *std::move(found),
         std::chrono::duration_cast<std::chrono::milliseconds>(os::steady_now() - started)});
  }
  auto code = exit_code::done;
  array items;
  for (const auto& one : all) {
    if (told.json())
      items.push_back(document_of(one));
    else
      describe(one, told);
    if (!one.found.damaged.empty())
      code = exit_code::damaged;
    else if (!one.found.divergences.empty() && code == exit_code::done)
      code = exit_code::failed;
  }
  array left_out;
  for (const auto& one : unknown) {
    left_out.emplace_back(one);
    told.note(printable(one)
              + ": its fold is not known here; the program that has it can verify "
                "it, and `holdfast checkpoints verify` checks the stored bytes.");
  }
  if (told.json())
    told.document("replay-verify",
                  {{"verified", std::move(items)}, {"unknown", std::move(left_out)}});
  else if (all.empty() && unknown.empty())
    told.line("There are no checkpoints yet, so nothing to verify.");
  return code;
}

result<exit_code> compare(const std::string& left, const std::string& right, session& told) {
  const auto one = parse_checkpoint_name(left);
  if (!one)
    return one.error();
  auto other = parse_checkpoint_name(right);
  if (!other)
    return other.error();
  if (other->owner.empty())
    other->owner = one->owner;
  const auto from = open_source(told);
  if (!from)
    return from.error();
  const auto before = state_of(*from->reader, *one);
  if (!before)
    return before.error();
  const auto after = state_of(*from->reader, *other);
  if (!after)
    return after.error();
  const auto changes = diff(before->state, after->state);
  const auto shown = [](const std::optional<value>& held) {
    return held ? json::print(*held) : std::string{};
  };
  if (told.json()) {
    array items;
    for (const auto& change : changes) {
      object item{{"path", change.path}};
      if (change.before)
        item.emplace("old", *change.before);
      if (change.after)
        item.emplace("new", *change.after);
      items.emplace_back(std::move(item));
    }
    told.document("replay-diff",
                  {{"old", before->owner + "@" + std::to_string(before->covered.value)},
                   {"new", after->owner + "@" + std::to_string(after->covered.value)},
                   {"changes", std::move(items)}});
    return exit_code::done;
  }
  told.note(before->owner + "@" + std::to_string(before->covered.value) + " -> " + after->owner
            + "@" + std::to_string(after->covered.value));
  std::vector<std::vector<std::string>> rows;
  for (const auto& change : changes)
    rows.push_back({change.path, shown(change.before), shown(change.after)});
  if (rows.empty())
    told.line("No difference.");
  else
    told.table({{"PATH"}, {"OLD", side::right}, {"NEW", side::right}}, rows);
  return exit_code::done;
}

command_spec diff_spec(const std::string& name) {
  struct words {
    std::string before;
    std::string after;
  };
  auto typed = std::make_shared<words>();
  return {.name = name,
          .brief = "Shows what changed between two states: path, old, new.",
          .details = "For example: holdfast " + name + " learning@1000 learning@2000\n",
          .options = {{"A", "", "OWNER@SEQ, OWNER for the newest, or SEQ where there is one owner.",
                       &typed->before, true},
                      {"B", "", "The same; without an owner, that of A.", &typed->after, true}},
          .run = [typed](session& told) { return compare(typed->before, typed->after, told); },
          .pages = true};
}

} // namespace

command_spec replay_verify_spec() {
  auto typed = std::make_shared<verify_words>();
  return {.name = "replay verify",
          .brief = "Folds every checkpoint's events again and compares the states.",
          .details = "Promise: reads only, and names the first event at which a state diverges.\n"
                     "Exit code 1 when one diverges, 8 when a checkpoint is damaged.\n",
          .options = {{"OWNER", "", "Only this actor.", &typed->owner},
                      {"--from", "SEQ", "Only checkpoints after this record.", &typed->from},
                      {"--to", "SEQ", "Only checkpoints up to this record.", &typed->to}},
          .run = [typed](session& told) { return verify(*typed, told); }};
}

command_spec replay_diff_spec() {
  return diff_spec("replay diff");
}

command_spec checkpoints_diff_spec() {
  return diff_spec("checkpoints diff");
}

} // namespace holdfast::tools
