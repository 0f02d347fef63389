// SPDX-License-Identifier: Apache-2.0
// Actors for a person's eyes.
#include "tools/actor_lines.hpp"

#include "runtime/json.hpp"
#include "tools/progress.hpp"

#include <algorithm>
#include <chrono>

namespace holdfast::tools {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

const value& member(const value& of, std::string_view name) {
  static const value none;
  const auto* found = of.find(name);
  return found == nullptr ? none : *found;
}

const array& items(const value& of, std::string_view name) {
  static const array none;
  const auto* found = member(of, name).as<array>();
  return found == nullptr ? none : *found;
}

std::string count(const value& of, std::string_view name) {
  return grouped(static_cast<std::uint64_t>(std::max(of.number_at(name), 0.0)));
}

std::string span(const value& of, std::string_view name) {
  return spoken(milliseconds{static_cast<std::int64_t>(of.number_at(name))});
}

/// Microseconds, which handlers are measured in.
std::string fine_span(const value& of, std::string_view name) {
  const auto us = static_cast<std::int64_t>(of.number_at(name));
  return us < 10000 ? std::to_string(us) + " us" : spoken(milliseconds{us / 1000});
}

bool has(const value& of, std::string_view name) {
  return !member(of, name).is_null();
}

bool truth(const value& of, std::string_view name) {
  const auto* found = member(of, name).as<bool>();
  return found != nullptr && *found;
}

std::string listed(const array& all, const std::string& between = ", ") {
  std::string text;
  for (const auto& one : all)
    if (const auto* word = one.as<std::string>())
      text += (text.empty() ? "" : between) + *word;
  return text;
}

std::string budget_of(const value& actor) {
  const auto& own = member(actor, "budget");
  return own.is_null() ? "" : count(own, "used") + " of " + count(own, "limit");
}

std::string handling_of(const value& counters) {
  const auto& current = member(counters, "current");
  return current.is_null() ? "" : current.text_at("kind") + " " + span(current, "handling_ms");
}

/// A journal alone knows how an actor was, not how it is.
std::string state_of(const value& actor, const value& told) {
  const auto state = actor.text_at("state");
  const bool was = told.text_at("source") == "journal" && state != "stopped" && state != "gave_up";
  return was ? "was " + state : state;
}

std::vector<std::string> row_of(const value& actor, const value& told, const std::string& indent) {
  const bool known = has(actor, "in_state_ms");
  const auto& counters = member(actor, "counters");
  std::vector<std::string> row{indent + actor.text_at("name"), state_of(actor, told),
                               known ? span(actor, "in_state_ms") : "?",
                               known ? count(actor, "restarts") : "?", budget_of(actor)};
  if (counters.is_null())
    row.insert(row.end(), {"-", "-", "-", "-"});
  else
    row.insert(row.end(), {count(counters, "queued"),
                           has(counters, "oldest_ms") ? span(counters, "oldest_ms") : "",
                           handling_of(counters),
                           has(counters, "p99_us") ? fine_span(counters, "p99_us") : ""});
  row.push_back(listed(items(actor, "lints")));
  return row;
}

std::string supervisor_words(const value& one) {
  if (!truth(one, "answered"))
    return "?";
  return count(one, "restarts_used") + " of " + count(one, "intensity")
         + (has(one, "period_ms") ? " in " + span(one, "period_ms") : "");
}

void add(table_rows& to, const char* title, std::string text) {
  if (!text.empty())
    to.push_back({title, std::move(text)});
}

inspect_part overview_of(const value& told) {
  const auto& actor = member(told, "actor");
  table_rows rows;
  add(rows, "name", actor.text_at("name"));
  add(rows, "state",
      state_of(actor, told)
          + (has(actor, "in_state_ms") ? " for " + span(actor, "in_state_ms") : ""));
  add(rows, "source",
      told.text_at("source") == "journal" ? "the journal alone: " + told.text_at("process")
                                          : std::string{});
  const auto& keeper = member(told, "supervisor");
  add(rows, "supervisor",
      actor.text_at("supervisor")
          + (has(keeper, "strategy") ? " (" + keeper.text_at("strategy") + ")" : ""));
  add(rows, "type", actor.text_at("type"));
  add(rows, "restart", actor.text_at("restart"));
  if (has(actor, "incarnation")) {
    add(rows, "incarnation", count(actor, "incarnation"));
    add(rows, "restarts", count(actor, "restarts"));
  }
  if (told.text_at("source") != "journal")
    add(rows, "budget",
        supervisor_words(keeper) + " of its supervisor"
            + (budget_of(actor).empty() ? "" : ", " + budget_of(actor) + " own"));
  add(rows, "last cause", actor.text_at("last_cause"));
  return {"Overview", std::move(rows)};
}

inspect_part mailbox_of(const value& counters) {
  if (counters.is_null())
    return {"Mailbox", {{"not known", "nobody counts for it"}}};
  table_rows rows;
  add(rows, "waiting",
      count(counters, "queued")
          + (has(counters, "oldest_ms") ? ", the oldest for " + span(counters, "oldest_ms") : ""));
  for (const auto& one : items(counters, "kinds"))
    rows.push_back({"  " + one.text_at("kind"), count(one, "count")});
  add(rows, "room for", count(counters, "queued_max"));
  add(rows, "received", count(counters, "received"));
  add(rows, "handled", count(counters, "handled"));
  for (const auto* name : {"held", "with_lost", "redelivered", "refused", "handed_over", "dropped"})
    if (counters.number_at(name) > 0)
      rows.push_back({name, count(counters, name)});
  return {"Mailbox", std::move(rows)};
}

inspect_part timing_of(const value& counters) {
  if (counters.is_null())
    return {"Timing", {{"not known", "nobody counts for it"}}};
  table_rows rows;
  add(rows, "now", handling_of(counters).empty() ? "idle" : handling_of(counters));
  const auto busy = counters.number_at("busy_us");
  const auto all = busy + counters.number_at("idle_us");
  if (all > 0)
    add(rows, "busy", std::to_string(static_cast<int>(busy * 100 / all)) + " %");
  for (const auto& [name, title] :
       {std::pair{"p50_us", "p50"}, {"p95_us", "p95"}, {"p99_us", "p99"}})
    if (has(counters, name))
      rows.push_back({title, fine_span(counters, name)});
  return {"Timing", std::move(rows)};
}

inspect_part waits_of(const value& told) {
  const auto& waits = member(told, "waits");
  if (waits.is_null())
    return {"Waits", {{"not known", "nobody counts for it"}}};
  table_rows rows;
  for (const auto& one : items(waits, "circles"))
    if (const auto* circle = one.as<array>(); circle != nullptr && !circle->empty()) {
      auto round = *circle;
      round.push_back(round.front());
      rows.push_back({"DEADLOCK", listed(round, " waits for ")});
    }
  add(rows, "waits for", listed(items(waits, "waits_for")));
  add(rows, "asked by", listed(items(waits, "asked_by")));
  if (rows.empty())
    rows.push_back({"none", ""});
  return {"Waits", std::move(rows)};
}

inspect_part history_of(const value& told) {
  table_rows rows;
  if (member(told, "history").is_null())
    rows.push_back({"not known", "the journal cannot be read now"});
  for (const auto& one : items(told, "history"))
    rows.push_back({one.text_at("time"), one.text_at("says")});
  if (rows.empty())
    rows.push_back({"none", ""});
  return {"History", std::move(rows)};
}

inspect_part kept_state_of(const value& told) {
  const auto& kept = member(told, "checkpoint");
  if (kept.is_null())
    return {"State", {{"none", "it keeps no checkpoints"}}};
  table_rows rows{{"covers", "records up to " + std::to_string(kept.integer_at("sequence"))},
                  {"taken", kept.text_at("time") + " (" + kept.text_at("reason") + ")"},
                  {"schema", std::to_string(kept.integer_at("schema"))}};
  const auto* members = member(kept, "state").as<object>();
  if (members == nullptr)
    rows.push_back({"state", json::print(member(kept, "state")).substr(0, 200)});
  else
    for (const auto& [name, held] : *members)
      rows.push_back({"  " + name, json::print(held).substr(0, 200)});
  return {"State", std::move(rows)};
}

inspect_part lints_of(const value& told) {
  table_rows rows;
  for (const auto& one : items(told, "lints"))
    rows.push_back({one.text_at("id"), one.text_at("says") + "; " + one.text_at("help")});
  if (rows.empty())
    rows.push_back({"none", ""});
  return {"Lints", std::move(rows)};
}

} // namespace

