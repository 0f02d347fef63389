// SPDX-License-Identifier: Apache-2.0
// Names what was found as it is named outside.
#include "runtime/inspection/show.hpp"

#include "runtime/inspection/explain.hpp"
#include "runtime/json.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::inspection {

namespace {

constexpr std::string_view strategies[] = {"one_for_one", "one_for_all", "rest_for_one",
                                           "simple_one_for_one"};
constexpr std::string_view restarts[] = {"permanent", "transient", "temporary"};

void put(object& into, const char* name, std::optional<std::chrono::microseconds> span) {
  if (span)
    into.emplace(name, span->count());
}

value show(const actor_reading& reading) {
  array kinds;
  for (const auto& one : reading.kinds)
    kinds.push_back(object{{"kind", one.kind}, {"count", one.count}});
  object made{{"received", reading.received},
              {"handled", reading.handled},
              {"queued", reading.queued},
              {"queued_max", reading.queued_max},
              {"held", reading.held},
              {"with_lost", reading.with_lost},
              {"redelivered", reading.left.redelivered},
              {"refused", reading.left.refused},
              {"handed_over", reading.left.handed_over},
              {"dropped", reading.left.dropped},
              {"busy_us", reading.busy.count()},
              {"idle_us", reading.idle.count()},
              {"waited_us", reading.waited.count()},
              {"kinds", std::move(kinds)}};
  if (reading.oldest)
    made.emplace("oldest_ms", reading.oldest->count());
  if (reading.current)
    made.emplace("current", object{{"kind", reading.current->kind},
                                   {"handling_ms", reading.current->handling.count()}});
  put(made, "p50_us", reading.p50);
  put(made, "p95_us", reading.p95);
  put(made, "p99_us", reading.p99);
  return made;
}

value show(const std::vector<lint>& all) {
  array made;
  for (const auto& one : all)
    made.push_back(object{{"id", one.id}, {"says", one.says}, {"help", one.help}});
  return made;
}

value show(const findings& in, const actor_view& one) {
  array lints;
  for (auto& found : lints_of(in, one))
    lints.emplace_back(std::move(found.id));
  object made{{"name", one.name},
              {"supervisor", one.supervisor},
              {"state", state_of(one)},
              {"lints", std::move(lints)}};
  if (const auto& status = one.status) {
    made.emplace("in_state_ms", status->in_state.count());
    made.emplace("incarnation", status->incarnation);
    made.emplace("restarts", status->restarts);
    made.emplace("failures", status->failures);
    made.emplace("last_cause", status->last_cause);
    made.emplace("lost", status->lost);
    if (status->state == child_state::backoff)
      made.emplace("retry_in_ms", status->retry_in.count());
    if (in.live) {
      made.emplace("type", status->type == child_type::supervisor ? "supervisor" : "worker");
      made.emplace("restart", restarts[static_cast<std::size_t>(status->restart) - 1]);
    }
    if (status->budget)
      made.emplace("budget", object{{"used", status->budget_used}, {"limit", *status->budget}});
  }
  if (one.reading)
    made.emplace("counters", show(*one.reading));
  return made;
}

value show(const findings& in, const supervisor_view& one) {
  object made{{"name", one.name}, {"parent", one.parent}, {"answered", one.answered}};
  if (!in.live)
    return made;
  made.emplace("strategy", strategies[static_cast<std::size_t>(one.strategy) - 1]);
  if (one.period.count() > 0)
    made.emplace("period_ms", one.period.count());
  if (one.answered) {
    made.emplace("restarts_used", one.restarts_used);
    made.emplace("intensity", one.intensity);
  }
  return made;
}

array listed(const std::vector<std::string>& names) {
  return {names.begin(), names.end()};
}

value show(const actor_waits& told) {
  array circles;
  for (const auto& one : told.circles)
    circles.emplace_back(listed(one));
  return object{{"waits_for", listed(told.waits_for)},
                {"asked_by", listed(told.asked_by)},
                {"circles", std::move(circles)}};
}

object head_of(const findings& in) {
  object made{{"as_of", json::print_time(in.as_of)}, {"source", in.live ? "daemon" : "journal"}};
  if (!in.live)
    made.emplace("process", in.process);
  return made;
}

std::string_view type_of(const supervision_fate& what) {
  if (const auto* event = std::get_if<supervision_event>(&what))
    return to_string(event->what);
  return std::holds_alternative<actor_ordered>(what) ? "ordered" : "ended";
}

value show(const life& past, std::size_t most) {
  array made;
  for (auto line = past.lines.rbegin(); line != past.lines.rend() && made.size() < most; ++line)
    made.push_back(object{{"time", json::print_time(line->at)},
                          {"sequence", line->record.value},
                          {"run", line->run},
                          {"what", type_of(line->what)},
                          {"says", worded(line->what)}});
  return made;
}

bool takes(const actor_choice& chosen, const actor_view& one) {
  const bool state =
      chosen.states.empty() || std::ranges::any_of(chosen.states, [&](const std::string& wanted) {
        return wanted == state_of(one);
      });
  return state && one.name.find(chosen.name) != std::string::npos;
}

} // namespace

std::vector<std::string> known_states() {
  std::vector<std::string> made;
  for (std::uint8_t number = 1; to_string(child_state{number}) != "unknown"; ++number)
    made.emplace_back(to_string(child_state{number}));
  made.emplace_back("unknown");
  return made;
}

value show_actors(const findings& in, const actor_choice& chosen) {
  array supervisors;
  for (const auto& one : in.tree.supervisors)
    supervisors.push_back(show(in, one));
  array actors;
  for (const auto& one : in.tree.actors)
    if (takes(chosen, one))
      actors.push_back(show(in, one));
  array picture;
  for (const auto& line : in.picture)
    picture.emplace_back(line);
  auto made = head_of(in);
  made.emplace("picture", std::move(picture));
  made.emplace("supervisors", std::move(supervisors));
  made.emplace("actors", std::move(actors));
  return made;
}

value show_actor(const findings& in, const actor_view& one, const std::optional<checkpoint>& kept,
                 std::size_t history_max) {
  auto made = head_of(in);
  made.emplace("actor", show(in, one));
  const auto* keeper = keeper_of(in, one);
  made.emplace("supervisor", keeper == nullptr ? value{} : show(in, *keeper));
  if (const auto waits = waits_of(in, one))
    made.emplace("waits", show(*waits));
  if (!in.past)
    made.emplace("history", nullptr);
  else if (const auto* past = in.past->find(one.supervisor, one.name))
    made.emplace("history", show(*past, history_max));
  else
    made.emplace("history", array{});
  if (kept) {
    auto shown = json::to_value(kept->info);
    shown.as<object>()->insert_or_assign("state", kept->state);
    made.emplace("checkpoint", std::move(shown));
  }
  made.emplace("lints", show(lints_of(in, one)));
  return made;
}

value show_why(const findings& in, const actor_view& one) {
  array answers;
  for (const auto& part : explain(in, one)) {
    array lines;
    for (const auto& line : part.lines)
      lines.emplace_back(line);
    answers.push_back(object{{"name", part.name}, {"lines", std::move(lines)}});
  }
  auto made = head_of(in);
  made.emplace("name", one.name);
  made.emplace("state", state_of(one));
  made.emplace("answers", std::move(answers));
  return made;
}

} // namespace holdfast::inspection
