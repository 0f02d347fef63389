// SPDX-License-Identifier: Apache-2.0
// Asks about actors where that is possible: a daemon first, else the journal that it left.
#pragma once

#include "messages/value.hpp"
#include "runtime/inspection/findings.hpp"
#include "tools/connection.hpp"
#include "tools/session.hpp"

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

/// What became of the process that wrote the store, in words.
std::string process_words(const source& from);

} // namespace holdfast::tools
