// SPDX-License-Identifier: Apache-2.0
// Draws lines and reads keys. Everything that chooses is in the model.
#include "tools/top/screen.hpp"

#include "tools/top/terminal.hpp"

#include <clocale>
#include <cstdio>
#include <cwchar>
#include <string>
#include <string_view>

#include <langinfo.h>
#include <poll.h>
#include <unistd.h>

#define NCURSES_NOMACROS
#include <ncurses.h>

namespace holdfast::tools::top {
namespace {

constexpr short green_pair = 1;
constexpr short yellow_pair = 2;
constexpr short red_pair = 3;

/// How long an escape may be the beginning of a key, in milliseconds.
constexpr int escape_delay = 25;

attr_t attributes_of(tone how, bool colors) {
  switch (how) {
  case tone::plain:
    return A_NORMAL;
  case tone::good:
    return colors ? COLOR_PAIR(green_pair) : A_NORMAL;
  case tone::warn:
    return colors ? COLOR_PAIR(yellow_pair) : A_BOLD;
  case tone::bad:
    return colors ? COLOR_PAIR(red_pair) | A_BOLD : A_BOLD;
  case tone::dim:
    return A_DIM;
  case tone::strong:
    return A_BOLD;
  }
  return A_NORMAL;
}

std::string in_ascii(std::string_view text) {
  std::string made;
  for (const auto one : text)
    if (const auto byte = static_cast<unsigned char>(one); byte < 0x80)
      made += one;
    else if ((byte & 0xC0U) == 0xC0U)
      made += '?';
  return made;
}

std::string in_utf8(wint_t character) {
  std::mbstate_t state{};
  std::string bytes(MB_CUR_MAX, '\0');
  const auto length = std::wcrtomb(bytes.data(), static_cast<wchar_t>(character), &state);
  bytes.resize(length == static_cast<std::size_t>(-1) ? 0 : length);
  return bytes;
}

std::optional<key> special(wint_t code) {
  switch (code) {
  case KEY_UP:
    return key{key_kind::up, {}};
  case KEY_DOWN:
    return key{key_kind::down, {}};
  case KEY_PPAGE:
    return key{key_kind::page_up, {}};
  case KEY_NPAGE:
    return key{key_kind::page_down, {}};
  case KEY_HOME:
    return key{key_kind::home, {}};
  case KEY_END:
    return key{key_kind::end, {}};
  case KEY_ENTER:
    return key{key_kind::enter, {}};
  case KEY_BACKSPACE:
  case KEY_DC:
    return key{key_kind::backspace, {}};
  default:
    return std::nullopt;
  }
}

std::optional<key> typed(wint_t character) {
  switch (character) {
  case '\r':
  case '\n':
    return key{key_kind::enter, {}};
  case 0x1b:
    return key{key_kind::escape, {}};
  case 0x08:
  case 0x7f:
    return key{key_kind::backspace, {}};
  case 0x15:
    return key{key_kind::wipe, {}};
  default:
    return character < 0x20 ? std::nullopt : std::optional{key{key_kind::text, in_utf8(character)}};
  }
}

} // namespace

struct screen::curses {
  SCREEN* terminal = nullptr;

  ~curses() {
    ::endwin();
    ::delscreen(terminal);
  }
};

result<std::unique_ptr<screen>> screen::open(bool colors) {
  if (const auto good = check_terminal(); !good)
    return good.error();
  std::setlocale(LC_CTYPE, "");
  auto* terminal = ::newterm(nullptr, stdout, stdin);
  if (terminal == nullptr)
    return no_terminal("the terminal cannot be drawn on");
  auto held = std::make_unique<curses>();
  held->terminal = terminal;
  return std::unique_ptr<screen>{new screen{std::move(held), colors}};
}

screen::screen(std::unique_ptr<curses> held, bool colors)
    : held_{std::move(held)}, fine_signs_{std::string_view{::nl_langinfo(CODESET)} == "UTF-8"} {
  ::cbreak(); // Ctrl-C stays a signal, and Ctrl-Z
  ::noecho();
  ::nonl();
  ::set_escdelay(escape_delay);
  ::curs_set(0);
  ::keypad(::stdscr, TRUE);
  ::nodelay(::stdscr, TRUE);
  colors_ = colors && ::has_colors() && ::start_color() == OK;
  if (colors_) {
    const short ground = ::use_default_colors() == OK ? -1 : COLOR_BLACK;
    ::init_pair(green_pair, COLOR_GREEN, ground);
    ::init_pair(yellow_pair, COLOR_YELLOW, ground);
    ::init_pair(red_pair, COLOR_RED, ground);
  }
}

screen::~screen() = default;

screen_size screen::size() const {
  const auto rows = ::getmaxy(::stdscr);
  const auto columns = ::getmaxx(::stdscr);
  return {static_cast<std::size_t>(rows > 0 ? rows : 1),
          static_cast<std::size_t>(columns > 0 ? columns : 1)};
}

void screen::draw(const std::vector<drawn_line>& lines) {
  ::werase(::stdscr);
  int row = 0;
  for (const auto& line : lines) {
    ::wmove(::stdscr, row++, 0);
    // Of a character that is two columns wide the end may have come down here.
    ::wclrtoeol(::stdscr);
    for (const auto& [how, text] : line.spans) {
      ::wattrset(::stdscr, static_cast<int>(attributes_of(how, colors_)
                                            | (line.inverted ? A_REVERSE : A_NORMAL)));
      const auto shown = fine_signs_ ? text : in_ascii(text);
      ::waddnstr(::stdscr, shown.c_str(), static_cast<int>(shown.size()));
    }
  }
  ::wattrset(::stdscr, A_NORMAL);
  ::wrefresh(::stdscr);
}

std::optional<key> screen::next_key() {
  wint_t got = 0;
  switch (::wget_wch(::stdscr, &got)) {
  case KEY_CODE_YES:
    return special(got);
  case OK:
    if (got == 0x0c) // Ctrl-L: somebody else has written here
      ::clearok(::curscr, TRUE);
    return typed(got);
  default:
    return std::nullopt;
  }
}

std::optional<key> screen::read(std::chrono::milliseconds wait) {
  if (auto waiting = next_key())
    return waiting;
  pollfd input{STDIN_FILENO, POLLIN, 0};
  const auto ready = ::poll(&input, 1, static_cast<int>(wait.count()));
  if (ready > 0 && (input.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
    gone_ = true;
  return gone_ ? std::nullopt : next_key();
}

} // namespace holdfast::tools::top
