// SPDX-License-Identifier: Apache-2.0
// What the store needs beside appends: frontier, anchor, reopening, retention, closing, scrubs.
// Blocks, so `runtime/plan` detaches it.
#pragma once

#include "actors/inspect.hpp"
#include "actors/journal/parts.hpp"
#include "messages/commit.hpp"

#include <caf/fwd.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>

namespace holdfast::journal {

/// A scrub is answered with its report or a fault. It holds up everything behind it, so scrubs
/// belong to a keeper of their own, beside the one the journal has.
using keeper =
    caf::typed_actor<caf::replies_to<keep_store>::with<store_kept>,
                     caf::replies_to<scrub_store>::with<carried<persistence::integrity_report>>>;

keeper::behavior_type keeper_actor(keeper::pointer self, std::shared_ptr<parts> given);

} // namespace holdfast::journal
