// SPDX-License-Identifier: Apache-2.0
// The tail mirror: a second, independent copy of every batch since the anchor.
#pragma once

#include "messages/event.hpp"
#include "persistence/disk.hpp"
#include "persistence/superblock.hpp"
#include "persistence/values.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::persistence {

/// Largest batch taken. One that is larger than a segment makes its segment grow.
inline constexpr std::size_t mirror_batch_bytes_max = 24ULL << 20U;

struct mirror_options {
  std::filesystem::path directory; ///< Holds the segments `0` and `1`.
  std::uint64_t segment_bytes = 64ULL << 20U;
  bool inline_threads = false; ///< Syncs on the caller's thread.
  instance_id instance{};
};

/// One batch: records `first` to `last`, from `before` to `after` in the chain.
struct mirror_batch {
  sequence first;
  sequence last;
  durability level = durability::power;
  chain_digest before{};
  chain_digest after{};
  std::string_view payload; ///< The WriteBatch's bytes.
};

/// A contiguous stretch of batches: each begins where the one before ends, in number and chain.
struct mirror_run {
  sequence first;
  sequence last;
  chain_digest before{};
  chain_digest after{};
  chain_mark power; ///< The newest batch of the run that was written at `power`; 0: none.
  std::uint64_t generation = 0; ///< Of its newest batch.
  std::uint64_t batches = 0;
};

/// A batch whose header stands although the mirror does not hold everything before it.
struct mirror_remnant {
  std::uint64_t epoch = 0; ///< Of the writer; 0: there is none.
  sequence first;
  sequence last;
};

/// What the mirror holds. Runs are ordered by generation, the newest last; an unharmed mirror has
/// one, or two when the older segment ends before an anchor that the newer one began after.
struct mirror_survey {
  std::vector<mirror_run> runs;
  std::uint64_t generation_max = 0; ///< `generation_max >> 32` is the newest epoch that wrote.
  std::uint64_t bytes = 0;          ///< Of valid batches.
  /// The newest of the newest writer. Its records may be unreadable, but it was begun, and so every
  /// record before it had been committed.
  mirror_remnant beyond;
  std::vector<std::string> damage; ///< One sentence for each place; a torn tail is none.

  /// The run that holds every record from `from` to `to`, or null.
  const mirror_run* covering(sequence from, sequence to) const;
};

/// Reads both segments, one batch in memory at a time. A missing segment is damage, not a fault.
result<mirror_survey> survey_mirror(disk& files, const mirror_options& options);

/// Calls `take` with every batch of the run that holds `from`, beginning with the batch in which
/// `from` is, in order. Ends early when it answers false. `not_found` when no run holds `from`.
result<void> for_each_batch(disk& files, const mirror_options& options, sequence from,
                            const std::function<result<bool>(const mirror_batch&)>& take);

/// Makes both segments with their blocks written. Needs: the directory exists.
result<void> create_mirror(disk& files, const mirror_options& options);

/// Makes everything in the mirror unreadable for ever, durably. For `accept-loss` and forks.
result<void> clear_mirror(disk& files, const mirror_options& options);

struct mirror_stats {
  std::uint64_t batches = 0;
  std::uint64_t bytes = 0;
  std::uint64_t syncs = 0;
  std::uint64_t switches = 0;
};

/// The writer's side. `start`, `wait` and `fits` from the committer's thread; `recycle`, `used`
/// and `stats` from any.
class mirror {
public:
  /// Opens for writing in an empty segment; a missing segment is made again. Needs: every record in
  /// the mirror is at or before the anchor, and no earlier writer had this epoch.
  static result<std::unique_ptr<mirror>> open(disk& files, const mirror_options& options,
                                              std::uint64_t epoch);
  virtual ~mirror() = default;

  /// False when the batch needs the other segment, and that one still holds records beyond the
  /// last `recycle`: advance the anchor first.
  virtual bool fits(std::size_t payload_bytes) const = 0;

  /// Writes the batch, and for level `power` begins to make it and everything before it durable.
  /// `batch.payload` is not needed afterwards. Answers `invalid` for one that is too large and
  /// `conflict` for one that does not fit. Needs: no batch is being written.
  virtual result<void> start(const mirror_batch& batch) = 0;

  /// Begins to make every batch so far durable.
  virtual result<void> start_sync() = 0;

  /// Returns once what was started is on disk. After a fault the mirror takes nothing more.
  virtual result<void> wait() = 0;

  /// Records up to the anchor need no copy any more.
  virtual void recycle(sequence anchor) = 0;

  /// Bytes that hold records beyond the last `recycle`, and how many there may be.
  virtual std::uint64_t used() const = 0;
  virtual std::uint64_t capacity() const = 0;

  virtual mirror_stats stats() const = 0;
};

} // namespace holdfast::persistence
