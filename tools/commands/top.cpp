// SPDX-License-Identifier: Apache-2.0
// `holdfast top`: looks again and again, passes keys to the model, and does what it wishes.
#include "tools/commands/commands.hpp"

#include "runtime/os/clock.hpp"
#include "runtime/os/host_load.hpp"
#include "runtime/upstream/door_client.hpp"
#include "tools/actor_source.hpp"
#include "tools/interrupt.hpp"
#include "tools/top/model.hpp"
#include "tools/top/screen.hpp"
#include "tools/top/terminal.hpp"

#include <algorithm>

namespace holdfast::tools {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// A daemon that is slower than this counts as away until it answers again; meanwhile keys wait.
constexpr seconds look_deadline{3};
/// An order is given more: an actor may take its time to end.
constexpr seconds order_deadline{15};
/// Between two glances at Ctrl-C.
constexpr milliseconds glance{250};

constexpr std::uint64_t interval_max = 60;
constexpr std::uint64_t window_max = 600;
constexpr std::uint64_t history_lines = 20;

struct top_words {
  std::uint64_t interval = 2;
  std::uint64_t window = 10;
  bool readonly = false;
};

result<void> check_words(const top_words& typed, const session& told) {
  if (told.json() || told.options().plain)
    return fault{fault_code::invalid, "`top` is for a person's eyes, and has no --json or --plain",
                 "For programs: holdfast actors --json --watch."};
  if (typed.interval < 1 || typed.interval > interval_max)
    return fault{fault_code::invalid, "--interval: from 1 to 60 seconds", "The default is 2."};
  if (typed.window < 1 || typed.window > window_max)
    return fault{fault_code::invalid, "--window: from 1 to 600 seconds", "The default is 10."};
  return {};
}

std::string words_of(const fault& problem) {
  return problem.what + (problem.help.empty() ? "." : ". " + problem.help);
}

/// Looks at a store; one that was alive is from then on asked at its door alone.
class looker {
public:
  explicit looker(session& told) : told_{told} {}

  result<value> look() {
    const auto at = find_place(told_);
    if (!at)
      return at.error();
    if (was_alive_ && !daemon_answers(*at))
      return no_daemon(*at);
    auto found = ask_tree(told_, {});
    if (!found)
      return found;
    const bool alive = found->text_at("source") == "daemon";
    if (was_alive_ && !alive)
      return no_daemon(*at);
    if (alive != was_alive_ || described_.empty())
      describe(*at, alive);
    was_alive_ = alive;
    return found;
  }

  /// What is looked at, in words, and where its store is; empty: not known.
  const std::string& described() const { return described_; }
  const std::filesystem::path& store() const { return store_; }

private:
  void describe(const place& at, bool alive) {
    store_ = at.data;
    described_ = alive ? "daemon at " + at.socket.string() : at.data.string();
    // Where a socket was named, the data directory of the configuration may be another's.
    if (!alive || (!at.socket_named && !at.data.empty()))
      return;
    const upstream::door_client client{{.socket = at.socket, .deadline = told_.request_timeout()}};
    const auto status = client.get_value("/v1/status");
    store_ = status ? status->text_at("data") : std::string{};
  }

  session& told_;
  bool was_alive_ = false;
  std::string described_;
  std::filesystem::path store_;
};

void take_look(const result<value>& found, const looker& from, top::model& into) {
  if (found)
    into.see(*found, os::read_host_load(from.store()), os::steady_now());
  else
    into.miss(found.error(), os::steady_now());
}

void show(const top::wish& asked, session& told, top::model& into) {
  const bool whole = asked.kind == top::wish_kind::inspect;
  const auto found = whole ? ask_actor(told, asked.name, history_lines) : ask_why(told, asked.name);
  if (!found)
    into.note(tone::bad, words_of(found.error()));
  else if (whole)
    into.show_inspect(*found);
  else
    into.show_why(*found);
}

void order(const top::wish& asked, session& told, top::model& into) {
  const bool starts = asked.kind == top::wish_kind::restart;
  told.limit_requests(order_deadline);
  const auto done =
      give_order(told, starts ? actor_order::restart : actor_order::stop, asked.name, asked.reason);
  told.limit_requests(look_deadline);
  if (!done)
    into.note(tone::bad, words_of(done.error()));
  else
    into.note(tone::good, (starts ? "Restarted " : "Stopped ") + asked.name + ".");
}

result<exit_code> top_of(const top_words& typed, session& told) {
  if (const auto good = check_words(typed, told); !good)
    return good.error();
  if (const auto good = top::check_terminal(); !good)
    return good.error();
  told.limit_requests(std::min<milliseconds>(told.request_timeout(), look_deadline));
  looker from{told};
  const auto first = from.look();
  if (!first)
    return first.error();
  auto opened = top::screen::open(told.colors());
  if (!opened)
    return opened.error();
  auto& screen = **opened;
  note_interrupts(); // after ncurses, which would end the process itself
  top::model shown{{.interval = seconds{typed.interval},
                    .window = seconds{typed.window},
                    .readonly = typed.readonly,
                    .fine_signs = screen.fine_signs(),
                    .place = from.described()}};
  take_look(first, from, shown);
  auto next = os::steady_now() + seconds{typed.interval};
  while (!interrupted() && !screen.gone()) {
    screen.draw(shown.draw(screen.size()));
    const auto left = std::chrono::ceil<milliseconds>(next - os::steady_now());
    const auto pressed = screen.read(std::clamp(left, milliseconds{0}, glance));
    const auto asked = pressed ? shown.press(*pressed) : top::wish{};
    switch (asked.kind) {
    case top::wish_kind::quit:
      return exit_code::done;
    case top::wish_kind::inspect:
    case top::wish_kind::why:
      show(asked, told, shown);
      break;
    case top::wish_kind::restart:
    case top::wish_kind::stop:
      order(asked, told, shown);
      next = os::steady_now(); // the table should show what came of it
      break;
    case top::wish_kind::none:
      break;
    }
    if (os::steady_now() < next)
      continue;
    take_look(from.look(), from, shown);
    if (const auto again = shown.refresh(); again.kind != top::wish_kind::none)
      show(again, told, shown);
    next = os::steady_now() + seconds{typed.interval};
  }
  return exit_code::interrupted;
}

} // namespace

command_spec top_spec() {
  auto typed = std::make_shared<top_words>();
  return {.name = "top",
          .brief = "Watches the tree of actors on a terminal: who is busy, waits, fails.",
          .details =
              "Keys: ? shows them all, q quits. Asks a running daemon, and costs its actors\n"
              "nothing; of a stopped store it shows what the journal knows. When the daemon\n"
              "goes away, the last picture stays, marked stale, until it answers again.\n"
              "For example: holdfast top --readonly --interval 1\n",
          .options = {{"--interval", "SECONDS", "Between two looks, 1 to 60; 2.", &typed->interval},
                      {"--window", "SECONDS", "What `c` ranks changes over, 1 to 600; 10.",
                       &typed->window},
                      {"--readonly", "", "Restart and stop nothing.", &typed->readonly}},
          .run = [typed](session& told) { return top_of(*typed, told); },
          .lasts = true};
}

} // namespace holdfast::tools
