// SPDX-License-Identifier: Apache-2.0
// Decides when a fold reads on and when its state becomes a checkpoint.
#pragma once

#include "messages/commit.hpp"
#include "messages/folding.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// `checkpoint` is taken: it is the message.
namespace holdfast::checkpointing {

using std::chrono::milliseconds;

struct limits {
  checkpoint_rule rule;
  std::size_t page_events = 1000; ///< Read at once at the most; one page at a time.
  /// Further behind than this, reading on goes first: a checkpoint is taken after so many events
  /// instead of `rule.events`, or after the interval. A checkpoint of an old moment helps nobody
  /// who wants the newest state, and a million events would make ten thousand of them; what a crash
  /// costs meanwhile is folding so many events again.
  std::uint64_t events_behind = 10000;
  unsigned verify_every = 1;      ///< Every n-th checkpoint is folded a second time; 0: none.
  milliseconds retry_min{100};    ///< First pause after a read or a checkpoint that failed.
  milliseconds retry_max{30000};  ///< Pauses double up to this.
  std::size_t demands_max = 1000; ///< Waiting for a state or a checkpoint; one more is `busy`.
};

/// Records up to `next` (exclusive) were read; so many of them were the fold's and are folded.
struct page_folded {
  sequence next;
  std::uint64_t events = 0;
};

struct page_failed {
  fault why;
};

/// The state at `covered` is on disk.
struct state_saved {
  sequence covered;
};

struct state_refused {
  fault why;
};

/// Waiting for records was refused (`busy`) or ended with the journal.
struct watch_failed {};

/// Somebody wants the state (or a checkpoint of it) with everything up to `head`.
struct demand {
  std::uint64_t id = 0;
  sequence head;
  std::optional<std::string> reason; ///< If set, a checkpoint; else only the state.
};

struct page_wanted {
  sequence from;
  sequence to;
  std::size_t events_max = 0;

  friend bool operator==(const page_wanted&, const page_wanted&) = default;
};

struct save_wanted {
  std::string reason;
  bool verified = false; ///< Fold the interval once more and compare before it is saved.

  friend bool operator==(const save_wanted&, const save_wanted&) = default;
};

/// What should happen next, in the order it must happen.
struct decision {
  std::vector<std::uint64_t> served; ///< The demanded state is here, or its checkpoint on disk.
  std::vector<std::uint64_t> failed; ///< The demanded checkpoint failed,
  fault refusal;                     ///< for this reason.
  std::optional<fault> troubled;     ///< Tell people; told once until it goes well again.
  std::optional<save_wanted> save;   ///< Encode the state now, then save it.
  std::optional<page_wanted> read;   ///< Read and fold.
  std::optional<sequence> watch;     ///< Wait for records beyond this.
  std::optional<folding_stopped> stopped;
  std::optional<instant> wake_at;
};

/// Follows the journal page by page and saves the state after so many events or so long, whichever
/// is first. Pure: no actor, no clock, no disk; the state itself is the shell's.
///
/// "So many" is exact where events come slower than states are saved: one checkpoint is on its way
/// at a time, and the next covers all that came meanwhile. Far behind, they are further apart.
///
///   behind --page by page--> at the head --records--> behind
///
/// Reading, saving and waiting go on side by side, one of each at a time.
class checkpointer {
public:
  explicit checkpointer(limits chosen);

  /// The state is what the checkpoint at `covered` says; 0: the initial one.
  decision start(sequence covered, instant now);

  decision on(const records_committed& news, instant now);
  decision on(const watch_failed& told, instant now);
  decision on(const page_folded& told, instant now);
  decision on(const page_failed& told, instant now);
  decision on(const state_saved& told, instant now);
  decision on(const state_refused& told, instant now);
  decision on(const demand& asked, instant now);
  decision on(const stop_folding& asked, sequence head, instant now);
  decision on(const folding_due& due, instant now);

  sequence folded() const { return folded_; }
  sequence covered() const { return covered_; }

private:
  std::optional<std::string> reason_to_save(instant now) const;
  void serve(decision& made);
  void read_on(decision& made) const;
  void fail_demands(const fault& why, decision& made);
  void trouble(const fault& why, decision& made);
  instant pause(instant now);
  decision& finish(instant now, decision& made);

  limits limits_;
  sequence head_;
  sequence folded_;
  sequence covered_;           ///< By the last checkpoint.
  std::uint64_t unsaved_ = 0;  ///< Events folded since.
  std::optional<instant> due_; ///< The oldest unsaved event must be saved by then.
  std::uint64_t saves_ = 0;

  bool started_ = false;
  bool reading_ = false;
  bool watching_ = false;
  bool saving_ = false;
  std::uint64_t unsaved_before_save_ = 0;
  std::optional<instant> read_after_;
  std::optional<instant> save_after_;
  std::optional<instant> watch_after_;
  milliseconds retry_{0};
  bool in_trouble_ = false;

  std::vector<demand> demands_;
  bool stopping_ = false;
  bool stopped_ = false;
  sequence stop_head_;
  std::optional<instant> stop_by_;
  std::optional<instant> armed_;
};

} // namespace holdfast::checkpointing
