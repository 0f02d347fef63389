// SPDX-License-Identifier: Apache-2.0
// Folds a store's records again, for those who look at it from outside: states as of any place, and
// the proof that checkpoints are what they say.
#pragma once

#include "messages/checkpoint.hpp"
#include "persistence/reader.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::replay {

/// The folds that ship with Holdfast. An embedder's own are known only to his program.
std::vector<fold> shipped_folds();

/// A state as a value and the sequence it is the fold of.
struct found_state {
  value state;
  sequence covered;
  sequence base; ///< The checkpoint it began with; 0: the initial state.
};

/// The state after every record up to `at`, or up to the head when `at` is beyond it.
result<found_state> state_at(const fold& how, const persistence::reader& from, sequence at);

/// What `verify` did and found.
struct verification {
  std::uint64_t intervals = 0;          ///< Between neighbouring retained checkpoints.
  std::uint64_t records = 0;            ///< Read and checked.
  std::uint64_t events = 0;             ///< Folded.
  std::vector<checkpoint_info> damaged; ///< Their stored state does not verify.
  std::vector<checkpoint_info> skipped; ///< What they begin with is retired.
  std::vector<divergence> divergences;
};

/// Folds every interval between retained checkpoints of `(from, to]` again, on so many threads, and
/// compares what comes out with what is stored.
result<verification> verify(const fold& how, const persistence::reader& source, sequence from,
                            sequence to, std::size_t threads);

} // namespace holdfast::replay
