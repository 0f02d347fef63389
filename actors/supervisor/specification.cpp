// SPDX-License-Identifier: Apache-2.0
// The rules that flags and specs must keep, each with OTP's name for its breach.
#include "actors/supervisor/specification.hpp"

#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast::supervisor {

namespace {

using std::chrono::milliseconds;

fault problem(std::string_view reason, const std::string& what, std::string help = {}) {
  return {fault_code::invalid, what + " (" + std::string{reason} + ')', std::move(help)};
}

template <class Enum>
bool is_one_of(Enum given, Enum first, Enum last) {
  return given >= first && given <= last;
}

result<void> check_budget(const std::string& whose, std::uint32_t intensity, milliseconds period) {
  if (intensity > intensity_max)
    return problem("invalid_intensity", whose + "the intensity is above 10000");
  if (period.count() <= 0)
    return problem("invalid_period", whose + "the period must be above 0");
  return {};
}

result<void> check_pauses(const std::string& whose, const restart_pauses& pauses) {
  if (pauses.min.count() < 0 || pauses.max < pauses.min || !(pauses.jitter_share >= 0)
      || pauses.jitter_share > 1)
    return problem("invalid_backoff",
                   whose + "pauses need 0 <= min <= max and a jitter share from 0 to 1");
  if (pauses.steady_after.count() < 0)
    return problem("invalid_backoff", whose + "the steady time is negative");
  return {};
}

result<void> check_hang(const std::string& whose, const hang_watch& hang) {
  if (hang.probe_every.count() < 0 || hang.probe_within.count() < 0 || hang.handler_max.count() < 0
      || hang.patience.count() < 0)
    return problem("invalid_hang_watch", whose + "a time of the hang watch is negative");
  if ((hang.probe_every.count() > 0) != (hang.probe_within.count() > 0))
    return problem("invalid_hang_watch", whose + "probes need both how often and within what time");
  return {};
}

result<void> check_flags(const supervisor_flags& chosen) {
  const auto whose = "supervisor '" + chosen.name + "': ";
  if (!is_one_of(chosen.strategy, restart_strategy::one_for_one,
                 restart_strategy::simple_one_for_one))
    return problem("invalid_strategy", whose + "the strategy is not known");
  if (auto fine = check_budget(whose, chosen.intensity, chosen.period); !fine)
    return fine;
  if (!is_one_of(chosen.shuts_down, auto_shutdown::never, auto_shutdown::all_significant))
    return problem("invalid_auto_shutdown", whose + "the automatic shutdown is not known");
  if (chosen.shuts_down != auto_shutdown::never
      && chosen.strategy == restart_strategy::simple_one_for_one)
    return problem("bad_combination", whose + "simple_one_for_one has no automatic shutdown");
  if (auto fine = check_pauses(whose, chosen.pauses); !fine)
    return fine;
  if (chosen.kill_budget.count() <= 0)
    return problem("invalid_budget", whose + "the kill budget must be above 0");
  return {};
}

/// What a spec must keep wherever it stands.
result<void> check_alone(const child_spec& spec, const std::string& child) {
  if (spec.id.empty() || spec.id.size() > 100)
    return problem("missing_id", child + "the id must have 1 to 100 bytes");
  if (!is_one_of(spec.restart, restart_type::permanent, restart_type::temporary))
    return problem("invalid_restart_type", child + "restart is no known type");
  if (spec.shutdown && spec.shutdown->count() < 0)
    return problem("invalid_shutdown", child + "the shutdown time is negative");
  if (!is_one_of(spec.type, child_type::worker, child_type::supervisor))
    return problem("invalid_child_type", child + "type is neither worker nor supervisor");
  if (spec.start.count() <= 0)
    return problem("invalid_start", child + "the start time must be above 0");
  if (spec.budget)
    if (auto fine = check_budget(child, spec.budget->intensity, spec.budget->period); !fine)
      return fine;
  if (!is_one_of(spec.when_spent, spent_action::escalate, spent_action::rest))
    return problem("invalid_budget", child + "what follows a used-up budget is not known");
  if (spec.pauses)
    if (auto fine = check_pauses(child, *spec.pauses); !fine)
      return fine;
  if (auto fine = check_hang(child, spec.hang); !fine)
    return fine;
  if (!is_one_of(spec.when_lost, lost_action::replace, lost_action::exit_process))
    return problem("invalid_lost_action", child + "what follows its loss is not known");
  if (!is_one_of(spec.messages.queued, message_fate::refuse, message_fate::hand_over)
      || !is_one_of(spec.messages.in_flight, message_fate::refuse, message_fate::hand_over))
    return problem("invalid_messages", child + "what becomes of messages is not known");
  if (spec.mailbox.messages_max == 0
      || !is_one_of(spec.mailbox.when_full, overflow::refuse_sender, overflow::block_producer))
    return problem("invalid_mailbox", child + "a mailbox needs room and a known policy");
  return {};
}

result<void> check_significant(const child_spec& spec, const std::string& child,
                               std::optional<auto_shutdown> shuts_down) {
  if (spec.significant && spec.restart == restart_type::permanent)
    return problem("bad_combination", child
                                          + "a permanent child never ends, so it is not "
                                            "significant");
  if (spec.significant && shuts_down == auto_shutdown::never)
    return problem("bad_combination", child + "significant needs automatic shutdown",
                   "set the supervisor's automatic shutdown, or leave significant out");
  return {};
}

template <class Check>
result<void> check_each(const std::vector<child_spec>& specs, Check check_one) {
  std::set<std::string_view> ids;
  for (const auto& spec : specs) {
    if (auto fine = check_one(spec); !fine)
      return fine;
    if (!ids.insert(spec.id).second)
      return problem("duplicate_child_name", "child '" + spec.id + "': the id is used twice");
  }
  return {};
}

bool has_group(restart_strategy strategy) {
  return strategy == restart_strategy::one_for_all || strategy == restart_strategy::rest_for_one;
}

} // namespace

