// SPDX-License-Identifier: Apache-2.0
// Chooses, orders and draws rows. An order never hides: what is not known comes last.
#include "tools/top/table.hpp"

#include "tools/progress.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

namespace holdfast::tools::top {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// One column. The widths are those that it has at least, so that it does not jump about.
struct column_form {
  std::string_view name;
  std::string_view title;
  std::string_view changed; ///< Its title in the window; empty: the same.
  std::size_t width;
  side aligned;
};

constexpr std::array<column_form, 11> forms{{
    {"actor", "ACTOR", "", 12, side::left},
    {"state", "STATE", "", 8, side::left},
    {"for", "FOR", "", 10, side::left},
    {"restarts/h", "RESTARTS/H", "+RESTARTS", 10, side::right},
    {"budget", "BUDGET", "", 6, side::right},
    {"queued", "QUEUED", "+QUEUED", 7, side::right},
    {"msgs/s", "MSGS/S", "+MSGS", 7, side::right},
    {"busy", "BUSY", "+BUSY", 6, side::right},
    {"handling", "HANDLING", "", 12, side::left},
    {"p99", "P99", "", 8, side::right},
    {"error", "LAST ERROR", "", 12, side::left},
}};

constexpr std::size_t actor_width_max = 40;

const column_form& form_of(column_id column) {
  return forms[static_cast<std::size_t>(column)];
}

/// What stays longest first. An error comes early, but only where somebody has one.
constexpr std::array by_importance{column_id::actor,    column_id::state,    column_id::queued,
                                   column_id::busy,     column_id::error,    column_id::rate,
                                   column_id::in_state, column_id::restarts, column_id::budget,
                                   column_id::p99,      column_id::handling};

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char one) { return static_cast<char>(std::tolower(one)); });
  return text;
}

bool takes(const choice& chosen, const actor_figures& one) {
  if (chosen.faults && !one.looks_wrong && (!one.restarts || one.restarts->count == 0))
    return false;
  if (chosen.filter.empty())
    return true;
  const auto wanted = lower(chosen.filter);
  const bool found = lower(one.name).find(wanted) != std::string::npos
                     || lower(one.state).find(wanted) != std::string::npos;
  return found != chosen.inverse;
}

// ---- order -------------------------------------------------------------------------------------

std::optional<double> weight_in_window(const actor_figures& one, column_id column) {
  if (!one.change)
    return std::nullopt;
  const auto& seen = *one.change;
  switch (column) {
  case column_id::queued:
    return std::abs(static_cast<double>(seen.queued));
  case column_id::rate:
    return static_cast<double>(seen.handled);
  case column_id::restarts:
    return static_cast<double>(seen.restarts);
  default:
    return static_cast<double>(seen.busy.count());
  }
}

template <class Number>
std::optional<double> real(const std::optional<Number>& from) {
  if constexpr (requires { from->count(); })
    return from ? std::optional{static_cast<double>(from->count())} : std::nullopt;
  else
    return from ? std::optional{static_cast<double>(*from)} : std::nullopt;
}

/// More comes first. Nothing: not known, which comes last.
std::optional<double> weight(const actor_figures& one, column_id column) {
  switch (column) {
  case column_id::in_state:
    return real(one.in_state);
  case column_id::restarts:
    return one.restarts ? std::optional{static_cast<double>(one.restarts->count)} : std::nullopt;
  case column_id::budget:
    return one.budget && one.budget->limit > 0
               ? std::optional{static_cast<double>(one.budget->used)
                               / static_cast<double>(one.budget->limit)}
               : std::nullopt;
  case column_id::queued:
    return real(one.queued);
  case column_id::rate:
    return one.rate;
  case column_id::busy:
    return one.busy_percent;
  case column_id::handling:
    return real(one.handling_for);
  default:
    return real(one.p99);
  }
}

bool comes_first(const actor_figures& left, const actor_figures& right, column_id column,
                 bool window) {
  const auto by_text = [](const std::string& a, const std::string& b) {
    return a.empty() != b.empty() ? b.empty() : a < b;
  };
  if (!window && column == column_id::actor)
    return left.name < right.name;
  if (!window && column == column_id::state)
    return by_text(left.state, right.state);
  if (!window && column == column_id::error)
    return by_text(left.last_error, right.last_error);
  const auto a = window ? weight_in_window(left, column) : weight(left, column);
  const auto b = window ? weight_in_window(right, column) : weight(right, column);
  return a && (!b || *a > *b);
}

using actor_list = std::vector<const actor_figures*>;

