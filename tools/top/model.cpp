// SPDX-License-Identifier: Apache-2.0
// What keys do. How it looks stands in model_lines.cpp.
#include "tools/top/model.hpp"

#include "tools/suggest.hpp"

#include <algorithm>
#include <array>

namespace holdfast::tools::top {
namespace {

const std::vector<std::string>& command_words() {
  static const std::vector<std::string> words{"quit", "restart", "stop", "why", "sort"};
  return words;
}

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& one : words)
    text += (text.empty() ? "" : ", ") + one;
  return text;
}

/// `learning` is `fold learning`, as the daemon takes it.
bool is_named(const actor_figures& one, const std::string& name) {
  return one.is_actor && (one.name == name || one.name.ends_with(" " + name));
}

/// The last character of a text, all of its bytes.
void take_back(std::string& text) {
  while (!text.empty()) {
    const bool begins = (static_cast<unsigned char>(text.back()) & 0xC0U) != 0x80U;
    text.pop_back();
    if (begins)
      return;
  }
}

std::vector<inspect_part> help_parts() {
  return {
      {"Keys",
       {{"up, down", "choose an actor; also page up and down, home, end"},
        {"Enter", "everything about it, as `holdfast inspect`"},
        {"w", "why it is as it is, as `holdfast why`"},
        {"r", "restart it: asks for a reason, then for a yes"},
        {"/", "show only what has this in its name or state; Esc takes it away"},
        {"!", "turn the filter round"},
        {"f", "only what looks wrong, or was restarted within the hour"},
        {"t", "as a tree, or as one list"},
        {".", "order by the next column"},
        {"c", "what changed in the last seconds, most first: short hogs show"},
        {":", "a command"},
        {"q", "quit, or leave this page"}}},
      {"Commands",
       {{":quit", ""},
        {":restart NAME", "without a name: of the actor that is chosen"},
        {":stop NAME", "it stays stopped until it is restarted, or the daemon is"},
        {":why NAME", ""},
        {":sort COLUMN", listed(column_names())}}},
      {"Columns",
       {{"RESTARTS/H", "within the last hour; 2+: at least, for it looked on for less"},
        {"BUDGET", "restarts used and allowed: its own, or of the children it keeps"},
        {"MSGS/S, BUSY", "since the look before"},
        {"P99", "of a hundred messages one takes longer to handle"},
        {"*", "the column it is ordered by"},
        {"nothing", "it is not known"}}},
  };
}

} // namespace

model::model(settings chosen) : settings_{std::move(chosen)}, past_{settings_.window} {}

// ---- looks and answers -------------------------------------------------------------------------

void model::see(const value& told, const os::host_load& host, instant now) {
  past_.see(told, host, now);
  lives_ = told.text_at("source") != "journal";
  process_ = told.text_at("process");
  as_of_ = told.text_at("as_of");
  seen_at_ = now;
  missed_.clear();
}

void model::miss(const fault& problem, instant now) {
  missed_ = problem.what;
  stale_for_ = std::chrono::duration_cast<std::chrono::seconds>(now - seen_at_);
}

void model::show_inspect(const value& told) {
  const auto* actor = told.find("actor");
  const auto name = actor == nullptr ? std::string{} : actor->text_at("name");
  open({wish_kind::inspect, name, {}}, name, inspect_parts(told));
}

void model::show_why(const value& told) {
  const auto name = told.text_at("name");
  open({wish_kind::why, name, {}}, "Why " + name + " is as it is", {{"", why_rows(told)}});
}

void model::open(wish again, std::string title, std::vector<inspect_part> parts) {
  const auto top = page_ && page_->again == again ? page_->top : 0;
  page_ = page{std::move(again), std::move(title), std::move(parts), top};
}

void model::note(tone how, std::string text) {
  note_tone_ = how;
  note_ = std::move(text);
}

wish model::refresh() const {
  return page_ ? page_->again : wish{};
}

// ---- keys --------------------------------------------------------------------------------------

wish model::press(const key& pressed) {
  note_.clear();
  if (typing_ != typing::nothing)
    return press_typing(pressed);
  return page_ ? press_page(pressed) : press_table(pressed);
}

