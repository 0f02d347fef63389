// SPDX-License-Identifier: Apache-2.0
// What the history of supervision keeps in the journal, beside the events themselves.
#pragma once

#include "messages/fields.hpp"
#include "messages/ids.hpp"
#include "messages/supervision.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace holdfast {

/// A supervisor ended, and how.
struct supervisor_ended {
  std::string supervisor;
  supervision_ended how;

  static constexpr auto name = "supervisor_ended";
  static constexpr auto fields =
      std::make_tuple(&supervisor_ended::supervisor, &supervisor_ended::how);
};

/// What a person may ask of an actor. On disk: never renumber.
enum class actor_order : std::uint8_t { restart = 1, stop = 2 };

constexpr std::string_view to_string(actor_order what) {
  return what == actor_order::restart ? "restart" : "stop";
}

/// A person asked for something, and why.
struct actor_ordered {
  actor_order what = actor_order::restart;
  std::string supervisor;
  std::string child;
  std::string reason;
  std::string who;

  static constexpr auto name = "actor_ordered";
  static constexpr auto fields =
      std::make_tuple(&actor_ordered::what, &actor_ordered::supervisor, &actor_ordered::child,
                      &actor_ordered::reason, &actor_ordered::who);
};

/// Records that nobody will ever read: there were too many while the journal was down.
struct history_gap {
  std::uint64_t count = 0;
  std::uint64_t from = 0; ///< Their numbers lie from here ...
  std::uint64_t to = 0;   ///< ... to here, not all that lie there are missing.

  static constexpr auto name = "history_gap";
  static constexpr auto fields =
      std::make_tuple(&history_gap::count, &history_gap::from, &history_gap::to);
};

using supervision_fate =
    std::variant<supervision_event, supervisor_ended, actor_ordered, history_gap>;

/// One life of a process that supervises.
struct supervision_run {
  std::uint64_t number = 0; ///< The store's epoch at its start. It only grows.
  sequence after;           ///< Its records stand behind this one.
  std::string boot;         ///< Of the kernel; empty: unknown.

  friend bool operator==(const supervision_run&, const supervision_run&) = default;
};

/// One record of the history. A record may come twice, with the same run and number: what became
/// of an append is not always known, and it is sent again.
struct supervision_record {
  supervision_run run;
  std::uint64_t number = 0; ///< Counts the records of a run from 1; 0 for a gap.
  wall_time at;
  instant ticks{}; ///< Of the monotonic clock, which goes on over processes of one boot.
  supervision_fate what;

  friend bool operator==(const supervision_record&, const supervision_record&) = default;
};

} // namespace holdfast
