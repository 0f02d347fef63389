// SPDX-License-Identifier: Apache-2.0
// The start: gather evidence without changing anything, decide, then do what was decided.
#pragma once

#include "persistence/live.hpp"
#include "persistence/overlay.hpp"
#include "persistence/verify.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace holdfast::persistence {

/// One way to serve the store, and what came of looking at it.
struct attempt {
  bool made = false;
  std::optional<sequence> head; ///< It proved itself up to here.
  std::optional<fault> problem; ///< Or why not.
};

/// What a start knows. Filled step by step, as `decide` asks for more.
struct evidence {
  bool clean = false;     ///< The last writer stopped cleanly.
  bool same_boot = false; ///< It wrote in this boot: nothing written can have been lost.
  sequence frontier;      ///< Acknowledged, by the superblock.
  sequence mirror_last;   ///< The newest batch of the mirror ends here; 0: none.
  sequence mirror_begun;  ///< Committed before a batch that the mirror has lost; 0: none.
  sequence mirror_power;  ///< The newest batch written at `power` ends here; 0: none.
  std::uint64_t batches_missing = 0;       ///< In the mirror, beyond the log.
  std::uint64_t power_batches_missing = 0; ///< Of those, at `power`.
  attempt log;                             ///< The log as it is.
  attempt log_and_mirror;                  ///< With the mirror's batches on top.
  attempt tables_and_mirror;               ///< Table files and the mirror, the log set aside.
  attempt log_before_hole;                 ///< The log up to where it stops to make sense.
};

enum class next_step : std::uint8_t {
  try_log,
  try_log_and_mirror,
  try_tables_and_mirror,
  try_log_before_hole,
  serve,              ///< Everything is there.
  complete,           ///< The process died between mirror and log: write the batch.
  repair,             ///< The log lost batches: write them from the mirror.
  repair_without_log, ///< The log is broken: set it aside, write from the mirror.
  serve_before_hole,  ///< Power loss tore what was never synced: the log ends before it.
  refuse
};

/// Pure. Every answer but the `try_` ones is final.
next_step decide(const evidence& known);

/// The fault of a refusal: what is missing, and what helps.
fault refusal(const evidence& known);

/// What a start found, and what it needs to go on.
struct finding {
  superblock_state block;
  mirror_survey survey;
  claims claimed;
  evidence known;
  next_step step = next_step::refuse;
  std::optional<proof> proved;
  overlay added;                     ///< What is to be written from the mirror.
  std::optional<catalog> mended;     ///< The list of files through which it could be read.
  std::set<std::string> live_tables; ///< Paths of the tables that the proof relied on.
};

/// Why there is no superblock to open.
fault nothing_to_open(disk& files, const store_paths& paths);

/// Looks at everything, changes nothing. `corrupt` when it must be refused.
result<finding> examine(const store_options& options, recovery_report& report);

/// Does what was decided and answers the database open for writing. Each step may be cut short and
/// done again.
result<std::unique_ptr<rocks>> perform(const finding& found, const store_options& options,
                                       wall_time now, recovery_report& report);

} // namespace holdfast::persistence
