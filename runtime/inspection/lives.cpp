// SPDX-License-Identifier: Apache-2.0
// Folds the history's records into lives.
#include "runtime/inspection/lives.hpp"

#include <algorithm>

namespace holdfast::inspection {

namespace {

using std::chrono::milliseconds;

milliseconds since(wall_time then, wall_time now) {
  return milliseconds{std::max<std::int64_t>((now.us - then.us) / 1000, 0)};
}

/// The state that a fact leaves a child in; nothing: it stays as it is.
std::optional<child_state> state_after(supervision_fact what) {
  switch (what) {
  case supervision_fact::started:
    return child_state::running;
  case supervision_fact::restart_due:
    return child_state::backoff;
  case supervision_fact::died:
  case supervision_fact::start_failed:
  case supervision_fact::stopped:
  case supervision_fact::ignored:
  case supervision_fact::cancelled:
    return child_state::stopped;
  case supervision_fact::hung:
    return child_state::stopping;
  case supervision_fact::killed:
    return child_state::killing;
  case supervision_fact::abandoned:
    return child_state::abandoned;
  case supervision_fact::child_gave_up:
  case supervision_fact::gave_up:
    return child_state::gave_up;
  case supervision_fact::added:
    return child_state::stopped;
  default:
    return std::nullopt;
  }
}

child_status status_of(const life& of, std::uint64_t run, wall_time now) {
  child_status made;
  made.id = of.name;
  made.state = of.run == run ? of.state : child_state::stopped;
  made.incarnation = of.incarnation;
  made.restarts = of.restarts;
  made.in_state = since(of.since, now);
  if (made.state == child_state::backoff)
    made.retry_in = std::max(of.pause - made.in_state, milliseconds{0});
  made.last_cause = of.last_cause;
  made.failures = of.failures;
  made.lost = of.run == run ? of.lost : 0;
  return made;
}

} // namespace

life& lives::one(const std::string& supervisor, const std::string& name) {
  const auto [found, is_new] = places_.try_emplace({supervisor, name}, lives_.size());
  if (is_new) {
    lives_.emplace_back();
    lives_.back().supervisor = supervisor;
    lives_.back().name = name;
  }
  return lives_[found->second];
}

void lives::keep(life& of, const supervision_record& told, sequence at) {
  of.lines.push_back({told.at, at, told.run.number, told.what});
  if (of.lines.size() > lines_max)
    of.lines.pop_front();
}

void lives::apply(const supervision_record& told, sequence record) {
  run_ = std::max(run_, told.run.number);
  newest_ = told.at;
  if (const auto* event = std::get_if<supervision_event>(&told.what)) {
    apply(*event, told, record);
  } else if (const auto* order = std::get_if<actor_ordered>(&told.what)) {
    keep(one(order->supervisor, order->child), told, record);
  } else if (const auto* ended = std::get_if<supervisor_ended>(&told.what)) {
    auto& of = reigns_[ended->supervisor];
    of.run = told.run.number;
    of.ended = *ended;
    of.ended_at = told.at;
  } else if (const auto* gap = std::get_if<history_gap>(&told.what)) {
    dropped_ += gap->count;
  }
}

void lives::apply(const supervision_event& told, const supervision_record& record, sequence at) {
  auto& under = reigns_[told.supervisor];
  if (under.run != record.run.number)
    under.ended.reset();
  under.run = record.run.number;
  if (told.child.empty())
    return;
  auto& of = one(told.supervisor, told.child);
  if (of.run != record.run.number)
    of.lost = 0;
  of.run = record.run.number;
  of.incarnation = std::max(of.incarnation, told.incarnation);
  if (const auto next = state_after(told.what)) {
    of.state = *next;
    of.since = record.at;
  }
  switch (told.what) {
  case supervision_fact::started:
    break;
  case supervision_fact::died:
  case supervision_fact::start_failed:
  case supervision_fact::hung:
    of.last_cause = told.text;
    break;
  case supervision_fact::restart_due:
    ++of.restarts;
    of.failures = told.failures;
    of.pause = told.pause;
    under.restarts.push_back(record.at);
    if (under.restarts.size() > restarts_max)
      under.restarts.pop_front();
    break;
  case supervision_fact::abandoned:
    ++of.lost;
    break;
  default:
    break;
  }
  keep(of, record, at);
}

const life* lives::find(std::string_view supervisor, std::string_view name) const {
  const auto found = places_.find({std::string{supervisor}, std::string{name}});
  return found == places_.end() ? nullptr : &lives_[found->second];
}

const reign* lives::find_reign(std::string_view supervisor) const {
  const auto found = reigns_.find(supervisor);
  return found == reigns_.end() ? nullptr : &found->second;
}

std::vector<const life*> lives::all() const {
  std::vector<const life*> made;
  made.reserve(lives_.size());
  for (const auto& one : lives_)
    made.push_back(&one);
  return made;
}

actor_tree lives::tree(wall_time now) const {
  actor_tree made;
  for (const auto& one : lives_) {
    const auto known = std::ranges::any_of(
        made.supervisors, [&](const supervisor_view& view) { return view.name == one.supervisor; });
    if (!known) {
      supervisor_view view;
      view.name = one.supervisor;
      made.supervisors.push_back(std::move(view));
    }
    made.actors.push_back({one.name, one.supervisor, status_of(one, run_, now), std::nullopt});
  }
  return made;
}

} // namespace holdfast::inspection
