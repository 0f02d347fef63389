// SPDX-License-Identifier: Apache-2.0
// The fold of supervision records: what a supervisor must not forget when its process crashes.
#pragma once

#include "actors/supervisor/specification.hpp"
#include "messages/ids.hpp"
#include "messages/supervision.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::supervisor {

/// Restarts the history keeps of one supervisor; the largest budget needs no more.
inline constexpr std::size_t restarts_remembered_max = 10001;

/// Children the history keeps of one supervisor. One more, and the half that was not heard of for
/// longest is forgotten: a supervisor has at most half as many.
inline constexpr std::size_t children_remembered_max = 2 * children_max;

/// What a machine takes back. Ages, since neither clock can be read across a restart.
struct remembered {
  struct child {
    std::uint64_t incarnation = 0;
    std::uint64_t restarts = 0;
    std::uint32_t failures = 0;
    std::string last_cause;
    std::vector<std::chrono::milliseconds> ages; ///< Of its restarts, the oldest first.

    friend bool operator==(const child&, const child&) = default;
  };

  std::vector<std::chrono::milliseconds> ages; ///< Of all restarts, the oldest first.
  std::map<std::string, child, std::less<>> children;

  friend bool operator==(const remembered&, const remembered&) = default;
};

/// The lives of all supervisors that share a journal, folded from their records in order.
///
/// - Every restart counts from the moment it was decided, also where the process died before it
///   was performed.
/// - A clock that went back makes a restart look new, never old: no budget grows by it.
/// - What does not survive a process is not remembered: who ran, who was lost, and what a child
///   that a call added was made of. After a crash a supervisor starts its specs afresh, with the
///   budgets they had left; a child that a call adds again finds its own.
///
/// A value; apply the same records and it is equal.
class history {
public:
  void apply(const supervision_event& happened, wall_time at);

  /// What the supervisor of that name takes back at `now`; nothing where it has no history.
  remembered recall(std::string_view supervisor, wall_time now) const;

  friend bool operator==(const history&, const history&) = default;

private:
  struct past_child {
    std::uint64_t incarnation = 0;
    std::uint64_t restarts = 0;
    std::uint32_t failures = 0;
    std::string last_cause;
    std::uint64_t heard = 0; ///< Which of the supervisor's records spoke of it last.

    friend bool operator==(const past_child&, const past_child&) = default;
  };

  struct restart_time {
    std::string child;
    wall_time at;

    friend bool operator==(const restart_time&, const restart_time&) = default;
  };

  struct past {
    std::deque<restart_time> restarts; ///< The oldest first.
    std::map<std::string, past_child, std::less<>> children;
    std::uint64_t records = 0;

    void make_room();

    friend bool operator==(const past&, const past&) = default;
  };

  std::map<std::string, past, std::less<>> supervisors_;
};

} // namespace holdfast::supervisor
