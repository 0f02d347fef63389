// SPDX-License-Identifier: Apache-2.0
// Decides when producers pause, because consumers are behind, and when they go on.
#pragma once

#include "messages/fault.hpp"
#include "messages/pressure.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::pressure {

/// Each level pauses when it is exceeded, and lets go when every reading is below its `resume`.
/// A level of 0 is not watched.
struct limits {
  std::uint64_t bytes_pause = 100'000'000;
  std::uint64_t bytes_resume = 80'000'000;
  std::uint64_t records_pause = 0;
  std::uint64_t records_resume = 0;
  std::chrono::milliseconds age_pause{0};
  std::chrono::milliseconds age_resume{0};
  /// A consumer that has something to do and says nothing for so long counts no more.
  std::chrono::milliseconds silent_after = std::chrono::hours{24};
  std::size_t consumers_max = 1000; ///< One more does not count, with an alarm.
};

/// Steps in which the journal's growth is remembered; beyond, small neighbours are merged. A lag
/// may read too high by one step, or by a thousandth of what is remembered; never too low.
inline constexpr std::size_t steps_max = 4096;

/// Names the field and the rule.
result<void> check(const limits& chosen);

/// It may be time: for a silent consumer, or for records that have grown old.
struct check_due {
  static constexpr auto name = "check_due";
  static constexpr auto fields = std::make_tuple();
};

/// What should happen next, in this order.
struct decision {
  std::vector<pressure_changed> changes; ///< At most one.
  std::vector<pressure_alarm> alarms;
  std::optional<instant> wake_at;

  friend bool operator==(const decision&, const decision&) = default;
};

/// Compares the slowest consumer that counts with the limits. Pure.
///
///   flowing --a reading above its pause level--> paused
///   paused --every reading below its resume level--> flowing
///
/// Without consumers nothing is unprocessed. What a consumer has to do is what was appended after
/// its position; of what lies before all that the machine remembers, it knows what the consumer
/// said when it joined.
class pressure {
public:
  /// Needs: `check(chosen)`. `head` is the journal's last record at the start.
  pressure(limits chosen, sequence head, instant now);

  decision on(const records_appended& told, instant now);
  decision on(const consumer_joined& told, instant now);

  /// A position below the one before is ignored, but the consumer has spoken.
  decision on(const records_processed& told, instant now);
  decision on(const consumer_left& told, instant now);
  decision on(const check_due& due, instant now);

  pressure_reading read(instant now) const;

private:
  /// Where the journal stood, and when its first record after the step before came.
  struct step {
    sequence last;
    std::uint64_t bytes = 0; ///< Since the start.
    instant first;
    friend bool operator==(const step&, const step&) = default;
  };

  /// What was there when it joined and is not known by steps, it has said itself: `bytes_before`
  /// from `joined_at` to `joined_head`.
  struct consumer {
    sequence position;
    sequence joined_at;
    sequence joined_head;
    std::uint64_t joined_bytes = 0; ///< Of the journal, since the start.
    std::uint64_t bytes_before = 0;
    instant heard; ///< Last word, or since when there is something to do.
    bool silent = false;
    friend bool operator==(const consumer&, const consumer&) = default;
  };

  sequence head() const { return steps_.empty() ? began_ : steps_.back().last; }
  std::uint64_t bytes() const { return steps_.empty() ? began_bytes_ : steps_.back().bytes; }
  std::uint64_t bytes_behind(const consumer& one) const;
  std::optional<instant> oldest(const consumer& one) const;
  consumer_lag lag_of(const std::string& name, const consumer& one, instant now) const;
  pressure_changed worst(instant now) const;
  std::chrono::milliseconds retry_after(const pressure_changed& reading) const;
  void coarsen();
  void note_progress(instant now);
  void hush(decision& made, instant now);
  std::optional<instant> next_check() const;
  decision rule(instant now, decision made = {});
  consumer* join(const std::string& name, sequence position, std::uint64_t bytes, instant now,
                 decision& made);

  limits limits_;
  sequence began_; ///< Steps tell of what came after it.
  std::uint64_t began_bytes_ = 0;
  std::deque<step> steps_; // oldest first; each ends after the one before
  std::map<std::string, consumer, std::less<>> consumers_;
  bool paused_ = false;
  pressure_cause cause_ = pressure_cause::none;
  std::optional<instant> wake_at_;
  // How fast the slowest consumer works: bytes it had done at a time, and since.
  instant progress_since_;
  std::uint64_t progress_bytes_ = 0;
  std::uint64_t bytes_per_second_ = 0;
};

} // namespace holdfast::pressure