result<void> check_child(const supervisor_flags& chosen, const child_spec& spec) {
  const auto child = "child '" + spec.id + "': ";
  if (auto fine = check_alone(spec, child); !fine)
    return fine;
  if (auto fine = check_significant(spec, child, chosen.shuts_down); !fine)
    return fine;
  if (!spec.budget || spec.when_spent != spent_action::rest)
    return {};
  if (spec.significant)
    return problem("bad_combination", child + "a significant child cannot rest",
                   "its supervisor must give up with it: escalate");
  if (has_group(chosen.strategy))
    return problem("bad_combination", child + "a child that others depend on cannot rest",
                   "use one_for_one, or escalate");
  return {};
}

result<void> check(const supervisor_flags& chosen, const std::vector<child_spec>& specs) {
  if (auto fine = check_flags(chosen); !fine)
    return fine;
  const auto whose = "supervisor '" + chosen.name + "': ";
  if (chosen.strategy == restart_strategy::simple_one_for_one && specs.size() != 1)
    return problem("bad_start_spec", whose + "simple_one_for_one needs exactly one spec");
  if (specs.size() > children_max)
    return problem("too_many_children", whose + "more than 10000 children");
  return check_each(specs, [&](const auto& spec) { return check_child(chosen, spec); });
}

result<void> check_childspecs(const std::vector<child_spec>& specs,
                              std::optional<auto_shutdown> shuts_down) {
  return check_each(specs, [&](const auto& spec) {
    const auto child = "child '" + spec.id + "': ";
    const auto fine = check_alone(spec, child);
    return fine ? check_significant(spec, child, shuts_down) : fine;
  });
}

child_spec completed(child_spec spec) {
  if (!spec.shutdown)
    spec.shutdown =
        spec.type == child_type::supervisor ? shutdown_without_limit : milliseconds{5000};
  return spec;
}

} // namespace holdfast::supervisor
