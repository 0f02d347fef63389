// SPDX-License-Identifier: Apache-2.0
// How `holdfast top` looks: the lines of its table and of its pages.
#include "tools/progress.hpp"
#include "tools/top/model.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <map>
#include <string_view>

namespace holdfast::tools::top {
namespace {

/// A page about an actor aligns what it says behind titles of at most this width.
constexpr std::size_t page_title_max = 16;

drawn_line line_of(tone how, std::string text) {
  return {.spans = {{how, std::move(text)}}};
}

/// One figure of the host, with a sparkline where there is room for it.
struct gauge {
  std::string title;
  const std::vector<double>* series;
  std::string now;
  tone how = tone::plain;
};

std::string percent_of(const std::vector<double>& series) {
  return std::to_string(std::llround(series.back())) + " %";
}

std::vector<gauge> gauges_of(const host_figures& host) {
  using std::chrono::hours;
  std::vector<gauge> made;
  const auto level = [](double now, double warn, double bad) {
    return now >= bad ? tone::bad : now >= warn ? tone::warn : tone::plain;
  };
  if (!host.cpu.empty())
    made.push_back({"cpu", &host.cpu, percent_of(host.cpu), level(host.cpu.back(), 90, 101)});
  if (!host.memory.empty())
    made.push_back(
        {"mem", &host.memory, percent_of(host.memory), level(host.memory.back(), 90, 97)});
  if (!host.stall.empty() && !host.stalled_by.empty())
    made.push_back({"stall", &host.stall, percent_of(host.stall) + " " + host.stalled_by,
                    level(host.stall.back(), 20, 60)});
  if (host.free_bytes && !host.disk.empty()) {
    auto words = spoken_bytes(*host.free_bytes) + " free";
    auto how = tone::plain;
    if (host.full_in) {
      const auto left = *host.full_in;
      how = left < hours{2} ? tone::bad : left < hours{8} ? tone::warn : tone::plain;
      words += left < hours{24 * 30} ? ", full in " + spoken(left) : ", fills slowly";
    }
    made.push_back({"disk", &host.disk, std::move(words), how});
  }
  return made;
}

/// As many as fit, the most important first.
drawn_line hints(std::initializer_list<std::string_view> keys, std::size_t columns) {
  std::string text;
  for (const auto key : keys)
    if (text.size() + key.size() + 2 <= columns)
      text += (text.empty() ? "" : "  ") + std::string{key};
  return line_of(tone::dim, std::move(text));
}

/// A part of a page as lines.
void add_part(const inspect_part& part, std::size_t columns, std::vector<drawn_line>& to) {
  if (!part.title.empty())
    to.push_back(line_of(tone::strong, cut(printable(part.title), columns)));
  std::size_t title = 0;
  for (const auto& row : part.rows)
    title = std::max(title, width_of(printable(row.front())));
  title = std::min({title, page_title_max, columns / 3});
  const std::size_t indent = part.title.empty() || columns < 60 ? 0 : 2;
  const auto behind = indent + title + 2;
  for (const auto& row : part.rows) {
    std::string text;
    for (std::size_t at = 1; at < row.size(); ++at)
      text += (text.empty() ? "" : "  ") + printable(row[at]);
    auto name = printable(row.front());
    if (width_of(name) > title) { // on lines of its own, above what belongs to it
      for (auto& one : wrapped(name, columns - std::min(indent, columns)))
        to.push_back(line_of(tone::plain, std::string(indent, ' ') + one));
      name.clear();
      if (text.empty())
        continue;
    }
    for (const auto& one : wrapped(text, columns > behind ? columns - behind : 1)) {
      to.push_back(
          {.spans = {{tone::dim, std::string(indent, ' ') + filled(name, title, side::left) + "  "},
                     {tone::plain, one}}});
      name.clear();
    }
  }
}

} // namespace

drawn_line model::first_line() const {
  return {
      .spans = {{tone::strong, "holdfast top"}, {tone::plain, "  " + printable(settings_.place)}}};
}

drawn_line model::second_line() const {
  if (!missed_.empty())
    return line_of(tone::bad, "STALE for " + spoken(stale_for_) + ": " + printable(missed_)
                                  + "; trying again");
  std::size_t all = 0;
  std::map<std::string, std::size_t> states;
  for (const auto& one : past_.actors())
    if (one.is_actor) {
      ++all;
      ++states[one.state];
    }
  drawn_line made;
  if (!lives_)
    made.spans.push_back({tone::warn, "from the journal alone, " + printable(process_) + "; "});
  made.spans.push_back({tone::plain, grouped(all) + (all == 1 ? " actor" : " actors")});
  for (const auto& [state, count] : states)
    made.spans.push_back(
        {state == "running" || state == "stopped" ? tone::plain : tone::warn,
         (state == states.begin()->first ? ": " : ", ") + grouped(count) + " " + printable(state)});
  const auto flag = [&](const std::string& text) {
    made.spans.push_back({tone::strong, "  [" + text + "]"});
  };
  if (choice_.window)
    flag("changes of the last " + std::to_string(watched().count()) + " s");
  if (choice_.faults)
    flag("faults only");
  if (!choice_.filter.empty())
    flag((choice_.inverse ? "without \"" : "with \"") + choice_.filter + "\"");
  if (settings_.readonly)
    flag("read only");
  return made;
}

drawn_line model::host_line(std::size_t columns) const {
  auto gauges = gauges_of(past_.host());
  const auto words = [&] {
    std::size_t width = 0;
    for (const auto& one : gauges)
      width += one.title.size() + 1 + width_of(one.now) + (width == 0 ? 0 : 3);
    return width;
  };
  while (!gauges.empty() && words() > columns)
    gauges.pop_back();
  drawn_line made;
  if (gauges.empty())
    return made;
  const auto each = (columns - words()) / gauges.size();
  const auto spark = each < 5 ? 0 : std::min(each - 1, host_looks_max);
  for (const auto& one : gauges) {
    made.spans.push_back({tone::dim, (made.spans.empty() ? "" : "   ") + one.title + " "});
    if (spark > 0)
      made.spans.push_back({tone::dim, sparkline(*one.series, spark, settings_.fine_signs) + " "});
    made.spans.push_back({one.how, one.now});
  }
  return made;
}

std::chrono::seconds model::watched() const {
  std::chrono::milliseconds longest{0};
  for (const auto& one : past_.actors())
    if (one.change)
      longest = std::max(longest, one.change->over);
  return std::chrono::round<std::chrono::seconds>(longest);
}

/// What is too long for the table, of the actor that is chosen.
drawn_line model::chosen_line() const {
  if (!note_.empty())
    return line_of(note_tone_, printable(note_));
  const auto* one = chosen();
  if (one == nullptr)
    return {};
  auto text = printable(one->name);
  if (!one->lints.empty()) {
    text += ", lints:";
    for (const auto& lint : one->lints)
      text += " " + printable(lint);
  }
  if (!one->handling.empty())
    text += ", handles " + printable(one->handling)
            + (one->handling_for ? " for " + spoken(*one->handling_for) : "");
  if (!one->last_error.empty())
    text += ", last error: " + printable(one->last_error);
  return line_of(tone::dim, text == printable(one->name) ? "" : text);
}

drawn_line model::last_line(std::size_t columns) const {
  const std::string verb = pending_.kind == wish_kind::stop ? "stop" : "restart";
  // Of a line that is typed into, the end is what matters.
  const auto typed_line = [&](std::string text) {
    text += "_";
    return line_of(tone::strong, last_columns(text, columns));
  };
  switch (typing_) {
  case typing::filter:
    return typed_line("show only: " + typed_);
  case typing::command:
    return typed_line(":" + typed_);
  case typing::reason:
    return typed_line(verb + " " + printable(pending_.name) + ", because: " + typed_);
  case typing::consent:
    return line_of(tone::strong, verb + " " + printable(pending_.name) + " (" + pending_.reason
                                     + ")?  y: yes, any other key: no");
  case typing::nothing:
    break;
  }
  if (!page_)
    return hints({"q quit", "? help", "Enter detail", "w why", "/ filter", "f faults", ". sort",
                  "t tree", "c changes", "r restart"},
                 columns);
  if (page_->again.kind == wish_kind::none)
    return hints({"q back", "up/down scroll"}, columns);
  return hints({"q back", "up/down scroll", "w why", "r restart"}, columns);
}

std::vector<drawn_line> model::draw(screen_size size) {
  std::vector<drawn_line> lines = page_ ? draw_page(size) : draw_table(size);
  lines.resize(std::min(lines.size(), size.rows));
  for (auto& one : lines) {
    if (!missed_.empty() && &one != &lines.back())
      for (auto& part : one.spans)
        part.how = part.how == tone::bad ? tone::bad : tone::dim;
    one = cut(std::move(one), size.columns);
  }
  return lines;
}

std::vector<drawn_line> model::draw_table(screen_size size) {
  std::vector<drawn_line> lines;
  auto first = first_line();
  const auto time = as_of_.size() > 19 ? as_of_.substr(11, 8) + " UTC" : std::string{};
  const auto every = ", every " + std::to_string(settings_.interval.count()) + " s";
  const auto right = printable(time) + (size.columns >= 60 ? every : "");
  if (size.columns > width_of(right) + 14) {
    const auto room = size.columns - width_of(right) - 2;
    if (width_of(first.text()) > room)
      first.spans.back().text =
          cut(first.spans.back().text, room - first.spans.front().text.size());
    first.spans.push_back(
        {tone::plain, std::string(size.columns - width_of(right) - width_of(first.text()), ' ')});
    first.spans.push_back({tone::dim, right});
  }
  // A low screen keeps the table, then the line that is typed into, then what is wrong.
  if (size.rows >= 8)
    lines.push_back(std::move(first));
  if (size.rows >= 5 || !missed_.empty())
    lines.push_back(second_line());
  if (size.rows >= 10)
    lines.push_back(host_line(size.columns));
  const bool has_notes = size.rows >= 6 || !note_.empty();
  const std::size_t around = lines.size() + 2 + (has_notes ? 1 : 0);
  page_rows_ = size.rows > around ? size.rows - around : 1;

  const auto all = rows();
  const auto at = chosen_at(all);
  if (!all.empty())
    chosen_ = {all[at].actor->supervisor, all[at].actor->name};
  chosen_row_ = at;
  top_row_ = std::min(top_row_, all.size() > page_rows_ ? all.size() - page_rows_ : 0);
  top_row_ = std::clamp(top_row_, at < page_rows_ ? 0 : at - page_rows_ + 1, at);

  auto table = top::draw(all, choice_, size.columns, {top_row_, page_rows_});
  auto titles = std::move(table.titles);
  if (const auto width = width_of(titles.text()); width < size.columns)
    titles.spans.push_back({tone::plain, std::string(size.columns - width, ' ')});
  lines.push_back(std::move(titles));
  for (std::size_t row = 0; row < page_rows_; ++row) {
    auto line = row < table.lines.size() ? std::move(table.lines[row]) : drawn_line{};
    line.inverted = row < table.lines.size() && top_row_ + row == at;
    if (row == 0 && all.empty())
      line = line_of(tone::plain, "No actor is like that.");
    lines.push_back(std::move(line));
  }
  if (has_notes)
    lines.push_back(chosen_line());
  lines.push_back(last_line(size.columns));
  return lines;
}

std::vector<drawn_line> model::draw_page(screen_size size) {
  std::vector<drawn_line> body;
  for (const auto& part : page_->parts) {
    if (!body.empty())
      body.emplace_back();
    add_part(part, size.columns, body);
  }
  page_rows_ = size.rows > 3 ? size.rows - 3 : 1;
  page_->top = std::min(page_->top, body.size() > page_rows_ ? body.size() - page_rows_ : 0);
  std::vector<drawn_line> lines{line_of(tone::strong, cut(printable(page_->title), size.columns))};
  if (!missed_.empty())
    lines.front() = second_line();
  for (std::size_t row = 0; row < page_rows_; ++row)
    lines.push_back(page_->top + row < body.size() ? body[page_->top + row] : drawn_line{});
  const bool more = page_->top + page_rows_ < body.size();
  lines.push_back(!note_.empty() ? line_of(note_tone_, printable(note_))
                  : more         ? line_of(tone::dim, "... more below")
                                 : drawn_line{});
  lines.push_back(last_line(size.columns));
  return lines;
}

} // namespace holdfast::tools::top
