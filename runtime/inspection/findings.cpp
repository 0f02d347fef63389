// SPDX-License-Identifier: Apache-2.0
// Joins what a process tells with what its journal knows.
#include "runtime/inspection/findings.hpp"

#include "runtime/supervision_records.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::inspection {

namespace {

/// How far back lives are read, unless the process began before.
constexpr std::chrono::hours window{7 * 24};

constexpr std::string_view fold_prefix = "fold ";

/// Those of the last days, and all of the newest process. `began`: the head at its start, where
/// that is known.
result<lives> read_lives(const persistence::reader& from, wall_time now, sequence began) {
  const bool known = began.value != 0;
  lives made;
  const auto read = [&](sequence first) {
    made = lives{};
    return each_supervision(from, first, [&](const supervision_record& record, sequence at) {
      made.apply(record, at);
      began = record.run.after;
    });
  };
  const auto recent = supervision_since(from, now, window);
  if (!recent)
    return recent.error();
  const auto first = known ? std::min(*recent, began) : *recent;
  if (auto done = read(first); !done)
    return done.error();
  // Nothing for so long, or not from the start of the process on: who started then is not known
  // yet.
  const auto earlier = made.run() == 0 ? sequence{1} : began;
  if (!known && earlier < first)
    if (auto done = read(earlier); !done)
      return done.error();
  return made;
}

addressing::waits waits_in(const actor_tree& tree) {
  std::vector<addressing::named_reading> counted;
  for (const auto& one : tree.actors)
    if (one.reading)
      counted.push_back({one.name, *one.reading});
  return addressing::waits_of(counted);
}

} // namespace

void add_waits(findings& to, const std::function<actor_tree()>& look_again) {
  to.waits = waits_in(to.tree);
  if (to.waits->circles.empty())
    return;
  const auto later = waits_in(look_again());
  std::erase_if(to.waits->circles, [&](const auto& circle) {
    return std::ranges::find(later.circles, circle) == later.circles.end();
  });
}

std::optional<actor_waits> waits_of(const findings& in, const actor_view& one) {
  if (!in.waits)
    return std::nullopt;
  actor_waits made;
  for (const auto& [who, for_whom] : in.waits->all) {
    if (who == one.name)
      made.waits_for.push_back(for_whom);
    if (for_whom == one.name)
      made.asked_by.push_back(who);
  }
  for (auto circle : in.waits->circles)
    if (const auto at = std::ranges::find(circle, one.name); at != circle.end()) {
      std::rotate(circle.begin(), at, circle.end());
      made.circles.push_back(std::move(circle));
    }
  return made;
}

std::string worded(const std::vector<std::string>& circle) {
  std::string text;
  for (std::size_t i = 0; i < circle.size(); ++i)
    text += (i == 0 ? "" : ", ") + circle[i] + " waits for " + circle[(i + 1) % circle.size()];
  return text;
}

void add_checkpoints(findings& to, const persistence::reader& from) {
  if (const auto head = from.head())
    to.head = head->last;
  auto all = from.checkpoints({});
  if (!all)
    return;
  for (auto& one : *all) {
    const auto known = std::ranges::find(to.newest, one.owner, &checkpoint_info::owner);
    if (known == to.newest.end())
      to.newest.push_back(std::move(one));
    else if (known->covered < one.covered)
      *known = std::move(one);
  }
}

void add_history(findings& to, const persistence::reader& from) {
  auto past = read_lives(from, to.as_of, to.began);
  if (past)
    to.past = *std::move(past);
  else
    to.past_problem = past.error().what;
}

result<findings> from_journal(const persistence::reader& from, wall_time now, std::string process) {
  findings made;
  made.as_of = now;
  made.process = std::move(process);
  auto past = read_lives(from, now, {});
  if (!past)
    return past.error();
  made.tree = past->tree(now);
  made.past = *std::move(past);
  add_checkpoints(made, from);
  return made;
}

result<const actor_view*> find_actor(const findings& in, std::string_view name) {
  const actor_view* ends_so = nullptr;
  bool several = false;
  std::string others;
  for (const auto& one : in.tree.actors) {
    if (one.name == name)
      return &one;
    if (!name.empty() && one.name.ends_with(" " + std::string{name})) {
      several = ends_so != nullptr;
      ends_so = &one;
    }
    if (others.size() < 300)
      others += (others.empty() ? "there are: " : ", ") + one.name;
  }
  if (ends_so != nullptr && !several)
    return ends_so;
  return fault{fault_code::not_found, "there is no actor \"" + std::string{name} + "\"", others};
}

const supervisor_view* keeper_of(const findings& in, const actor_view& one) {
  const auto found = std::ranges::find(in.tree.supervisors, one.supervisor, &supervisor_view::name);
  return found == in.tree.supervisors.end() ? nullptr : &*found;
}

std::string owner_of(const actor_view& one) {
  return one.name.starts_with(fold_prefix) ? one.name.substr(fold_prefix.size()) : one.name;
}

std::optional<checkpoint_info> checkpoint_of(const findings& in, const actor_view& one) {
  const auto found = std::ranges::find(in.newest, owner_of(one), &checkpoint_info::owner);
  return found == in.newest.end() ? std::nullopt : std::optional{*found};
}

std::vector<lint> lints_of(const findings& in, const actor_view& one) {
  lint_subject of;
  of.actor = &one;
  of.keeper = keeper_of(in, one);
  of.newest = checkpoint_of(in, one);
  of.head = in.head;
  of.now = in.as_of;
  of.rule = in.rule;
  return lints_of(of);
}

std::string_view state_of(const actor_view& one) {
  return one.status ? to_string(one.status->state) : "unknown";
}

} // namespace holdfast::inspection
