// SPDX-License-Identifier: Apache-2.0
// `holdfast top` without terminal, clock or daemon: looks and keys go in, lines and wishes come
// out.
#pragma once

#include "tools/top/table.hpp"

#include "messages/fault.hpp"
#include "tools/actor_lines.hpp"

#include <optional>
#include <string>
#include <vector>

namespace holdfast::tools::top {

struct settings {
  std::chrono::seconds interval{2};
  std::chrono::seconds window{10};
  bool readonly = false;
  bool fine_signs = true; ///< The terminal shows Unicode.
  std::string place;      ///< What is looked at, for the first line.
};

/// A longer filter, reason or command is not taken.
inline constexpr std::size_t typed_bytes_max = 200;

enum class key_kind {
  text,
  enter,
  escape,
  backspace,
  wipe, ///< Ctrl-U.
  up,
  down,
  page_up,
  page_down,
  home,
  end
};

struct key {
  key_kind kind = key_kind::text;
  std::string text; ///< One character in UTF-8, for `text`.
};

enum class wish_kind { none, quit, inspect, why, restart, stop };

/// What the person wants that somebody else must do.
struct wish {
  wish_kind kind = wish_kind::none;
  std::string name;
  std::string reason;

  friend bool operator==(const wish&, const wish&) = default;
};

struct screen_size {
  std::size_t rows = 24;
  std::size_t columns = 80;
};

///   the table --Enter, w--> a page about one actor --Esc, q--> the table
///   the table --/, :, r--> a line to type into --Enter--> the table, a page, or y/n --> the table
class model {
public:
  explicit model(settings chosen);

  /// A look that worked: `told` as `/v1/actors` has it.
  void see(const value& told, const os::host_load& host, instant now);
  /// A look that did not: the last picture stays, and is called stale.
  void miss(const fault& problem, instant now);

  /// Answers to wishes. A page that is open already keeps its place.
  void show_inspect(const value& told);
  void show_why(const value& told);
  void note(tone how, std::string text);

  wish press(const key& pressed);

  /// The wish that would bring the open page up to date; none: the table is shown.
  wish refresh() const;

  /// At most `size.rows` lines of at most `size.columns` columns.
  std::vector<drawn_line> draw(screen_size size);

private:
  enum class typing { nothing, filter, command, reason, consent };

  struct page {
    wish again;
    std::string title;
    std::vector<inspect_part> parts;
    std::size_t top = 0;
  };

  wish press_table(const key& pressed);
  wish press_letter(char letter);
  wish press_page(const key& pressed);
  wish press_typing(const key& pressed);
  wish enter_typed();
  wish obey(const std::string& command);
  wish ask_reason(wish_kind what, const std::string& name);
  void sort_by(std::optional<column_id> column);
  void next_sort();
  void move(std::ptrdiff_t rows);
  std::vector<table_row> rows() const;
  std::size_t chosen_at(const std::vector<table_row>& among) const;
  const actor_figures* chosen() const;
  const actor_figures* actor_named(const std::string& name) const;

  void open(wish again, std::string title, std::vector<inspect_part> parts);
  std::chrono::seconds watched() const; ///< What the window reaches back by now.
  drawn_line first_line() const;
  drawn_line second_line() const;
  drawn_line host_line(std::size_t columns) const;
  drawn_line chosen_line() const;
  drawn_line last_line(std::size_t columns) const;
  std::vector<drawn_line> draw_table(screen_size size);
  std::vector<drawn_line> draw_page(screen_size size);

  settings settings_;
  past past_;
  choice choice_;
  bool lives_ = false;
  std::string process_; ///< Of a journal: what became of its process.
  std::string as_of_;
  instant seen_at_;
  std::string missed_; ///< Why the last look failed; empty: it did not.
  std::chrono::seconds stale_for_{0};

  std::pair<std::string, std::string> chosen_; ///< Supervisor and name.
  std::size_t chosen_row_ = 0;                 ///< Where it stood, should it go.
  std::size_t top_row_ = 0;
  std::size_t page_rows_ = 10;

  typing typing_ = typing::nothing;
  std::string typed_;
  wish pending_;
  tone note_tone_ = tone::plain;
  std::string note_;
  std::optional<page> page_;
};

} // namespace holdfast::tools::top