wish model::press_page(const key& pressed) {
  const auto step = [&](std::size_t rows, bool down) {
    page_->top = down ? page_->top + rows : page_->top - std::min(page_->top, rows);
  };
  switch (pressed.kind) {
  case key_kind::up:
  case key_kind::down:
    step(1, pressed.kind == key_kind::down);
    break;
  case key_kind::page_up:
  case key_kind::page_down:
    step(page_rows_, pressed.kind == key_kind::page_down);
    break;
  case key_kind::home:
    page_->top = 0;
    break;
  case key_kind::end:
    page_->top = SIZE_MAX / 2; // drawing takes it back to the last line
    break;
  case key_kind::escape:
  case key_kind::enter:
  case key_kind::backspace:
    page_.reset();
    break;
  case key_kind::text:
    if (pressed.text == "q" || pressed.text == "?") {
      page_.reset();
    } else if (pressed.text == "w" && page_->again.kind == wish_kind::inspect) {
      return {wish_kind::why, page_->again.name, {}};
    } else if (pressed.text == "r" && page_->again.kind != wish_kind::none) {
      return ask_reason(wish_kind::restart, page_->again.name);
    }
    break;
  case key_kind::wipe:
    break;
  }
  return {};
}

wish model::press_table(const key& pressed) {
  const auto many = static_cast<std::ptrdiff_t>(std::max<std::size_t>(page_rows_, 1));
  constexpr auto far = static_cast<std::ptrdiff_t>(UINT32_MAX);
  switch (pressed.kind) {
  case key_kind::up:
    move(-1);
    break;
  case key_kind::down:
    move(1);
    break;
  case key_kind::page_up:
    move(-many);
    break;
  case key_kind::page_down:
    move(many);
    break;
  case key_kind::home:
    move(-far);
    break;
  case key_kind::end:
    move(far);
    break;
  case key_kind::escape:
    choice_.filter.clear();
    choice_.inverse = false;
    break;
  case key_kind::enter:
    if (const auto* one = chosen(); one != nullptr && one->is_actor)
      return {wish_kind::inspect, one->name, {}};
    else if (one != nullptr)
      note(tone::plain, one->name + " is the top of the tree: look at what stands below it.");
    break;
  case key_kind::text:
    return pressed.text.size() == 1 ? press_letter(pressed.text.front()) : wish{};
  case key_kind::backspace:
  case key_kind::wipe:
    break;
  }
  return {};
}

wish model::press_letter(char letter) {
  const auto* one = chosen();
  switch (letter) {
  case 'q':
    return {wish_kind::quit, {}, {}};
  case 'k':
    move(-1);
    break;
  case 'j':
    move(1);
    break;
  case '/':
    typing_ = typing::filter;
    typed_ = choice_.filter;
    break;
  case ':':
    typing_ = typing::command;
    typed_.clear();
    break;
  case '!':
    choice_.inverse = !choice_.filter.empty() && !choice_.inverse;
    if (choice_.filter.empty())
      note(tone::plain, "There is no filter to turn round: / sets one.");
    break;
  case 'f':
    choice_.faults = !choice_.faults;
    break;
  case 't':
    choice_.tree = !choice_.tree;
    break;
  case 'c':
    choice_.window = !choice_.window;
    choice_.sort.reset();
    break;
  case '.':
    next_sort();
    break;
  case 'w':
    if (one != nullptr && one->is_actor)
      return {wish_kind::why, one->name, {}};
    break;
  case 'r':
    if (one != nullptr)
      return ask_reason(wish_kind::restart, one->name);
    break;
  case '?':
    open({}, "holdfast top", help_parts());
    break;
  default:
    note(tone::plain, "That key does nothing: ? shows those that do.");
  }
  return {};
}

wish model::press_typing(const key& pressed) {
  if (typing_ == typing::consent) {
    typing_ = typing::nothing;
    if (pressed.kind == key_kind::text && (pressed.text == "y" || pressed.text == "Y"))
      return pending_;
    note(tone::plain, "Nothing was done.");
    return {};
  }
  switch (pressed.kind) {
  case key_kind::enter:
    return enter_typed();
  case key_kind::escape:
    if (typing_ == typing::filter)
      choice_.filter.clear();
    typing_ = typing::nothing;
    return {};
  case key_kind::backspace:
    take_back(typed_);
    break;
  case key_kind::wipe:
    typed_.clear();
    break;
  case key_kind::text:
    if (typed_.size() + pressed.text.size() <= typed_bytes_max)
      typed_ += printable(pressed.text);
    break;
  default:
    break;
  }
  if (typing_ == typing::filter)
    choice_.filter = typed_;
  return {};
}

wish model::enter_typed() {
  const auto was = typing_;
  typing_ = typing::nothing;
  if (was == typing::command)
    return obey(typed_);
  if (was == typing::reason) {
    if (typed_.find_first_not_of(' ') == std::string::npos) {
      note(tone::warn, "Nothing was done: an order needs a reason, which its history keeps.");
      return {};
    }
    pending_.reason = typed_;
    typing_ = typing::consent;
  }
  return {};
}

