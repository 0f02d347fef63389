// SPDX-License-Identifier: Apache-2.0
// Scripted children: actors that start, behave and end as a history says.
#pragma once

#include "actors/supervisor/child_factory_actor.hpp"
#include "runtime/rehearsal/declarations.hpp"
#include "runtime/rehearsal/stage.hpp"

#include <caf/actor.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/atom.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace holdfast::rehearsal {

/// What a scripted child is told to do; anything else it only notes, and gives back.
inline constexpr auto do_crash = caf::atom("crash");
inline constexpr auto do_end = caf::atom("end");
inline constexpr auto do_block = caf::atom("block");

/// What all children of a history have in common, and what each was told last.
struct company {
  struct orders {
    std::string crash_text = "told to crash";
    bool ends_normally = true;
    std::optional<milliseconds> block_time{};
  };

  const declarations* said = nullptr;
  stage* on = nullptr;
  std::function<void(const std::string&)> say;
  std::map<std::string, orders, std::less<>> told;                ///< By id.
  std::map<std::string, std::uint64_t, std::less<>> starts;       ///< So many of each id.
  std::map<std::string, caf::weak_actor_ptr, std::less<>> newest; ///< Incarnation of each id.
};

/// A factory for the child of that id; instances of simple_one_for_one share the script of theirs.
supervisor::child_factory scripted_child(const std::shared_ptr<company>& with, std::string id);

} // namespace holdfast::rehearsal
