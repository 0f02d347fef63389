// SPDX-License-Identifier: Apache-2.0
// A child as its supervisor remembers it, and the few questions that need nothing else.
#pragma once

#include "actors/supervisor/decision.hpp"
#include "actors/supervisor/history.hpp"
#include "actors/supervisor/specification.hpp"
#include "actors/window.hpp"
#include "messages/value.hpp"

#include <memory>

namespace holdfast::supervisor {

/// Why a child is being taken down. What was asked last holds.
enum class leaving : std::uint8_t {
  no,
  overdue, ///< It did not come up in time: the start has failed.
  hung,    ///< It is to be replaced.
  asked,   ///< Somebody stopped it by hand.
  group,   ///< Another's failure takes it along.
  whole    ///< The supervisor ends.
};

struct slot {
  std::uint64_t order = 0; ///< Its place: starts go up, stops go down.
  std::string id;
  std::shared_ptr<const child_spec> spec; ///< With its defaults filled in.
  std::shared_ptr<const value> arguments; ///< Null: none.

  child_state state = child_state::waiting;
  std::uint64_t incarnation = 0;
  std::uint64_t epoch = 0; ///< Moves with every change of state, so old alarms are known.
  instant since{};         ///< In `state`.
  instant retry_at{};
  leaving why = leaving::no;
  instant leaving_since{};
  bool again = false;  ///< It is started again after it was taken down.
  bool fresh = false;  ///< Added by a call, and not up yet: its spec goes if it does not come up.
  bool was_up = false; ///< It has answered at least once.
  route leads = route::closed;

  std::optional<window> own; ///< Its own budget.
  std::uint32_t failures = 0;
  std::uint64_t restarts = 0;
  std::string last_cause;
  std::vector<cause> chain; ///< Of its last failure.

  bool probing = false;    ///< A probe is under way.
  std::uint64_t probe = 0; ///< Epoch of the next probe, or of the one under way.
  std::uint64_t look = 0;  ///< Epoch of the next look at its counters.
  std::string busy_with;   ///< As last seen.
  std::chrono::milliseconds busy_for{0};
  message_counts messages;

  std::vector<caller> starters; ///< Wait until it is up.
  std::vector<caller> stoppers; ///< Wait until it has ended.

  child_ref ref() const { return {id, incarnation}; }
};

/// As many times as the largest budget needs, whatever this one does: a limit that is lowered and
/// raised again has forgotten nothing.
inline window window_of(const restart_budget& budget) {
  return {budget.period, restarts_remembered_max};
}

/// There is an actor.
constexpr bool is_alive(child_state state) {
  return state == child_state::starting || state == child_state::running
         || state == child_state::stopping || state == child_state::killing;
}

constexpr bool is_leaving(child_state state) {
  return state == child_state::stopping || state == child_state::killing;
}

/// It will be started without anybody asking for it.
constexpr bool is_due(child_state state) {
  return state == child_state::waiting || state == child_state::backoff;
}

constexpr bool is_abnormal(ending how) {
  return how != ending::normal && how != ending::shutdown;
}

constexpr bool restarts_after(restart_type type, ending how) {
  return type == restart_type::permanent || (type == restart_type::transient && is_abnormal(how));
}

/// Whether a child that was told to end has ended as it should.
inline bool is_acceptable(const child_spec& spec, ending how) {
  if (how == ending::normal)
    return spec.restart != restart_type::permanent;
  return how == ending::shutdown || (how == ending::killed && shutdown_of(spec).count() == 0);
}

/// A time that is never reached stands for no limit.
inline std::optional<instant> after(instant now, std::chrono::milliseconds wait) {
  if (wait >= std::chrono::hours{24 * 365 * 100})
    return std::nullopt;
  return now + wait;
}

} // namespace holdfast::supervisor
