// SPDX-License-Identifier: Apache-2.0
// The table of `holdfast top`: which actors, in which order, in which columns. Pure.
#pragma once

#include "tools/top/past.hpp"
#include "tools/top/text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::tools::top {

enum class column_id {
  actor,
  state,
  in_state,
  restarts,
  budget,
  queued,
  rate,
  busy,
  handling,
  p99,
  error
};

/// `queued`, `msgs/s` ...: what `:sort` takes, in the order in which they stand.
std::vector<std::string> column_names();

/// Nothing where there is no such column.
std::optional<column_id> column_named(std::string_view name);
std::string_view name_of(column_id column);

/// What is shown, and how.
struct choice {
  std::string filter;   ///< Part of the name or of the state, in any case; empty: all.
  bool inverse = false; ///< Those that the filter does not take.
  bool faults = false;  ///< Only what looks wrong, or was restarted within the hour.
  bool tree = true;
  bool window = false;           ///< By what changed in the last seconds; never a tree.
  std::optional<column_id> sort; ///< None: as the supervisors start them.
};

/// What `choice::window` can be ordered by.
bool is_change(column_id column);

struct table_row {
  const actor_figures* actor = nullptr; ///< Of the `past` that was given.
  std::size_t depth = 0;
  bool only_above = false; ///< Not chosen itself, but something below it is.
};

/// Needs: `from` outlives what is answered.
std::vector<table_row> rows_of(const std::vector<actor_figures>& from, const choice& chosen);

/// The part of the rows that is on the screen.
struct shown_rows {
  std::size_t first = 0;
  std::size_t count = SIZE_MAX;
};

struct drawn_table {
  drawn_line titles;
  std::vector<drawn_line> lines; ///< Of the rows that are shown.
};

/// All lines are at most `width` columns wide. Columns that do not fit go, the least important
/// first; the actor and its state stay.
drawn_table draw(const std::vector<table_row>& rows, const choice& chosen, std::size_t width,
                 shown_rows shown = {});

} // namespace holdfast::tools::top
