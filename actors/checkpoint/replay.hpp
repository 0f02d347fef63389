// SPDX-License-Identifier: Apache-2.0
// Folds records into states again: as of any place, and to prove that checkpoints are what they
// say.
#pragma once

#include "messages/checkpoint.hpp"
#include "persistence/reader.hpp"

#include <any>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::checkpointing {

using persistence::reader;

/// A state and where it came from.
struct replayed {
  std::any state;
  sequence covered;                     ///< The fold of every record up to this one.
  sequence base;                        ///< The checkpoint it began with; 0: the initial state.
  std::uint64_t events = 0;             ///< Folded after `base`.
  std::vector<checkpoint_info> damaged; ///< Newer ones that did not verify or decode.
};

/// Does the fold take this record?
bool takes(const fold& how, const recorded_event& one);

/// Applies one event; what `apply` throws becomes a fault that names the event. After a fault the
/// state is not to be used.
result<void> apply(const fold& how, std::any& state, const recorded_event& one);

/// The canonical bytes of a state.
result<std::string> encode(const fold& how, const std::any& state);

/// The newest checkpoint at or before `at` that verifies and decodes, or the initial state; no
/// record is folded. Answers `corrupt` when there is no such checkpoint and the records from the
/// start are retired.
result<replayed> newest_base(const fold& how, const reader& from, sequence at);

/// The state after every record up to `at`, or up to the head when `at` is beyond it.
result<replayed> state_at(const fold& how, const reader& from, sequence at);

/// The state after `last`, folded again from the one after `after`: from the checkpoint there, if
/// it is good, and never from a newer one.
result<replayed> fold_again(const fold& how, const reader& from, sequence after, sequence last);

/// Folds `(after, last]` twice, side by side, and answers the first event after which the bytes of
/// the two states differ; nothing when they never do.
result<std::optional<sequence>> first_difference(const fold& how, const reader& from,
                                                 sequence after, sequence last);

/// Finds out why folding `(after, last]` again gave another state than before.
result<divergence> explain(const fold& how, const reader& from, sequence after, sequence last);

/// Runs all tasks, as many at a time as it likes, and returns when every one has ended.
using executor = std::function<void(std::vector<std::function<void()>>)>;

/// What `verify` did and found.
struct verification {
  std::uint64_t intervals = 0;          ///< Between neighbouring retained checkpoints.
  std::uint64_t records = 0;            ///< Read and checked.
  std::uint64_t events = 0;             ///< Folded.
  std::vector<checkpoint_info> damaged; ///< Their stored state does not verify.
  std::vector<checkpoint_info> skipped; ///< What they begin with is retired.
  std::vector<divergence> divergences;
};

/// Folds the interval before every retained checkpoint with `from < covered <= to` again, each from
/// the checkpoint before it, and compares the state's SHA-256. A divergence names the first event
/// at which two folds differ; `at` 0 where two folds agree with each other but not with what is
/// stored. With `run`, reading is spread over its threads. Memory is bounded by the size of 32,768
/// records.
result<verification> verify(const fold& how, const reader& source, sequence from, sequence to,
                            const executor& run = {});

} // namespace holdfast::checkpointing
