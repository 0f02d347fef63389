// SPDX-License-Identifier: Apache-2.0
// What is known about actors, as lines and tables for a person. Pure.
#pragma once

#include "messages/value.hpp"
#include "tools/status_lines.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::tools {

/// One table: titles stand in the command.
using table_rows = std::vector<std::vector<std::string>>;

/// The lines above the tree: where it comes from, if not from a daemon, and the tree's picture.
std::vector<status_line> actors_head(const value& told);

/// One row for each actor, indented under its supervisor: name, state, for, restarts, budget,
/// queued, oldest, handling, p99, lints. `-`: nobody counts; `?`: not known.
table_rows actor_rows(const value& told);

/// Titles of `actor_rows`.
const std::vector<std::string>& actor_titles();

/// One part of `holdfast inspect`: a title and what stands under it.
struct inspect_part {
  std::string title;
  table_rows rows;
};

/// Overview, mailbox, timing, history, state, lints. Times as they are in `told`.
std::vector<inspect_part> inspect_parts(const value& told);

/// `holdfast why`: a title (empty: goes on) and a sentence each.
table_rows why_rows(const value& told);

/// `holdfast health`: one row for each check: status, id, observed, what is wrong.
table_rows health_rows(const value& told);

tone tone_of_status(std::string_view status);

} // namespace holdfast::tools
