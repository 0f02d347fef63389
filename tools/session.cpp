// SPDX-License-Identifier: Apache-2.0
// Where results and messages go: terminals, colours, tables, the pager.
#include "tools/session.hpp"

#include "runtime/json.hpp"
#include "runtime/os/clock.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace holdfast::tools {
namespace {

std::string_view variable(const char* name) {
  const char* held = std::getenv(name);
  return held == nullptr ? std::string_view{} : std::string_view{held};
}

bool wants_colors(const common_options& chosen, bool terminal) {
  if (chosen.color == "always")
    return true;
  if (chosen.no_color || chosen.color == "never" || chosen.json || chosen.plain)
    return false;
  return terminal && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
}

/// A shell that cannot find the pager would take the results and show none of them.
bool is_there(const std::string& command) {
  const auto program = command.substr(0, command.find(' '));
  return std::system(("command -v '" + program + "' >/dev/null 2>&1").c_str()) == 0;
}

/// Bytes of the valid UTF-8 sequence at the front; 0: there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const auto first = byte(0);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xC2 ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length == 0 || length > text.size())
    return 0;
  for (std::size_t at = 1; at < length; ++at)
    if ((byte(at) & 0xC0U) != 0x80U)
      return 0;
  return length;
}

/// Columns on a terminal, near enough: code points.
std::size_t shown_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char one) {
    return (static_cast<unsigned char>(one) & 0xC0U) != 0x80U;
  }));
}

} // namespace

std::vector<option_spec> common_specs(common_options& into) {
  return {
      {"--socket", "PATH", "Talk to the daemon that listens here.", &into.socket},
      {"--data", "DIR", "Use this data directory, whether its daemon runs or not.", &into.data},
      {"--config", "FILE", "Read this configuration file.", &into.config},
      {"--json", "", "Results as JSON with a stable schema.", &into.json},
      {"--plain", "", "Results one record a line, fields parted by tabs.", &into.plain},
      {"-q,--quiet", "", "No messages, results only.", &into.quiet},
      {"--timeout", "TIME", "Give up after this time (exit code 6), e.g. 10s.", &into.timeout},
      {"--color",
       "WHEN",
       "auto, always or never.",
       &into.color,
       false,
       {"auto", "always", "never"}},
      {"--no-color", "", "The same as --color=never.", &into.no_color},
      {"--no-pager", "", "Do not page results on a terminal.", &into.no_pager},
  };
}

std::string printable(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const auto length = sequence_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    const bool c1 = length == 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
    if (length == 0)
      clean += "\xEF\xBF\xBD";
    else if (first < 0x20 || first == 0x7F || c1)
      clean += ' ';
    else
      clean += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return clean;
}

session::session(common_options chosen)
    : options_{std::move(chosen)}, out_terminal_{::isatty(STDOUT_FILENO) == 1},
      err_terminal_{::isatty(STDERR_FILENO) == 1}, colors_{wants_colors(options_, out_terminal_)},
      time_{os::wall_now(), local_zone()} {}

void session::raw(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), pager_ != nullptr ? pager_ : stdout);
}

void session::line(std::string_view text) {
  raw(text);
  raw("\n");
}

void session::note(std::string_view text) const {
  if (options_.quiet)
    return;
  std::fflush(stdout);
  std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
}

void session::document(std::string_view what, object members) {
  members.insert_or_assign("schema", "holdfast." + std::string{what});
  members.insert_or_assign("version", 1);
  line(json::print(value{std::move(members)}));
}

void session::table(const std::vector<column>& columns,
                    const std::vector<std::vector<std::string>>& rows) {
  if (options_.plain) {
    for (const auto& row : rows) {
      std::string text;
      for (const auto& cell : row)
        text += (&cell == row.data() ? "" : "\t") + printable(cell);
      line(text);
    }
    return;
  }
  std::vector<std::size_t> widths;
  for (const auto& one : columns)
    widths.push_back(shown_width(one.title));
  for (const auto& row : rows)
    for (std::size_t at = 0; at < row.size() && at < widths.size(); ++at)
      widths[at] = std::max(widths[at], shown_width(printable(row[at])));
  const auto print = [&](const std::vector<std::string>& cells, tone chosen) {
    std::string text;
    for (std::size_t at = 0; at < cells.size() && at < columns.size(); ++at) {
      const auto cell = printable(cells[at]);
      const std::string pad(widths[at] - shown_width(cell), ' ');
      text += at == 0 ? "" : "  ";
      text += columns[at].aligned == side::right ? pad + cell : cell + pad;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    line(toned(chosen, text));
  };
  std::vector<std::string> titles;
  for (const auto& one : columns)
    titles.push_back(one.title);
  if (std::any_of(titles.begin(), titles.end(), [](const auto& one) { return !one.empty(); }))
    print(titles, tone::strong);
  for (const auto& row : rows)
    print(row, tone::plain);
}

std::string session::toned(tone chosen, std::string_view text) const {
  if (!colors_ || chosen == tone::plain)
    return std::string{text};
  const char* code = chosen == tone::good   ? "32"
                     : chosen == tone::warn ? "33"
                     : chosen == tone::bad  ? "31"
                     : chosen == tone::dim  ? "2"
                                            : "1";
  return "\x1b[" + std::string{code} + "m" + std::string{text} + "\x1b[0m";
}

void session::page() {
  if (!out_terminal_ || options_.no_pager || options_.json || options_.plain || pager_ != nullptr)
    return;
  const auto chosen = variable("PAGER");
  const std::string command{chosen.empty() ? "less -FRX" : chosen};
  if (command == "cat" || variable("TERM") == "dumb" || !is_there(command))
    return;
  std::signal(SIGPIPE, SIG_IGN); // the person may leave the pager early
  pager_ = ::popen(command.c_str(), "w");
}

bool session::finish() {
  if (pager_ != nullptr) {
    ::pclose(pager_);
    pager_ = nullptr;
  }
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
}

result<wall_time> session::parse_time_option(std::string_view option, std::string_view text) const {
  auto parsed = parse_time(text, time_);
  if (!parsed)
    return fault{parsed.error().code, std::string{option} + ": " + parsed.error().what,
                 parsed.error().help};
  return parsed;
}

std::string sentence_of(const fault& problem) {
  auto text = "holdfast: " + printable(problem.what);
  if (!text.ends_with('.') && !text.ends_with('?') && !text.ends_with('!'))
    text += '.';
  if (!problem.help.empty())
    text += ' ' + printable(problem.help);
  return text;
}

} // namespace holdfast::tools
