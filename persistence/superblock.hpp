// SPDX-License-Identifier: Apache-2.0
// The superblock: who the store is and what was acknowledged, outside of RocksDB.
#pragma once

#include "persistence/disk.hpp"
#include "persistence/values.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::persistence {

/// One place in the journal that something vouches for.
struct chain_mark {
  sequence at;
  chain_digest chain{};

  friend bool operator==(const chain_mark&, const chain_mark&) = default;
};

/// The content of one slot.
struct superblock {
  std::uint16_t format = format_version;
  std::uint16_t reader_min = reader_version_min;
  instance_id instance{};
  std::uint64_t counter = 0; ///< One more with every write; the higher slot is the newer.
  std::uint64_t epoch = 0;   ///< One more with every opening for writing.
  bool clean = true;         ///< The last writer stopped cleanly.
  chain_mark frontier;       ///< Acknowledged at `power`.
  std::uint64_t frontier_events = 0;
  chain_mark process;  ///< Acknowledged at `process`; counts only within `boot_id`.
  std::string boot_id; ///< At most 63 bytes.
  chain_mark anchor;   ///< Everything up to here is in verified table files.
  std::uint64_t anchor_events = 0;
  std::uint64_t anchor_seen = 0;
  sequence floor;
  wall_time written;
  std::vector<wall_time> reopened; ///< When the journal was reopened in-process, the newest 8.

  friend bool operator==(const superblock&, const superblock&) = default;
};

inline constexpr std::size_t slot_bytes = 4096;
inline constexpr std::size_t reopened_max = 8; ///< On disk: a slot holds no more.

/// Exactly `slot_bytes`. Needs: `boot_id` and `reopened` within their limits.
std::string encode_slot(const superblock& given);

/// Answers `corrupt` for a damaged slot and `unsupported` when a newer reader is needed.
result<superblock> decode_slot(std::string_view slot);

/// What both slots amount to.
struct superblock_state {
  superblock newest;
  std::array<bool, 2> damaged{}; ///< The slot could not be read; the other was taken.
  std::size_t slot = 0;          ///< Where `newest` stands.
};

/// Takes the newer valid slot. Answers `corrupt` when neither is valid, or both are valid and not
/// of one instance; `unsupported` when the newer one is of a newer format.
result<superblock_state> choose(std::string_view first, std::string_view second);

/// Reads and chooses without changing anything. `not_found` when there is no such file.
result<superblock_state> read_superblock(disk& files, const std::filesystem::path& path);

/// Makes the file with both slots, complete or not at all (temporary name, rename, sync).
result<void> create_superblock(disk& files, const std::filesystem::path& path,
                               const superblock& first);

/// The open superblock of a writer. One thread at a time.
class superblock_file {
public:
  /// Opens for writing behind what `read_superblock` found.
  static result<superblock_file> open(disk& files, const std::filesystem::path& path,
                                      const superblock_state& found);

  const superblock& current() const { return current_; }

  /// Writes the other slot and syncs it. `next.counter` is given here. After a fault the old slot
  /// still stands and the next write goes to the same, other slot.
  result<void> write(superblock next);

private:
  superblock_file(std::unique_ptr<file> opened, const superblock_state& found);

  std::unique_ptr<file> file_;
  superblock current_;
  std::size_t slot_;
};

} // namespace holdfast::persistence
