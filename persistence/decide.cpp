// SPDX-License-Identifier: Apache-2.0
// What the evidence says: serve, complete, repair or refuse.
#include "persistence/recovery.hpp"
#include "persistence/walk.hpp"

#include <algorithm>

namespace holdfast::persistence {
namespace {

/// What must be there. Within one boot nothing that was written can be lost, so every batch of the
/// mirror counts; across boots only those that were synced.
sequence required(const evidence& known) {
  return std::max(known.frontier, known.same_boot ? std::max(known.mirror_last, known.mirror_begun)
                                                  : known.mirror_power);
}

/// A crash leaves at most the batch in the mirror that it interrupted in the log.
bool only_interrupted(const evidence& known) {
  if (known.clean || *known.log.head < known.frontier)
    return false;
  return known.same_boot ? known.batches_missing <= 1 : known.power_batches_missing <= 1;
}

bool reaches(const attempt& made, sequence needed) {
  return made.head && *made.head >= needed;
}

} // namespace

next_step decide(const evidence& known) {
  const auto needed = required(known);
  if (!known.log.made)
    return next_step::try_log;
  if (reaches(known.log, std::max(needed, known.mirror_last)))
    return next_step::serve;
  if (!known.log_and_mirror.made)
    return next_step::try_log_and_mirror;
  if (reaches(known.log_and_mirror, needed))
    return known.log.head && only_interrupted(known) ? next_step::complete : next_step::repair;
  // What the mirror has beyond the log was never acknowledged, and it does not fit: leave it.
  if (reaches(known.log, needed))
    return next_step::serve;
  if (!known.tables_and_mirror.made)
    return next_step::try_tables_and_mirror;
  if (reaches(known.tables_and_mirror, needed))
    return next_step::repair_without_log;
  // Power loss leaves holes in what was never synced, so the log may not read to its end. What was
  // promised to survive stands before them, or the needed records are not reached.
  if (known.clean || known.same_boot)
    return next_step::refuse;
  if (!known.log_before_hole.made)
    return next_step::try_log_before_hole;
  return reaches(known.log_before_hole, needed) ? next_step::serve_before_hole : next_step::refuse;
}

fault refusal(const evidence& known) {
  const auto needed = required(known);
  if (const auto& best = known.tables_and_mirror.head; best && !known.log.head)
    return missing(*best + 1, needed,
                   "they were acknowledged; the mirror ends before them, and the log is damaged: "
                       + known.log.problem.value_or(fault{}).what);
  if (known.log.head)
    return missing(*known.log.head + 1, needed,
                   "they were acknowledged, and neither the log nor the mirror has them");
  // The log as it is says best what is wrong; the other attempts only did not help.
  auto why = known.log.problem.value_or(fault{});
  if (why.what.find("records ") != 0) {
    const auto what = why.what;
    why = missing(sequence{1}, needed, what);
  }
  if (known.tables_and_mirror.problem)
    why.what += "; the mirror does not help: " + known.tables_and_mirror.problem->what;
  why.code = fault_code::corrupt;
  return why;
}

} // namespace holdfast::persistence
