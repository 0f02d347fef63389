// SPDX-License-Identifier: Apache-2.0
// Asks about actors where that is possible: a daemon first, else the journal that it left.
#pragma once

#include "messages/supervision_history.hpp"
#include "messages/value.hpp"
#include "runtime/inspection/findings.hpp"
#include "runtime/inspection/show.hpp"
#include "tools/connection.hpp"
#include "tools/session.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace holdfast::tools {

/// Answers from a journal alone what the door would have answered.
using journal_answer =
    std::function<result<value>(const inspection::findings&, const persistence::reader&)>;

/// The daemon's answer to a GET of `target`; without a daemon what `otherwise` makes of the
/// journal.
result<value> ask_about_actors(const session& told, const std::string& target,
                               const journal_answer& otherwise);

/// The members of `/v1/actors`: the tree, or what is chosen of it.
result<value> ask_tree(const session& told, const inspection::actor_choice& chosen);

/// The members of `/v1/actors/NAME`, with so many lines of its history, and of `.../why`.
result<value> ask_actor(const session& told, const std::string& name, std::uint64_t history);
result<value> ask_why(const session& told, const std::string& name);

/// Orders a running daemon to restart or stop an actor; answers the actor's name and incarnation.
result<value> give_order(const session& told, actor_order what, const std::string& name,
                         const std::string& reason);

/// What became of the process that wrote the store, in words.
std::string process_words(const source& from);

} // namespace holdfast::tools
