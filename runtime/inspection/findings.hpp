// SPDX-License-Identifier: Apache-2.0
// All that is known at a moment about the actors of one runtime, from wherever it is known.
#pragma once

#include "actors/address/waits.hpp"
#include "messages/checkpoint.hpp"
#include "messages/inspection.hpp"
#include "persistence/reader.hpp"
#include "runtime/inspection/lints.hpp"
#include "runtime/inspection/lives.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::inspection {

struct findings {
  wall_time as_of;
  bool live = false; ///< A running process told it; else the journal alone.
  /// Of a journal alone: what became of its process, in words.
  std::string process;
  std::vector<std::string> picture; ///< The tree in two lines; empty: not known.
  actor_tree tree;
  std::optional<addressing::waits> waits; ///< Left out: nobody counts.
  sequence began;                         ///< The head at the start of the process; 0: not known.
  std::optional<lives> past;              ///< Left out: the journal cannot be read now.
  std::string past_problem;               ///< Why not.
  std::vector<checkpoint_info> newest;    ///< Of each owner.
  sequence head;
  checkpoint_rule rule;
};

/// Adds what the journal knows of checkpoints, and of lives. What cannot be read is left out, and
/// of lives the reason is kept.
void add_checkpoints(findings& to, const persistence::reader& from);
void add_history(findings& to, const persistence::reader& from);

/// Who waits for whom. Where there is a circle, a second look must show it too: readings are
/// taken one after the other, so one look may see a circle that never was.
void add_waits(findings& to, const std::function<actor_tree()>& look_again);

/// What the journal alone knows.
result<findings> from_journal(const persistence::reader& from, wall_time now, std::string process);

/// The actor of that name, or the one whose name ends with it; `not_found` names others.
result<const actor_view*> find_actor(const findings& in, std::string_view name);

const supervisor_view* keeper_of(const findings& in, const actor_view& one);

/// The owner under which an actor keeps its checkpoints: `learning` of `fold learning`.
std::string owner_of(const actor_view& one);

/// Its newest checkpoint, if it has any.
std::optional<checkpoint_info> checkpoint_of(const findings& in, const actor_view& one);

/// What one actor has to do with others.
struct actor_waits {
  std::vector<std::string> waits_for;            ///< It asked them, and they have not answered.
  std::vector<std::string> asked_by;             ///< They wait for its answer.
  std::vector<std::vector<std::string>> circles; ///< It is in these, and each begins with it.
};

/// Nothing where nobody counts.
std::optional<actor_waits> waits_of(const findings& in, const actor_view& one);

/// A deadlock in words: `a waits for b, b waits for a`.
std::string worded(const std::vector<std::string>& circle);

/// What looks wrong about it. A journal alone knows no counters, so it knows less.
std::vector<lint> lints_of(const findings& in, const actor_view& one);

/// `running`, ... or `unknown`.
std::string_view state_of(const actor_view& one);

} // namespace holdfast::inspection
