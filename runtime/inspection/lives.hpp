// SPDX-License-Identifier: Apache-2.0
// The lives of actors as the journal tells them: readable when nobody lives any more.
#pragma once

#include "messages/inspection.hpp"
#include "messages/supervision_history.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::inspection {

/// Lines kept of each actor; the oldest go.
inline constexpr std::size_t lines_max = 100;

/// Restarts kept of each supervisor: as many as its largest budget.
inline constexpr std::size_t restarts_max = 10001;

/// One thing that happened.
struct life_line {
  wall_time at;
  sequence record;
  std::uint64_t run = 0;
  supervision_fate what;
};

/// What is known of one actor.
struct life {
  std::string supervisor;
  std::string name;
  child_state state = child_state::stopped;
  wall_time since; ///< In that state.
  std::uint64_t run = 0;
  std::uint64_t incarnation = 0;
  std::uint64_t restarts = 0;
  std::uint32_t failures = 0;
  std::string last_cause;
  std::chrono::milliseconds pause{0}; ///< Of the restart it waits for.
  std::uint64_t lost = 0;
  std::deque<life_line> lines; ///< The oldest first.
};

/// What is known of one supervisor.
struct reign {
  std::uint64_t run = 0;
  std::deque<wall_time> restarts; ///< The oldest first.
  std::optional<supervisor_ended> ended;
  wall_time ended_at;
};

/// The fold of the history's records for people; `supervisor::history` is the one for machines.
///
/// A record of a newer run says that the process before it is gone: whatever ran in it runs no
/// more.
class lives {
public:
  void apply(const supervision_record& told, sequence record);

  const life* find(std::string_view supervisor, std::string_view name) const;
  const reign* find_reign(std::string_view supervisor) const;

  /// In the order in which they were first told of.
  std::vector<const life*> all() const;

  std::uint64_t run() const { return run_; }         ///< The newest; 0: there is no record.
  wall_time newest() const { return newest_; }       ///< When the last thing happened.
  std::uint64_t dropped() const { return dropped_; } ///< Records that were never written.

  /// The tree as it was last, at `now`: with what the records know, and nothing else.
  actor_tree tree(wall_time now) const;

private:
  void apply(const supervision_event& told, const supervision_record& record, sequence at);
  life& one(const std::string& supervisor, const std::string& name);
  static void keep(life& of, const supervision_record& told, sequence at);

  std::map<std::pair<std::string, std::string>, std::size_t> places_;
  std::vector<life> lives_;
  std::map<std::string, reign, std::less<>> reigns_;
  std::uint64_t run_ = 0;
  std::uint64_t dropped_ = 0;
  wall_time newest_;
};

} // namespace holdfast::inspection