wish model::obey(const std::string& command) {
  const auto begin = std::min(command.find_first_not_of(' '), command.size());
  const auto space = std::min(command.find(' ', begin), command.size());
  const auto verb = command.substr(begin, space - begin);
  auto rest = command.substr(std::min(command.find_first_not_of(' ', space), command.size()));
  rest.erase(rest.find_last_not_of(' ') + 1);
  if (verb.empty())
    return {};
  if (verb == "quit" || verb == "q")
    return {wish_kind::quit, {}, {}};
  if (verb == "sort") {
    if (const auto column = column_named(rest))
      sort_by(column);
    else
      note(tone::warn, "There is no column \"" + rest + "\": " + listed(column_names()) + ".");
    return {};
  }
  if (verb != "restart" && verb != "stop" && verb != "why") {
    const auto meant = did_you_mean(verb, command_words());
    note(tone::warn, "There is no command \"" + verb + "\". "
                         + (meant.empty() ? "There are: " + listed(command_words()) + "." : meant));
    return {};
  }
  const auto* one = rest.empty() ? chosen() : actor_named(rest);
  if (one == nullptr) {
    note(tone::warn, "There is no actor \"" + rest + "\" here.");
    return {};
  }
  if (verb == "why")
    return {wish_kind::why, one->name, {}};
  return ask_reason(verb == "stop" ? wish_kind::stop : wish_kind::restart, one->name);
}

wish model::ask_reason(wish_kind what, const std::string& name) {
  const auto* one = actor_named(name);
  const std::string verb = what == wish_kind::stop ? "stop" : "restart";
  if (settings_.readonly)
    note(tone::warn, "It was started with --readonly, and cannot " + verb + " anything.");
  else if (!lives_)
    note(tone::warn, "No daemon runs here: there is nobody to " + verb + " it.");
  else if (!missed_.empty())
    note(tone::warn, "The daemon does not answer: nothing can be asked of it now.");
  else if (one == nullptr)
    note(tone::warn, name + " is no actor that can be told to " + verb + ".");
  else {
    pending_ = {what, one->name, {}};
    typing_ = typing::reason;
    typed_.clear();
  }
  return {};
}

void model::sort_by(std::optional<column_id> column) {
  choice_.sort = column;
  if (choice_.window && column && !is_change(*column)) {
    choice_.window = false;
    note(tone::plain, "Back to what is now: the window orders by changes only.");
  }
}

void model::next_sort() {
  constexpr std::array changes{column_id::busy, column_id::rate, column_id::queued,
                               column_id::restarts};
  if (choice_.window) {
    const auto now = std::ranges::find(changes, choice_.sort.value_or(column_id::busy));
    choice_.sort = now + 1 == changes.end() ? changes.front() : *(now + 1);
    return;
  }
  const auto next = choice_.sort ? static_cast<std::size_t>(*choice_.sort) + 1 : 0;
  choice_.sort =
      next < column_names().size() ? std::optional{static_cast<column_id>(next)} : std::nullopt;
}

// ---- who is chosen -----------------------------------------------------------------------------

std::vector<table_row> model::rows() const {
  return rows_of(past_.actors(), choice_);
}

std::size_t model::chosen_at(const std::vector<table_row>& among) const {
  for (std::size_t at = 0; at < among.size(); ++at)
    if (among[at].actor->supervisor == chosen_.first && among[at].actor->name == chosen_.second)
      return at;
  return std::min(chosen_row_, among.empty() ? 0 : among.size() - 1);
}

const actor_figures* model::chosen() const {
  const auto all = rows();
  return all.empty() ? nullptr : all[chosen_at(all)].actor;
}

const actor_figures* model::actor_named(const std::string& name) const {
  const auto& all = past_.actors();
  auto found = std::ranges::find_if(
      all, [&](const actor_figures& one) { return one.is_actor && one.name == name; });
  if (found == all.end())
    found =
        std::ranges::find_if(all, [&](const actor_figures& one) { return is_named(one, name); });
  return found == all.end() ? nullptr : &*found;
}

void model::move(std::ptrdiff_t by) {
  const auto all = rows();
  if (all.empty())
    return;
  const auto last = static_cast<std::ptrdiff_t>(all.size()) - 1;
  const auto to =
      std::clamp(static_cast<std::ptrdiff_t>(chosen_at(all)) + by, std::ptrdiff_t{0}, last);
  chosen_row_ = static_cast<std::size_t>(to);
  chosen_ = {all[chosen_row_].actor->supervisor, all[chosen_row_].actor->name};
}

} // namespace holdfast::tools::top
