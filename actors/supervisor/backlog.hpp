// SPDX-License-Identifier: Apache-2.0
// What supervision did and the journal does not know yet: bounded, in order, nothing lost unsaid.
#pragma once

#include "messages/supervision_history.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace holdfast::supervisor {

/// Records on their way to the journal. Pure.
///
///   add --> kept --next--> sent --sent--> gone
///            |               \---(not known whether it is on disk)--> `next` gives it again
///            \--more than kept_max--> dropped, and counted in the next record
///
/// At the limit the oldest goes, but restarts go last: a budget that was used up while the journal
/// was down must not come back because of how often. What has been sent is never dropped, since it
/// may be on disk.
class backlog {
public:
  static constexpr std::size_t kept_max_usual = 10000;
  static constexpr std::size_t batch_max = 200;

  /// Needs: `kept_max` above 0.
  explicit backlog(supervision_run of, std::size_t kept_max = kept_max_usual);

  void add(supervision_fate what, wall_time at, instant ticks);

  /// The oldest records, at most `batch_max`, in the order of their numbers, behind a gap if some
  /// were dropped. The same again until `sent`.
  const std::vector<supervision_record>& next();

  /// What `next` gave last is on disk.
  void sent() { sending_.clear(); }

  /// Records that are not on disk, as far as is known.
  std::size_t waiting() const { return sending_.size() + restarts_.size() + others_.size(); }
  bool empty() const { return waiting() == 0 && gap_.count == 0; }

  std::uint64_t dropped() const { return dropped_; } ///< Ever.

private:
  void drop();

  supervision_run run_;
  std::size_t kept_max_;
  std::uint64_t numbers_ = 0;
  std::uint64_t dropped_ = 0;
  std::deque<supervision_record> restarts_; ///< The oldest first, as are the others.
  std::deque<supervision_record> others_;
  history_gap gap_; ///< Not yet told.
  std::vector<supervision_record> sending_;
};

} // namespace holdfast::supervisor
