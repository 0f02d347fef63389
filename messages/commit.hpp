// SPDX-License-Identifier: Apache-2.0
// The conversation around one commit: journal, committer and keeper; and those who wait for it.
#pragma once

#include "messages/event.hpp"
#include "messages/fault.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace holdfast {

/// Records from `first` to `last` are committed. Who is told reads them by itself.
struct records_committed {
  sequence first;
  sequence last;

  static constexpr auto name = "records_committed";
  static constexpr auto fields =
      std::make_tuple(&records_committed::first, &records_committed::last);
};

/// Requests wait at the journal's door. Sent once for however many.
struct requests_waiting {
  static constexpr auto name = "requests_waiting";
  static constexpr auto fields = std::make_tuple();
};

/// A time the journal asked to be woken at has come.
struct journal_due {
  static constexpr auto name = "journal_due";
  static constexpr auto fields = std::make_tuple();
};

/// How a batch, or a sync (`batch` 0), ended.
struct batch_ended {
  std::uint64_t batch = 0;
  bool ok = false;
  fault_code code = fault_code::failed; ///< If not ok.
  std::string what;                     ///< If not ok.
  sequence first;                       ///< If ok; beyond `last` when the batch added no record.
  sequence last;
  durability level = durability::none; ///< The level it was committed at.
  bool anchor_due = false;             ///< An anchor is worth its cost.

  static constexpr auto name = "batch_ended";
  static constexpr auto fields = std::make_tuple(
      &batch_ended::batch, &batch_ended::ok, &batch_ended::code, &batch_ended::what,
      &batch_ended::first, &batch_ended::last, &batch_ended::level, &batch_ended::anchor_due);
};

/// What the keeper does beside appends.
enum class duty : std::uint8_t {
  save_frontier = 1,  ///< Writes the frontier to the superblock.
  advance_anchor = 2, ///< Flushes, verifies and moves the anchor.
  probe_space = 3,    ///< Is there room again? `busy` when not yet.
  reopen = 4,         ///< Opens the store anew; `busy` while a reader still holds the old one.
  raise_floor = 5,    ///< Retires old records.
  close = 6           ///< Anchors, marks the store clean and releases it.
};

constexpr std::string_view to_string(duty what) {
  switch (what) {
  case duty::save_frontier:
    return "save_frontier";
  case duty::advance_anchor:
    return "advance_anchor";
  case duty::probe_space:
    return "probe_space";
  case duty::reopen:
    return "reopen";
  case duty::raise_floor:
    return "raise_floor";
  case duty::close:
    return "close";
  }
  return "unknown";
}

/// An operator retires records up to `floor`. Appends pause for as long as it takes.
struct raise_floor {
  sequence floor;
  bool forced = false;  ///< Also beyond what the store would allow by itself.
  std::string reason;   ///< Kept in the audit record.
  bool dry_run = false; ///< Only says whether it would be done.

  static constexpr auto name = "raise_floor";
  static constexpr auto fields = std::make_tuple(&raise_floor::floor, &raise_floor::forced,
                                                 &raise_floor::reason, &raise_floor::dry_run);
};

/// The floor is where it was asked to be; after a dry run, it would be.
struct floor_raised {
  sequence floor;

  static constexpr auto name = "floor_raised";
  static constexpr auto fields = std::make_tuple(&floor_raised::floor);
};

/// Asks the keeper for one duty. Answered with `store_kept`.
struct keep_store {
  duty what = duty::save_frontier;
  raise_floor floor;    ///< For `duty::raise_floor` only.
  bool counted = false; ///< For `duty::reopen` only: note it first, where a crash does not reach.

  static constexpr auto name = "keep_store";
  static constexpr auto fields =
      std::make_tuple(&keep_store::what, &keep_store::floor, &keep_store::counted);
};

/// Asks for a scrub of `[from, to]`. Ask in slices: a store cannot be reopened during one.
struct scrub_store {
  sequence from;
  sequence to;
  bool deep = false; ///< Also derive the dedup index and the small states from the log again.

  static constexpr auto name = "scrub_store";
  static constexpr auto fields =
      std::make_tuple(&scrub_store::from, &scrub_store::to, &scrub_store::deep);
};

/// How a duty ended.
struct store_kept {
  duty what = duty::save_frontier;
  bool ok = false;
  fault_code code = fault_code::failed; ///< If not ok.
  std::string text;                     ///< If not ok.
  std::string help;                     ///< If not ok.
  sequence head;                        ///< The newest record, after `reopen`.

  static constexpr auto name = "store_kept";
  static constexpr auto fields =
      std::make_tuple(&store_kept::what, &store_kept::ok, &store_kept::code, &store_kept::text,
                      &store_kept::help, &store_kept::head);
};

/// Stops the journal: takes nothing new, finishes what it took, closes the store. Answered with
/// `journal_stopped` at the deadline at the latest.
struct stop_journal {
  std::chrono::milliseconds within{10000};

  static constexpr auto name = "stop_journal";
  static constexpr auto fields = std::make_tuple(&stop_journal::within);
};

/// The journal takes nothing more.
struct journal_stopped {
  bool clean = false; ///< Everything taken was answered and the store is closed.
  std::string what;   ///< Why not, if not.

  static constexpr auto name = "journal_stopped";
  static constexpr auto fields = std::make_tuple(&journal_stopped::clean, &journal_stopped::what);
};

} // namespace holdfast
