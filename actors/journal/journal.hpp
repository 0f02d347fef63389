// SPDX-License-Identifier: Apache-2.0
// Decides how requests become batches, when they are answered, and what is done about failures.
#pragma once

#include "messages/commit.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace holdfast::journal {

using std::chrono::milliseconds;

/// Every queue, wait and count of the journal.
struct limits {
  std::size_t events_max = 65536;          ///< Taken and not answered; one more is refused: busy.
  std::size_t bytes_max = 64U << 20U;      ///< The same in bytes of drafts.
  std::size_t batch_events_max = 1024;     ///< More wait for the next batch.
  std::size_t batch_bytes_max = 1U << 20U; ///< The same in bytes; one larger draft goes alone.
  std::size_t batch_worth = 256;     ///< Fewer are not prepared while another batch is on its way.
  std::size_t depth_max = 2;         ///< Batches prepared and not yet committed.
  milliseconds sync_within{100};     ///< How long a `process` append stays without a sync.
  milliseconds frontier_every{1000}; ///< How often the frontier is saved while it moves.
  milliseconds probe_min{1000};      ///< First pause before asking whether there is room again.
  milliseconds probe_max{30000};     ///< Pauses double up to this while the disk fills up again.
  unsigned reopenings_max = 3;       ///< In `reopenings_within`; one more, and it gives up.
  milliseconds reopenings_within{3600000};
  milliseconds reopen_pause{200};      ///< After a reopening that failed; doubles.
  milliseconds reader_pause{20};       ///< Between looks whether readers let go of the old store.
  milliseconds reader_patience{10000}; ///< Longer, and the reopening has failed.
  std::size_t watchers_max = 1024;     ///< Waiting for records; one more is refused: busy.
};

/// Where the journal is. Only `serving` commits; `reopening` still takes requests and holds them.
enum class standing : std::uint8_t {
  serving,   ///< Takes and commits.
  draining,  ///< A commit failed: what is in flight is being answered as unknown.
  no_space,  ///< The disk is full: takes nothing, looks for room; reading goes on.
  reopening, ///< The store is being opened (anew).
  stopping,  ///< Takes nothing, finishes what it has.
  stopped,   ///< Ended.
  gave_up    ///< Failed too often, or for good. Takes nothing more.
};

/// A request as the machine sees it.
struct arrival {
  std::uint64_t request = 0;
  std::size_t events = 0;
  std::size_t bytes = 0;
  bool whole = false; ///< All its events go into one batch, whatever the batch's limits.
  bool early = false; ///< Every event is of level `none`: answered once prepared.
};

/// The next `events` of a request.
struct piece {
  std::uint64_t request = 0;
  std::size_t events = 0;
  bool early = false;

  friend bool operator==(const piece&, const piece&) = default;
};

struct batch_plan {
  std::uint64_t batch = 0;
  std::vector<piece> pieces;

  friend bool operator==(const batch_plan&, const batch_plan&) = default;
};

/// The batch is over: its answers may leave, or every one of them is unknown.
struct conclusion {
  std::uint64_t batch = 0;
  bool committed = false;

  friend bool operator==(const conclusion&, const conclusion&) = default;
};

/// What should happen next, in the order it must happen.
struct decision {
  std::optional<conclusion> concluded;        ///< Answer this batch's events.
  std::vector<std::uint64_t> turned_away;     ///< Refuse what is not prepared of these requests,
  fault refusal;                              ///< for this reason.
  std::optional<records_committed> announced; ///< Tell those who wait for records.
  std::vector<batch_plan> batches;            ///< Prepare each and hand it to the committer.
  bool sync = false;                          ///< Ask the committer for a sync.
  std::vector<keep_store> duties;             ///< Ask the keeper for these.
  std::optional<store_kept> floor_answer;     ///< Answers `raise_floor`.
  std::optional<fault> troubled;              ///< Tell people: the store failed and is reopened.
  std::optional<fault> gave_up;               ///< Tell people: exit with 8 (corrupt) or else 9.
  std::optional<journal_stopped> stopped;     ///< Answers `stop_journal`.
  std::optional<instant> wake_at;             ///< Send `journal_due` then.
};

