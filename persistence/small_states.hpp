// SPDX-License-Identifier: Apache-2.0
// What stands beside the journal, held in memory: checkpoints, consumers' places, control values.
#pragma once

#include "messages/checkpoint.hpp"
#include "persistence/keys.hpp"
#include "persistence/rocks.hpp"
#include "persistence/values.hpp"

#include <rocksdb/write_batch.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::persistence {

/// The entries of `snap` and `state` with their sum, so that one that is lost or stale is noticed.
/// Not safe for concurrent calls.
class small_states {
public:
  /// Reads both families whole.
  static result<small_states> load(const rocks& from);

  /// Takes or drops an entry of `snapshots` or `states`.
  void put(family which, std::string_view key, std::string_view value);
  void erase(family which, std::string_view key);

  /// What `head_value::small_states` must be.
  const digest& sum() const { return sum_; }

  const std::map<std::string, std::string, std::less<>>& entries(family which) const {
    return which == family::snapshots ? snapshots_ : states_;
  }

  std::optional<cursor_value> cursor(std::string_view consumer) const;

  /// Streams (or patterns) that are or were kept in the index, with how far it goes.
  std::map<std::string, index_value> indexes() const;

  /// An owner's checkpoints, newest first.
  std::vector<checkpoint_info> checkpoints(std::string_view owner) const;

private:
  std::map<std::string, std::string, std::less<>>& entries(family which) {
    return which == family::snapshots ? snapshots_ : states_;
  }

  std::map<std::string, std::string, std::less<>> snapshots_;
  std::map<std::string, std::string, std::less<>> states_;
  digest sum_{};
};

/// Which checkpoints (times, newest first) the rule lets go: their places in `times`. Of the older
/// ones the newest of each hour stays, then the newest of each day.
std::vector<std::size_t> superseded(const std::vector<wall_time>& times,
                                    const checkpoint_history& kept);

} // namespace holdfast::persistence
