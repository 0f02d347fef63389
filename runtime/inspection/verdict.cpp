// SPDX-License-Identifier: Apache-2.0
// The checks of the running system, one function each.
#include "runtime/inspection/verdict.hpp"

#include "runtime/inspection/explain.hpp"
#include "runtime/json.hpp"
#include "runtime/version.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::inspection {

namespace {

health_check store_writable(const health_subject& of) {
  if (of.writable)
    return {"store:writable", verdict::pass, of.standing, "", "", ""};
  return {"store:writable",
          verdict::fail,
          of.standing,
          "",
          "the store takes nothing: " + of.writable_says,
          of.standing == "no_space" ? "make room on its disk; it goes on by itself"
                                    : "the log says why: `holdfast logs verify`"};
}

health_check store_space(const health_subject& of) {
  const auto status = of.free_bytes < free_fail_bytes   ? verdict::fail
                      : of.free_bytes < free_warn_bytes ? verdict::warn
                                                        : verdict::pass;
  return {"store:free_bytes",
          status,
          of.free_bytes,
          "bytes",
          status == verdict::pass ? "" : "the store's disk is nearly full",
          status == verdict::pass ? ""
                                  : "make room, or retire old events: `holdfast store retire`"};
}

health_check actors_answering(const findings& in) {
  std::string silent;
  for (const auto& one : in.tree.supervisors)
    if (!one.answered)
      silent += (silent.empty() ? "" : ", ") + one.name;
  if (silent.empty())
    return {"actors:supervisors", verdict::pass, in.tree.supervisors.size(), "supervisors", "", ""};
  return {"actors:supervisors",
          verdict::unknown,
          in.tree.supervisors.size(),
          "supervisors",
          "did not answer in time: " + silent,
          "ask again; `holdfast actors` shows who is known"};
}

/// How bad it is that an actor is as it is.
verdict gravity_of(const actor_view& one) {
  if (!one.status)
    return verdict::pass; // its supervisor's silence is a check of its own
  switch (one.status->state) {
  case child_state::running:
  case child_state::stopped: // a person, or its own normal end, wanted it so
    return verdict::pass;
  case child_state::gave_up:
  case child_state::abandoned:
    return verdict::fail;
  default:
    return verdict::warn;
  }
}

health_check actors_running(const findings& in) {
  health_check made{"actors:running", verdict::pass, {}, "actors", "", ""};
  std::uint64_t running = 0;
  for (const auto& one : in.tree.actors) {
    running += one.status && one.status->state == child_state::running ? 1U : 0U;
    const auto how = gravity_of(one);
    if (how == verdict::pass)
      continue;
    made.says += (made.says.empty() ? "" : "; ") + one.name + " is " + std::string{state_of(one)}
                 + (one.status->last_cause.empty() ? "" : ": " + one.status->last_cause);
    if (how > made.status || made.help.empty())
      made.help = "`holdfast why " + typed(one.name) + "`";
    made.status = std::max(made.status, how);
  }
  made.observed = running;
  return made;
}

health_check actors_lints(const findings& in) {
  health_check made{"actors:lints", verdict::pass, {}, "lints", "", ""};
  std::uint64_t count = 0;
  for (const auto& one : in.tree.actors)
    for (const auto& found : lints_of(in, one)) {
      ++count;
      made.status = verdict::warn;
      made.says += (made.says.empty() ? "" : "; ") + one.name + ": " + found.id;
      if (made.help.empty())
        made.help = "`holdfast inspect " + typed(one.name) + "`; docs/lints.md";
    }
  made.observed = count;
  return made;
}

health_check consumers_keep_up(const health_subject& of) {
  if (!of.paused)
    return {"consumers:paused", verdict::pass, false, "", "", ""};
  return {"consumers:paused",
          verdict::warn,
          true,
          "",
          "producers are paused: consumers are too far behind (" + of.pause_cause + ")",
          "`holdfast consumers ls` shows which"};
}

health_check history_written(const health_subject& of) {
  health_check made{"history:waiting", verdict::pass, of.history_waiting, "records", "", ""};
  if (of.history_dropped > 0) {
    made.status = verdict::warn;
    made.says = std::to_string(of.history_dropped) + " records of supervision were never written";
    made.help = "the journal was down for too long; the log has them";
  }
  return made;
}

health_check telemetry_written(const health_subject& of) {
  health_check made{"telemetry:dropped", verdict::pass, of.telemetry_dropped, "lines", "", ""};
  if (of.telemetry_dropped > 0) {
    made.status = verdict::warn;
    made.says = std::to_string(of.telemetry_dropped) + " log lines were shed since the start";
    made.help = "the log's disk is slow or full: `holdfast logs verify`";
  }
  return made;
}

} // namespace

health_report health_of(const findings& in, const health_subject& of) {
  health_report made;
  made.as_of = in.as_of;
  made.checks = {store_writable(of),  store_space(of),      actors_answering(in),
                 actors_running(in),  actors_lints(in),     consumers_keep_up(of),
                 history_written(of), telemetry_written(of)};
  for (const auto& one : made.checks)
    made.status =
        std::max(made.status, one.status == verdict::unknown ? verdict::warn : one.status);
  return made;
}

value show(const health_report& told) {
  object checks;
  for (const auto& one : told.checks) {
    object shown{{"status", to_string(one.status)},
                 {"observedValue", one.observed},
                 {"time", json::print_time(told.as_of)}};
    if (!one.unit.empty())
      shown.emplace("observedUnit", one.unit);
    if (!one.says.empty())
      shown.emplace("output", one.says);
    if (!one.help.empty())
      shown.emplace("help", one.help);
    array readings;
    readings.emplace_back(std::move(shown));
    checks.emplace(one.id, std::move(readings));
  }
  return object{{"status", to_string(told.status)},
                {"version", "1"},
                {"releaseId", version},
                {"time", json::print_time(told.as_of)},
                {"checks", std::move(checks)}};
}

} // namespace holdfast::inspection
