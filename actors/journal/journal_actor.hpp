// SPDX-License-Identifier: Apache-2.0
// Stage one: prepares batches, has them committed, and answers. Looks up the dedup index, so
// `runtime/plan` detaches it.
#pragma once

#include "actors/inspect.hpp"
#include "actors/journal/committer_actor.hpp"
#include "actors/journal/keeper_actor.hpp"
#include "actors/journal/parts.hpp"
#include "actors/journal/requests.hpp"
#include "actors/journal/watchlist.hpp"
#include "messages/commit.hpp"
#include "messages/journal.hpp"

#include <caf/replies_to.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace holdfast::journal {

/// Producers use the door. Actors that decide, save and then speak send `save_records`: all of
/// them or none, or a fault (`carry_out.hpp`); the handle converts to their `record_keeper`.
using handle = caf::typed_actor<caf::replies_to<save_records>::with<records_saved>,
                                caf::replies_to<raise_floor>::with<floor_raised>,
                                caf::replies_to<stop_journal>::with<journal_stopped>,
                                caf::reacts_to<requests_waiting>, caf::reacts_to<journal_due>>;

/// A batch between `prepare` and its end.
struct batch_on_its_way {
  batch_plan plan;
  std::shared_ptr<persistence::prepared> what;
};

using floor_promise = caf::typed_response_promise<floor_raised>;

/// Somebody raises the floor and waits for it.
struct floor_in_hand {
  floor_promise promise;
  sequence floor;
};

struct journal_state {
  journal_state() = default;
  ~journal_state();

  std::shared_ptr<parts> given;
  std::optional<journal> core;
  std::optional<requests> asked;
  std::optional<watchlist<watcher>> watching;
  std::deque<batch_on_its_way> on_their_way;
  std::optional<floor_in_hand> floor_asked;
  std::vector<caf::typed_response_promise<journal_stopped>> stop_asked;
};

/// Uses the store in the slot if it is fresh, else has it opened. Ends when it was stopped (also
/// by an exit message, after what it took is answered), and when committer or keeper end: then
/// everything in flight is unknown, and the next incarnation opens the store anew.
handle::behavior_type journal_actor(handle::stateful_pointer<journal_state> self,
                                    std::shared_ptr<parts> given, committer stage_two,
                                    keeper beside);

} // namespace holdfast::journal
