// SPDX-License-Identifier: Apache-2.0
// Reads what stands beside the journal: checkpoints, consumers' places, control values, `seen`.
#pragma once

#include "messages/checkpoint.hpp"
#include "persistence/rocks.hpp"
#include "persistence/values.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::persistence {

/// Newest first within an owner. An empty owner: all owners.
result<std::vector<checkpoint_info>> read_checkpoints(const rocks& db, const std::string& owner);

/// The canonical bytes of a checkpoint's state, verified against its SHA-256.
result<std::string> read_state(const rocks& db, const std::string& owner, sequence covered);

/// The newest at or before `at` that verifies; `damaged` receives those that do not.
result<checkpoint> read_newest_checkpoint(const rocks& db, const std::string& owner, sequence at,
                                          std::vector<checkpoint_info>* damaged);

/// The `seen` entries of records at or before `floor`, in the order of their identities.
result<void>
read_retired(const rocks& db, sequence floor,
             const std::function<result<void>(const digest&, const seen_value&)>& take);

/// Where the index of this stream begins: every record of it from there on is in it. Nothing when
/// it has none.
result<std::optional<sequence>> read_indexed_since(const rocks& db, std::string_view stream);

result<std::vector<consumer_info>> read_consumers(const rocks& db);
result<consumer_info> read_consumer(const rocks& db, const std::string& name);
result<value> read_control(const rocks& db, const std::string& name);
result<std::vector<std::pair<std::string, value>>> read_controls(const rocks& db,
                                                                 const std::string& prefix);

} // namespace holdfast::persistence
