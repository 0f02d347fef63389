// SPDX-License-Identifier: Apache-2.0
// Puts what is known of an actor into sentences.
#include "runtime/inspection/explain.hpp"

#include "runtime/json.hpp"
#include "runtime/spoken.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::inspection {

namespace {

using std::chrono::milliseconds;
using lines = std::vector<std::string>;

milliseconds since(wall_time then, wall_time now) {
  return milliseconds{std::max<std::int64_t>((now.us - then.us) / 1000, 0)};
}

bool is_death(const supervision_event& event) {
  return event.what == supervision_fact::died || event.what == supervision_fact::start_failed
         || event.what == supervision_fact::hung || event.what == supervision_fact::killed
         || event.what == supervision_fact::abandoned;
}

const life* life_of(const findings& in, const actor_view& one) {
  return in.past ? in.past->find(one.supervisor, one.name) : nullptr;
}

/// The order that its present state comes from: none where it was started since.
const actor_ordered* last_order(const life* past) {
  if (past != nullptr)
    for (auto line = past->lines.rbegin(); line != past->lines.rend(); ++line) {
      if (const auto* order = std::get_if<actor_ordered>(&line->what))
        return order;
      const auto* event = std::get_if<supervision_event>(&line->what);
      if (event != nullptr && event->what == supervision_fact::started)
        break;
    }
  return nullptr;
}

lines state_lines(const findings& in, const actor_view& one) {
  lines made;
  if (!one.status) {
    made.push_back("not known: its supervisor " + one.supervisor + " did not answer in time");
  } else {
    auto text = std::string{to_string(one.status->state)} + " for " + spoken(one.status->in_state);
    if (one.status->incarnation > 0)
      text += ", incarnation " + std::to_string(one.status->incarnation);
    if (one.status->restarts > 0)
      text += ", restarted " + std::to_string(one.status->restarts) + " times";
    made.push_back(in.live ? text : "by its last record: " + text);
    if (one.status->lost > 0)
      made.push_back(std::to_string(one.status->lost)
                     + " incarnations would not end and still hold their threads");
  }
  if (!in.live)
    made.push_back(in.process);
  if (one.reading && one.reading->current)
    made.push_back("it has been handling " + one.reading->current->kind + " for "
                   + spoken(one.reading->current->handling));
  if (one.reading && one.reading->queued > 0)
    made.push_back(std::to_string(one.reading->queued) + " messages wait"
                   + (one.reading->oldest ? ", the oldest for " + spoken(*one.reading->oldest)
                                          : std::string{}));
  if (const auto waits = waits_of(in, one))
    for (const auto& circle : waits->circles)
      made.push_back("deadlock: " + worded(circle));
  const auto* order = last_order(life_of(in, one));
  if (order != nullptr && one.status && one.status->state == child_state::stopped)
    made.push_back("asked for by " + order->who + " (" + std::string{to_string(order->what)}
                   + "): " + order->reason);
  return made;
}

/// How long that incarnation ran, if its start is known.
std::string ran_for(const life& past, std::size_t death, const supervision_event& event) {
  for (auto at = death; at-- > 0;) {
    const auto* before = std::get_if<supervision_event>(&past.lines[at].what);
    if (before != nullptr && before->what == supervision_fact::started
        && before->incarnation == event.incarnation && past.lines[at].run == past.lines[death].run)
      return ", after " + spoken(since(past.lines[at].at, past.lines[death].at));
  }
  return {};
}

lines death_lines(const findings& in, const actor_view& one) {
  if (!in.past)
    return {"not known: the journal cannot be read now (" + in.past_problem + ")"};
  const auto* past = life_of(in, one);
  lines made;
  std::size_t more = 0;
  if (past != nullptr)
    for (auto at = past->lines.size(); at-- > 0;) {
      const auto* event = std::get_if<supervision_event>(&past->lines[at].what);
      if (event == nullptr || !is_death(*event))
        continue;
      if (made.size() == deaths_told_max) {
        ++more;
        continue;
      }
      made.push_back(json::print_time(past->lines[at].at) + "  " + worded(past->lines[at].what)
                     + ran_for(*past, at, *event));
    }
  if (more > 0)
    made.push_back("and " + std::to_string(more) + " before: `holdfast inspect " + typed(one.name)
                   + "`");
  if (in.past->dropped() > 0)
    made.push_back(std::to_string(in.past->dropped())
                   + " records were never written: the journal was down for too long");
  if (made.empty())
    made.emplace_back("none in its history");
  return made;
}

lines rule_lines(const findings& in, const actor_view& one) {
  if (!in.live || !one.status)
    return {"not known: the journal keeps what happened, not the specs"};
  constexpr std::string_view types[] = {
      "permanent: it is started again whenever it ends",
      "transient: it is started again unless it ended normally or was stopped",
      "temporary: it is never started again"};
  constexpr std::string_view strategies[] = {
      "one_for_one: nobody is restarted with it",
      "one_for_all: all children of its supervisor are restarted with it",
      "rest_for_one: those that stand after it are restarted with it",
      "simple_one_for_one: nobody is restarted with it"};
  lines made{std::string{types[static_cast<std::size_t>(one.status->restart) - 1]}};
  if (const auto* keeper = keeper_of(in, one))
    made.emplace_back(strategies[static_cast<std::size_t>(keeper->strategy) - 1]);
  return made;
}

/// When the oldest restart that counts is forgotten.
std::string oldest_counts(const findings& in, const supervisor_view& keeper) {
  const auto* reign = in.past ? in.past->find_reign(keeper.name) : nullptr;
  if (reign == nullptr || keeper.period.count() == 0)
    return {};
  for (const auto at : reign->restarts)
    if (const auto age = since(at, in.as_of); age <= keeper.period)
      return "; the oldest counts for another " + spoken(keeper.period - age);
  return {};
}

lines budget_lines(const findings& in, const actor_view& one) {
  lines made;
  if (one.status && one.status->budget)
    made.push_back("its own: " + std::to_string(one.status->budget_used) + " of "
                   + std::to_string(*one.status->budget) + " restarts are used");
  const auto* keeper = keeper_of(in, one);
  if (keeper == nullptr || !keeper->answered || keeper->intensity == 0) {
    made.push_back(in.live
                       ? "not known: its supervisor " + one.supervisor + " did not answer in time"
                       : "not known: the journal keeps what happened, not the specs");
    return made;
  }
  made.push_back(
      std::to_string(keeper->restarts_used) + " of " + std::to_string(keeper->intensity)
      + " restarts"
      + (keeper->period.count() > 0 ? " within " + spoken(keeper->period) : std::string{})
      + " under " + keeper->name + " are used"
      + (keeper->restarts_used > 0 ? oldest_counts(in, *keeper) : std::string{}));
  return made;
}

std::string next_line(const findings& in, const actor_view& one) {
  if (!in.live)
    return "nothing before a process is started; then it starts with the budget it had left";
  if (!one.status)
    return "not known";
  switch (one.status->state) {
  case child_state::running: {
    const auto* keeper = keeper_of(in, one);
    if (keeper != nullptr && keeper->answered && keeper->restarts_used >= keeper->intensity
        && keeper->intensity > 0)
      return "it goes on; if it fails once more, " + keeper->name + " gives up";
    return "it goes on";
  }
  case child_state::waiting:
    return "it starts when those before it have";
  case child_state::starting:
    return "it runs as soon as it answers";
  case child_state::backoff:
    return "it is started again in " + spoken(one.status->retry_in);
  case child_state::stopping:
    return "it is killed if it does not end in time";
  case child_state::killing:
    return "it is given up as lost if it does not end in time";
  case child_state::stopped:
    return "nothing, until somebody starts it";
  case child_state::abandoned:
    return "nothing: it would not end, and its thread is lost until the process ends";
  case child_state::gave_up:
    return "nothing, until somebody starts it: its budget is used up";
  }
  return "not known";
}

lines can_lines(const findings& in, const actor_view& one) {
  const auto name = typed(one.name);
  lines made{"holdfast inspect " + name};
  if (in.live)
    made.push_back("holdfast restart " + name + " --reason TEXT");
  else
    made.emplace_back("holdfast run --data DIR");
  return made;
}

} // namespace

