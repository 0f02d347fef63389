// SPDX-License-Identifier: Apache-2.0
// The history of supervision as records of the journal, both ways, and what a new process takes
// back of it. The bytes stand in persistence/FORMAT.md.
#pragma once

#include "actors/supervisor/history.hpp"
#include "messages/event.hpp"
#include "messages/supervision_history.hpp"
#include "persistence/draft.hpp"
#include "persistence/reader.hpp"

#include <chrono>
#include <functional>
#include <string>

namespace holdfast {

/// Longer texts of causes and reasons are cut.
inline constexpr std::size_t supervision_text_max = 1000;

/// How far back a start looks for restarts: longer than any period that makes sense.
inline constexpr std::chrono::hours supervision_window{24};

/// A draft for the stream `$supervision`.
persistence::draft to_draft(const supervision_record& record);

/// The record back. Answers `unsupported` for a type that a later version has written.
result<supervision_record> supervision_from(const recorded_event& record);

/// Calls `take` for each record of the history from that place on, in order, each once; types that
/// are not known are passed over.
result<void> each_supervision(const persistence::reader& from, sequence first,
                              const std::function<void(const supervision_record&, sequence)>& take);

/// Where records of so long ago begin. A clock that was put forward while no process ran makes
/// nothing old: the time of the newest record counts as now, if it is the earlier one.
result<sequence> supervision_since(const persistence::reader& from, wall_time now,
                                   std::chrono::hours window = supervision_window);

/// This moment, on the clocks of this machine.
struct moment_now {
  wall_time wall;
  instant ticks;
  std::string boot;
};

/// When it happened, as a budget must count it: within one boot the monotonic clock knows how long
/// ago it was, whatever was done to the wall clock; of two answers the later one is believed.
wall_time counted_at(const supervision_record& record, const moment_now& now);

/// What the supervisors take back at the start of a process.
result<supervisor::history> recall_history(const persistence::reader& from, const moment_now& now);

} // namespace holdfast
