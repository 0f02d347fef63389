// SPDX-License-Identifier: Apache-2.0
// Looks through a whole database for damage, and goes on behind what it finds.
#pragma once

#include "persistence/rocks.hpp"
#include "persistence/store.hpp"

namespace holdfast::persistence {

/// Checks every block of every table, then the records from `from` to `to`; `deep` also holds
/// `seen`, the small states and the checkpoints against the journal. Safe beside a writer.
result<integrity_report> inspect(const rocks& db, sequence from, sequence to, bool deep);

} // namespace holdfast::persistence