std::vector<status_line> actors_head(const value& told) {
  std::vector<status_line> made;
  if (told.text_at("source") == "journal")
    made.push_back({tone::warn, "From the journal alone: " + told.text_at("process")
                                    + ". The states are those of the last records."});
  for (const auto& line : items(told, "picture"))
    if (const auto* text = line.as<std::string>())
      made.push_back({tone::dim, *text});
  return made;
}

const std::vector<std::string>& actor_titles() {
  static const std::vector<std::string> titles{"ACTOR",  "STATE",  "FOR",      "RESTARTS", "BUDGET",
                                               "QUEUED", "OLDEST", "HANDLING", "P99",      "LINTS"};
  return titles;
}

table_rows actor_rows(const value& told) {
  table_rows rows;
  for (const auto& keeper : items(told, "supervisors")) {
    table_rows under;
    for (const auto& actor : items(told, "actors"))
      if (actor.text_at("supervisor") == keeper.text_at("name"))
        under.push_back(row_of(actor, told, "  "));
    if (under.empty())
      continue;
    std::vector<std::string> head(actor_titles().size());
    head[0] = keeper.text_at("name");
    head[1] = truth(keeper, "answered") || told.text_at("source") == "journal" ? "" : "unknown";
    head[4] = told.text_at("source") == "journal" ? "" : supervisor_words(keeper);
    rows.push_back(std::move(head));
    rows.insert(rows.end(), under.begin(), under.end());
  }
  return rows;
}

