// SPDX-License-Identifier: Apache-2.0
// What the store needs beside appends: frontier, anchor, reopening, retention, closing. Blocks, so
// `runtime/plan` detaches it.
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

using keeper = caf::typed_actor<caf::replies_to<keep_store>::with<store_kept>>;

keeper::behavior_type keeper_actor(keeper::pointer self, std::shared_ptr<parts> given);

} // namespace holdfast::journal