std::string typed(std::string_view name) {
  return name.find(' ') == std::string_view::npos ? std::string{name}
                                                  : "\"" + std::string{name} + "\"";
}

std::string worded(const supervision_fate& what) {
  if (const auto* order = std::get_if<actor_ordered>(&what))
    return std::string{to_string(order->what)} + " asked for by " + order->who + ": "
           + order->reason;
  if (const auto* ended = std::get_if<supervisor_ended>(&what))
    return "supervisor ended: " + ended->how.text;
  if (const auto* gap = std::get_if<history_gap>(&what))
    return std::to_string(gap->count) + " records were never written";
  const auto& event = std::get<supervision_event>(what);
  auto text = std::string{to_string(event.what)};
  if (event.what == supervision_fact::died)
    text += " (" + std::string{to_string(event.how)} + ")";
  if (event.incarnation > 0)
    text += ", incarnation " + std::to_string(event.incarnation);
  if (event.what == supervision_fact::restart_due)
    text += ", in " + spoken(event.pause);
  if (!event.text.empty())
    text += ": " + event.text;
  if (!event.last_message.empty())
    text += ", handling " + event.last_message;
  return text;
}

std::vector<section> explain(const findings& in, const actor_view& one) {
  lines lints;
  for (const auto& found : lints_of(in, one))
    lints.push_back(found.id + ": " + found.says + "; " + found.help);
  if (lints.empty())
    lints.emplace_back("none");
  return {{"state", state_lines(in, one)}, {"deaths", death_lines(in, one)},
          {"rule", rule_lines(in, one)},   {"budget", budget_lines(in, one)},
          {"next", {next_line(in, one)}},  {"lints", std::move(lints)},
          {"can", can_lines(in, one)}};
}

} // namespace holdfast::inspection
