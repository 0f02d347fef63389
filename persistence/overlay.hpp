// SPDX-License-Identifier: Apache-2.0
// What the mirror would add to a database: its batches, decoded and not yet written.
#pragma once

#include "persistence/mirror.hpp"
#include "persistence/rocks.hpp"
#include "persistence/small_states.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace holdfast::persistence {

/// Batches of one run of the mirror, taken together.
struct overlay {
  struct small_change {
    family which;
    std::string key;
    std::optional<std::string> value; ///< Nothing: erased.
  };

  sequence first{1};
  sequence last;
  chain_digest before{};
  std::uint64_t batches = 0;
  std::uint64_t power_batches = 0;
  std::map<sequence, std::string> events;
  std::unordered_map<std::string, std::string> seen;
  std::vector<small_change> changes; ///< Of every other family but `meta`, in order.
  std::optional<head_value> head;    ///< The last one.

  bool empty() const { return batches == 0; }
};

/// Reads the batches from the one that holds `from`. Changes nothing.
result<overlay> read_overlay(disk& files, const mirror_options& options, sequence from);

/// Writes it to a database open for writing: events and `seen` where they are absent, everything
/// else as it came. Doing it again changes nothing. Synced on return.
result<void> apply(const overlay& added, const rocks& db);

} // namespace holdfast::persistence
