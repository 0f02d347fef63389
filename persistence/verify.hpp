// SPDX-License-Identifier: Apache-2.0
// Lets a database prove that it is whole: table files, journal, `seen`, states, head.
#pragma once

#include "persistence/overlay.hpp"
#include "persistence/rocks.hpp"
#include "persistence/superblock.hpp"
#include "persistence/values.hpp"
#include "persistence/walk.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace holdfast::persistence {

/// What a database is held against.
struct claims {
  instance_id instance{};
  chain_mark anchor;                          ///< Everything up to here is in verified table files.
  std::optional<std::uint64_t> anchor_events; ///< How many events up to it; nothing: not known.
  std::vector<chain_mark> acknowledged;       ///< Each must be in the chain.
};

struct proof {
  head_value head;
  sequence from;             ///< Verification began after this record.
  std::uint64_t records = 0; ///< Verified one by one.
};

/// Proves that the database, with `added` laid over it where that is given, holds every record from
/// the floor to its head: the tables leave no hole, every record after the anchor is what was
/// written and linked, each event has its `seen` entry, and counts and sums come out. Reads only
/// what lies after the anchor, the properties of tables, and the small families. Answers `corrupt`
/// with the range that cannot be served.
result<proof> prove(const rocks& db, const claims& claimed, const overlay* added = nullptr);

/// The journal with the records of `added` where it has none. Both must outlive it.
std::unique_ptr<record_source> merged(const rocks& db, const overlay& added);

/// The tables of `events` must leave no hole from `after` to `to`.
result<void> check_tiles(const rocks& db, sequence after, sequence to);

} // namespace holdfast::persistence