/// How long a refused caller should wait: until what is ahead of it is committed at `per_second`.
milliseconds retry_hint(std::size_t events_ahead, double per_second);

/// Batches requests and survives a failing store. Pure: no actor, no clock, no disk.
///
///   reopening --opened--> serving --stop_journal--> stopping --closed--> stopped
///     |    ^                 | commit failed
///     |    |                 v
///     |    +-- failed -- draining -- disk full --> no_space --room--> reopening
///     +--once too often--> gave_up
///
/// The previous commit is the batching clock: whatever waits goes into the next batch, and an idle
/// journal lets nothing wait.
class journal {
public:
  explicit journal(limits chosen);

  /// The first message: the store is open with this head, or has to be opened. `reopenings` are
  /// those of before, by whatever incarnation or process, oldest first.
  decision start(std::optional<sequence> head, std::deque<instant> reopenings, instant now);

  /// New requests, in the order they were taken.
  decision on(const std::vector<arrival>& arrived, instant now);

  /// Batches end in the order they were planned; batch 0 is a sync.
  decision on(const batch_ended& told, instant now);

  decision on(const store_kept& told, instant now);
  decision on(const raise_floor& asked, instant now);
  decision on(const stop_journal& asked, instant now);
  decision on(const journal_due& due, instant now);

  standing where() const { return standing_; }
  sequence head() const { return head_; }

  /// Events committed a second, lately; 0: not known yet.
  double commit_rate() const { return rate_; }

  /// Since when the oldest batch is on its way to the disk; nothing: none is.
  std::optional<instant> committing_since() const {
    return flying_.empty() ? std::nullopt : std::optional{flying_.front().since};
  }

private:
  struct flying {
    std::uint64_t batch;
    std::size_t events;
    instant since;
  };

  void commit_ended(const batch_ended& told, instant now, decision& made);
  void plan_batches(instant now, decision& made);
  batch_plan next_batch(instant now);
  void turn_away(fault reason, decision& made);
  void trouble(fault problem, decision& made);
  void after_draining(instant now, decision& made);
  void reopen(bool counted, instant now, decision& made);
  void reopened(const store_kept& told, instant now, decision& made);
  void give_up(fault problem, decision& made);
  void probed(const store_kept& told, instant now, decision& made);
  void announce(sequence last, decision& made);
  void pause_longer(instant now);
  void duties_due(instant now, decision& made);
  void stop_if_done(decision& made);
  decision& finish(instant now, decision& made);
  std::optional<instant> next_deadline() const;
  bool idle() const { return flying_.empty() && !syncing_; }

  limits limits_;
  standing standing_ = standing::reopening;
  sequence head_;
  std::uint64_t last_batch_ = 0;
  std::deque<arrival> waiting_;
  std::size_t waiting_events_ = 0;
  std::deque<flying> flying_;
  instant last_commit_{};
  double rate_ = 0;

  bool store_open_ = false;
  bool syncing_ = false;
  std::optional<instant> sync_by_;
  bool saving_frontier_ = false;
  std::optional<instant> frontier_by_;
  bool anchoring_ = false;
  std::optional<raise_floor> floor_; ///< Waits for the batches in flight, then for the keeper.
  bool raising_ = false;

  std::optional<fault> trouble_;
  std::deque<instant> reopenings_;
  bool unnoted_ = false; ///< The newest of them is still to be kept in the store.
  unsigned failures_in_row_ = 0;
  std::optional<instant> act_at_; ///< When to probe or to reopen.
  bool probing_ = false;
  bool opening_ = false;
  std::optional<instant> readers_by_; ///< Readers have to let go of the old store by then.
  milliseconds probe_pause_{0};
  instant space_back_{};

  bool stop_asked_ = false;
  bool closing_ = false;
  std::optional<instant> stop_by_;
  std::optional<instant> armed_; ///< The alarm that is on its way.
};

} // namespace holdfast::journal