void order(actor_list& all, const choice& chosen) {
  const auto column =
      chosen.window ? std::optional{chosen.sort.value_or(column_id::busy)} : chosen.sort;
  if (column)
    std::ranges::stable_sort(all, [&](const auto* left, const auto* right) {
      return comes_first(*left, *right, *column, chosen.window);
    });
}

/// Goes down the tree. What stands below nobody's child is put at the end, so nothing is hidden.
class tree_walk {
public:
  tree_walk(const std::vector<actor_figures>& from, const choice& chosen) : chosen_{chosen} {
    std::set<std::string> keepers;
    for (const auto& one : from)
      if (one.keeps_others)
        keepers.insert(one.name);
    actor_list tops;
    for (const auto& one : from)
      if (keepers.contains(one.supervisor) && one.supervisor != one.name)
        below_[one.supervisor].push_back(&one);
      else
        tops.push_back(&one);
    order(tops, chosen_);
    for (auto& [name, children] : below_)
      order(children, chosen_);
    for (const auto* one : tops)
      add(*one, 0);
    for (const auto& one : from)
      if (!seen_.contains(&one))
        add(one, 0);
  }

  std::vector<table_row> rows;

private:
  /// Answers whether it, or something below it, is shown.
  bool add(const actor_figures& one, std::size_t depth) {
    if (!seen_.insert(&one).second)
      return false;
    const bool wanted = takes(chosen_, one);
    const auto here = rows.size();
    rows.push_back({&one, depth, !wanted});
    bool some = wanted;
    if (const auto children = below_.find(one.name); one.keeps_others && children != below_.end())
      for (const auto* child : children->second)
        some = add(*child, depth + 1) || some;
    if (!some)
      rows.resize(here);
    return some;
  }

  const choice& chosen_;
  std::map<std::string, actor_list> below_;
  std::set<const actor_figures*> seen_;
};

// ---- cells -------------------------------------------------------------------------------------

std::string fine(microseconds time) {
  return time.count() < 10000 ? std::to_string(time.count()) + " us"
                              : spoken(std::chrono::duration_cast<milliseconds>(time));
}

std::string rate_words(double rate) {
  if (rate == 0 || rate >= 9.95)
    return grouped(static_cast<std::uint64_t>(std::llround(rate)));
  const auto tenths = std::max(1LL, std::llround(rate * 10));
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::string percent_words(double percent) {
  return percent > 0 && percent < 1 ? "<1 %" : std::to_string(std::llround(percent)) + " %";
}

std::string state_words(const actor_figures& one) {
  const bool was = !one.lives && one.is_actor && one.state != "stopped" && one.state != "gave_up";
  return was ? "was " + one.state : one.state;
}

std::string changed(const actor_change& seen, column_id column) {
  switch (column) {
  case column_id::queued:
    return seen.queued == 0 ? "0"
                            : (seen.queued < 0 ? "-" : "+")
                                  + grouped(static_cast<std::uint64_t>(std::abs(seen.queued)));
  case column_id::rate:
    return grouped(seen.handled);
  case column_id::restarts:
    return grouped(seen.restarts);
  default:
    return seen.busy.count() == 0 ? "0" : fine(seen.busy);
  }
}

std::string cell_of(const table_row& row, column_id column, const choice& chosen) {
  const auto& one = *row.actor;
  if (chosen.window && is_change(column))
    return one.change ? changed(*one.change, column) : "";
  switch (column) {
  case column_id::actor:
    return std::string(2 * row.depth, ' ') + printable(one.name);
  case column_id::state:
    return printable(state_words(one));
  case column_id::in_state:
    return one.in_state ? spoken(*one.in_state) : "";
  case column_id::restarts:
    return one.restarts ? grouped(one.restarts->count) + (one.restarts->at_least ? "+" : "") : "";
  case column_id::budget:
    return one.budget ? grouped(one.budget->used) + "/" + grouped(one.budget->limit) : "";
  case column_id::queued:
    return one.queued ? grouped(*one.queued) : "";
  case column_id::rate:
    return one.rate ? rate_words(*one.rate) : "";
  case column_id::busy:
    return one.busy_percent ? percent_words(*one.busy_percent) : "";
  case column_id::handling:
    return printable(one.handling)
           + (one.handling_for ? " " + spoken(*one.handling_for) : std::string{});
  case column_id::p99:
    return one.p99 ? fine(*one.p99) : "";
  case column_id::error:
    return printable(one.last_error);
  }
  return {};
}

tone tone_of(const table_row& row, column_id column) {
  const auto& one = *row.actor;
  if (row.only_above)
    return tone::dim;
  if (column == column_id::actor)
    return !one.is_actor ? tone::strong : one.looks_wrong ? tone::warn : tone::plain;
  if (column == column_id::state)
    return one.state == "gave_up" || one.state == "abandoned" ? tone::bad
           : one.state == "running"                           ? one.lives ? tone::good : tone::dim
           : one.state == "stopped"                           ? tone::dim
                                                              : tone::warn;
  if (column == column_id::budget && one.budget && one.budget->used > 0)
    return one.budget->used >= one.budget->limit ? tone::bad : tone::warn;
  if (column == column_id::restarts && one.restarts && one.restarts->count > 0)
    return tone::warn;
  return column == column_id::error ? tone::warn : tone::plain;
}

struct placed_column {
  column_id column;
  std::size_t width;
};

std::string title_of(column_id column, const choice& chosen) {
  const auto& form = form_of(column);
  std::string title{chosen.window && !form.changed.empty() ? form.changed : form.title};
  const auto sorted =
      chosen.window ? std::optional{chosen.sort.value_or(column_id::busy)} : chosen.sort;
  return sorted == column ? title + "*" : title;
}

/// As many columns as fit, in the order in which they stand.
std::vector<placed_column> place(const std::vector<table_row>& rows, const choice& chosen,
                                 std::size_t width, std::size_t gap) {
  std::array<std::size_t, forms.size()> wanted{};
  bool has_error = false;
  for (std::size_t at = 0; at < forms.size(); ++at) {
    const auto column = static_cast<column_id>(at);
    wanted[at] = std::max(forms[at].width, width_of(title_of(column, chosen)));
    if (column == column_id::error) {
      has_error = std::ranges::any_of(
          rows, [](const table_row& row) { return !row.actor->last_error.empty(); });
      continue; // takes what is left
    }
    for (const auto& row : rows)
      wanted[at] = std::max(wanted[at], width_of(cell_of(row, column, chosen)));
  }
  wanted[0] = std::min({wanted[0], actor_width_max, std::max(forms[0].width, width * 2 / 5)});

  std::vector<column_id> order;
  for (const auto column : by_importance)
    if (column != column_id::error || has_error)
      order.push_back(column);
  if (!has_error)
    order.push_back(column_id::error);
  std::vector<placed_column> made;
  std::size_t used = 0;
  for (const auto column : order) {
    const auto more = wanted[static_cast<std::size_t>(column)] + (made.empty() ? 0 : gap);
    if (used + more > width && made.size() >= 2)
      continue;
    made.push_back({column, wanted[static_cast<std::size_t>(column)]});
    used += more;
  }
  std::ranges::sort(made, {}, &placed_column::column);
  if (made.back().column == column_id::error && used < width)
    made.back().width += width - used;
  return made;
}

} // namespace

