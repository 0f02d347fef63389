// SPDX-License-Identifier: Apache-2.0
// Stage two: makes one prepared batch durable at a time. Blocks, so `runtime/plan` detaches it.
#pragma once

#include "actors/inspect.hpp"
#include "actors/journal/parts.hpp"
#include "messages/commit.hpp"

#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <memory>

namespace holdfast::journal {

/// One batch on its way to the disk. The committer alone touches `what` until it has answered.
struct batch_in_hand {
  std::uint64_t batch = 0;
  std::shared_ptr<persistence::prepared> what;
};

/// Asks for a sync of what was committed without one.
struct sync_store {
  static constexpr auto name = "sync_store";
  static constexpr auto fields = std::make_tuple();
};

using committer = caf::typed_actor<caf::replies_to<carried<batch_in_hand>>::with<batch_ended>,
                                   caf::replies_to<sync_store>::with<batch_ended>>;

committer::behavior_type committer_actor(committer::pointer self, std::shared_ptr<parts> given);

} // namespace holdfast::journal
