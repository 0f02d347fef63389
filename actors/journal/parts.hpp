// SPDX-License-Identifier: Apache-2.0
// What journal, committer and keeper are given: the door, the world, and whom to tell.
#pragma once

#include "actors/journal/door.hpp"
#include "persistence/store.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace holdfast::journal {

/// Shared by every incarnation of the three actors. Every function may be called from any of
/// their threads, must not throw, and (but for opening and what belongs to it) must not block.
struct parts {
  std::shared_ptr<door> front;

  /// Opens the store anew, through recovery. Called on the keeper's thread; may take seconds.
  std::function<result<std::shared_ptr<persistence::store>>(persistence::recovery_report&)> open;

  /// When it was reopened lately, by this process or one before it; and keeps one more. Called on
  /// the journal's and on the keeper's thread. May be empty: then each incarnation counts alone.
  std::function<std::vector<wall_time>()> reopenings;
  std::function<result<void>(wall_time)> note_reopening;

  /// The wall clock.
  std::function<wall_time()> wall;

  /// Free bytes that make a full disk worth another try.
  std::uint64_t room_bytes = 16U << 20U;

  /// May be empty: a reopening succeeded; the store failed and is being reopened, or is full; it
  /// failed for good, and the process should end with 8 (corrupt) or 9.
  std::function<void(const persistence::recovery_report&)> on_opened;
  std::function<void(const fault&)> on_trouble;
  std::function<void(const fault&)> on_gave_up;
};

} // namespace holdfast::journal
