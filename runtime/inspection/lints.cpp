// SPDX-License-Identifier: Apache-2.0
// The rules, one function each.
#include "runtime/inspection/lints.hpp"

#include "runtime/spoken.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace holdfast::inspection {

namespace {

using std::chrono::milliseconds;
using finding = std::optional<std::pair<std::string, std::string>>; ///< What it says, and the help.

milliseconds in_ms(std::chrono::microseconds span) {
  return std::chrono::duration_cast<milliseconds>(span);
}

finding never_yields(const lint_subject& of, const lint_limits& limits) {
  const auto& reading = of.actor->reading;
  if (!reading || !reading->current || reading->current->handling < limits.never_yields)
    return {};
  return {{"it has been handling one message (" + reading->current->kind + ") for "
               + spoken(reading->current->handling),
           "nothing can end a handler that runs: move what blocks to a detached actor, or give the "
           "child a limit for one message"}};
}

finding handler_over_deadline(const lint_subject& of, const lint_limits& limits) {
  const auto& reading = of.actor->reading;
  if (!reading || !reading->p99 || in_ms(*reading->p99) < limits.handler_deadline)
    return {};
  return {{"one message in a hundred takes " + spoken(in_ms(*reading->p99)) + " or more",
           "whoever waits behind it waits as long: split the work, or let another actor do it"}};
}

finding mailbox_growing(const lint_subject& of, const lint_limits& limits) {
  const auto& reading = of.actor->reading;
  if (!reading)
    return {};
  const bool full =
      reading->queued_max > 0 && reading->queued * 100 >= reading->queued_max * limits.queued_share;
  const bool late =
      reading->oldest && *reading->oldest >= limits.oldest && reading->queued >= limits.queued;
  if (!full && !late)
    return {};
  auto says = std::to_string(reading->queued) + " messages wait";
  if (reading->oldest)
    says += ", the oldest for " + spoken(*reading->oldest);
  if (full)
    says += ", of " + std::to_string(reading->queued_max) + " that fit";
  return {{says, "more comes than it handles: slow its senders, or run more of it"}};
}

finding restart_storm(const lint_subject& of, const lint_limits& limits) {
  const auto& status = of.actor->status;
  if (!status)
    return {};
  if (status->failures >= limits.failures)
    return {{"it has failed " + std::to_string(status->failures)
                 + " times in a row: " + status->last_cause,
             "`holdfast why` has the causes; a restart does not mend what is wrong outside of it"}};
  const auto used_up = [&](std::uint32_t used, std::uint32_t allowed) {
    return used > 0 && std::uint64_t{used} * 100 >= std::uint64_t{allowed} * limits.budget_share;
  };
  if (status->budget && used_up(status->budget_used, *status->budget))
    return {{std::to_string(status->budget_used) + " of its own " + std::to_string(*status->budget)
                 + " restarts are used",
             "`holdfast why` has the causes"}};
  if (of.keeper != nullptr && of.keeper->answered && status->restarts > 0
      && used_up(of.keeper->restarts_used, of.keeper->intensity))
    return {{std::to_string(of.keeper->restarts_used) + " of "
                 + std::to_string(of.keeper->intensity) + " restarts under " + of.keeper->name
                 + " are used",
             "one more than that, and the supervisor gives up with all its children"}};
  return {};
}

finding orphaned_request(const lint_subject& of, const lint_limits&) {
  const auto& reading = of.actor->reading;
  if (!reading || reading->with_lost == 0)
    return {};
  return {
      {std::to_string(reading->with_lost)
           + " messages are in the hands of incarnations that would not end",
       "whoever asked gets no answer from them: their threads are lost until the process ends"}};
}

finding stale_checkpoint(const lint_subject& of, const lint_limits& limits) {
  if (!of.newest || of.head <= of.newest->covered)
    return {};
  const milliseconds age{std::max<std::int64_t>((of.now.us - of.newest->time.us) / 1000, 0)};
  const auto behind = of.head - of.newest->covered;
  const auto times = limits.checkpoint_overdue;
  if (behind < of.rule.events * times
      || age < of.rule.interval * static_cast<milliseconds::rep>(times))
    return {};
  return {{"its last checkpoint is " + spoken(age) + " old and " + std::to_string(behind)
               + " records behind",
           "a restart folds all of them again: the log says why no checkpoint is taken"}};
}

finding oversized_state(const lint_subject& of, const lint_limits& limits) {
  if (!of.newest || of.newest->size < limits.state_bytes)
    return {};
  return {{"its state has " + std::to_string(of.newest->size >> 20U)
               + " MiB; at 16 MiB no "
                 "checkpoint is taken any more",
           "keep less in it, or split it over several actors"}};
}

struct rule {
  std::string_view id;
  finding (*look)(const lint_subject&, const lint_limits&);
};

constexpr std::array rules{rule{"never-yields", never_yields},
                           rule{"mailbox-growing", mailbox_growing},
                           rule{"handler-over-deadline", handler_over_deadline},
                           rule{"restart-storm", restart_storm},
                           rule{"orphaned-request", orphaned_request},
                           rule{"stale-checkpoint", stale_checkpoint},
                           rule{"oversized-state", oversized_state}};

} // namespace

const std::vector<std::string_view>& lint_ids() {
  static const auto ids = [] {
    std::vector<std::string_view> made;
    for (const auto& one : rules)
      made.push_back(one.id);
    return made;
  }();
  return ids;
}

std::vector<lint> lints_of(const lint_subject& of, const lint_limits& limits) {
  std::vector<lint> made;
  for (const auto& one : rules)
    if (auto found = one.look(of, limits))
      made.push_back({std::string{one.id}, std::move(found->first), std::move(found->second)});
  return made;
}

} // namespace holdfast::inspection