std::vector<std::string> column_names() {
  std::vector<std::string> made;
  for (const auto& one : forms)
    made.emplace_back(one.name);
  return made;
}

std::optional<column_id> column_named(std::string_view name) {
  for (std::size_t at = 0; at < forms.size(); ++at)
    if (forms[at].name == name)
      return static_cast<column_id>(at);
  return std::nullopt;
}

std::string_view name_of(column_id column) {
  return form_of(column).name;
}

bool is_change(column_id column) {
  return !form_of(column).changed.empty();
}

std::vector<table_row> rows_of(const std::vector<actor_figures>& from, const choice& chosen) {
  if (chosen.tree && !chosen.window)
    return tree_walk{from, chosen}.rows;
  actor_list all;
  for (const auto& one : from)
    if (one.is_actor && takes(chosen, one))
      all.push_back(&one);
  order(all, chosen);
  std::vector<table_row> rows;
  for (const auto* one : all)
    rows.push_back({one});
  return rows;
}

drawn_table draw(const std::vector<table_row>& rows, const choice& chosen, std::size_t width,
                 shown_rows shown) {
  const std::size_t gap = width < 100 ? 1 : 2;
  const auto columns = place(rows, chosen, width, gap);
  drawn_table made;
  made.titles.inverted = true;
  const auto add = [&](drawn_line& to, const placed_column& at, std::string_view text, tone how) {
    if (!to.spans.empty())
      to.spans.push_back({tone::plain, std::string(gap, ' ')});
    to.spans.push_back({how, filled(text, at.width, form_of(at.column).aligned)});
  };
  for (const auto& one : columns)
    add(made.titles, one, title_of(one.column, chosen), tone::plain);
  for (auto at = shown.first; at < rows.size() && at - shown.first < shown.count; ++at) {
    drawn_line line;
    for (const auto& one : columns)
      add(line, one, cell_of(rows[at], one.column, chosen), tone_of(rows[at], one.column));
    made.lines.push_back(cut(std::move(line), width));
  }
  made.titles = cut(std::move(made.titles), width);
  return made;
}

} // namespace holdfast::tools::top