std::vector<inspect_part> inspect_parts(const value& told) {
  const auto& counters = member(member(told, "actor"), "counters");
  return {overview_of(told), mailbox_of(counters), timing_of(counters), waits_of(told),
          history_of(told),  kept_state_of(told),  lints_of(told)};
}

table_rows why_rows(const value& told) {
  table_rows rows;
  for (const auto& part : items(told, "answers")) {
    auto title = part.text_at("name");
    for (const auto& line : items(part, "lines"))
      if (const auto* text = line.as<std::string>())
        rows.push_back({std::exchange(title, {}), *text});
  }
  return rows;
}

table_rows health_rows(const value& told) {
  table_rows rows;
  const auto* checks = member(told, "checks").as<object>();
  if (checks == nullptr)
    return rows;
  for (const auto& [id, readings] : *checks) {
    const auto* all = readings.as<array>();
    if (all == nullptr || all->empty())
      continue;
    const auto& one = all->front();
    const auto& seen = member(one, "observedValue");
    const auto* text = seen.as<std::string>();
    auto shown =
        one.text_at("observedUnit") == "bytes"
            ? spoken_bytes(static_cast<std::uint64_t>(one.number_at("observedValue")))
            : (text == nullptr ? json::print(seen) : *text)
                  + (one.text_at("observedUnit").empty() ? "" : " " + one.text_at("observedUnit"));
    auto says = one.text_at("output");
    if (!one.text_at("help").empty())
      says += (says.empty() ? "" : "; ") + one.text_at("help");
    rows.push_back({one.text_at("status"), id, std::move(shown), std::move(says)});
  }
  return rows;
}

tone tone_of_status(std::string_view status) {
  return status == "pass" ? tone::good : status == "fail" ? tone::bad : tone::warn;
}

} // namespace holdfast::tools
