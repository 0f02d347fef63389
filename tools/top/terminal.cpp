// SPDX-License-Identifier: Apache-2.0
// Apart from the screen, because <term.h> takes away hundreds of names.
#include "tools/top/terminal.hpp"

#include <cstdint>
#include <cstdlib>
#include <utility>

#include <unistd.h>

#define NCURSES_NOMACROS
#include <ncurses.h>
#include <term.h>

namespace holdfast::tools::top {

fault no_terminal(std::string what) {
  return {fault_code::unsupported, std::move(what),
          "Elsewhere: holdfast actors --watch, and with --json for programs."};
}

result<void> check_terminal() {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1)
    return no_terminal("`top` draws on a terminal, and this is none");
  const auto* kind = std::getenv("TERM");
  if (kind == nullptr || *kind == '\0')
    return no_terminal("TERM is not set, so nobody knows how to draw on this terminal");
  int problem = 0;
  if (::setupterm(kind, STDOUT_FILENO, &problem) != OK)
    return no_terminal("this machine knows no terminal \"" + std::string{kind} + "\" (TERM)");
  const auto* place = ::tigetstr("cup");
  const bool can_place = place != nullptr && reinterpret_cast<std::intptr_t>(place) != -1;
  ::del_curterm(::cur_term);
  if (!can_place)
    return no_terminal("a terminal \"" + std::string{kind} + "\" (TERM) cannot be drawn on");
  return {};
}

} // namespace holdfast::tools::top
