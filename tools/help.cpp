// SPDX-License-Identifier: Apache-2.0
// The help a person reads: overview, groups, commands and topics.
#include "tools/help.hpp"

#include "tools/suggest.hpp"

#include <algorithm>
#include <array>

namespace holdfast::tools {
namespace {

struct topic {
  std::string_view name;
  std::string_view text;
};

constexpr auto topics = std::to_array<topic>({
    {"exit-codes", R"(Exit codes, a contract:

    0  done
    1  failed: tried and did not work, or a check found something
    2  usage: the command line, the configuration or the input breaks a rule
    3  no daemon answers
    4  the named thing does not exist
    5  denied by the operating system or a rule
    6  timed out, or a limit stayed reached; what was sent may have been done
    7  conflict: somebody else holds it, or it exists with other content
    8  damaged: stored bytes are not what was written
    9  the store failed, or its disk is full
  130  interrupted (Ctrl-C)
)"},
    {"times", R"(Wherever a time is asked (--since, --until, --at), in the local time zone (TZ):

  now  today  yesterday  noon            days begin at 00:00
  monday  "last monday"  "yesterday 14:30"  "monday at 9"
  "last hour|day|week|month|year"  "this week|month|year"
  10m  1h30m  "3 hours ago"  "2 weeks ago"
  2026-11-22  "2026-11-22 10:00"  2026-11-22T10:00:05.25Z  2026-11-22T10:00+02:00  10:30
  @1700000000                            seconds, milliseconds or microseconds since 1970
)"},
    {"filters", R"(Filters on the fields of an event's body; all of them must hold:

  model=gpt-4o        equal: numbers as numbers, true, false, null, else text
  outcome!=ok         the opposite; also true where there is no such field
  latency_ms>=1000    also >, <, <=: numbers, or texts in byte order
  error~time.?out     an extended regular expression somewhere in the text
  usage.input>100     a field within a field

A daemon is asked the same (GET /v1/events?field.latency_ms.gte=1000), but for expressions.
Quote filters that your shell would read as redirections.
)"},
    {"sources", R"(Where a command finds the store, the first that is given:

  --socket PATH   the daemon that listens there
  --data DIR      the data directory: through its daemon if one answers, else as a second reader
                  of the live store, else read-only; reading never changes it. What reads everything
                  (events export, replay verify, store verify) does not ask the daemon
  HOLDFAST_SOCKET, HOLDFAST_STORE_DATA, and the configuration file
)"},
    {"json", R"(--json prints one JSON document, or for streams of records one document a line.
Every document has "schema" ("holdfast.<command>") and "version"; within a version members are only
added. Messages and errors stay on stderr.
)"},
});

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width)
    text.append(width - text.size(), ' ');
  return text;
}

std::string option_line(const option_spec& one) {
  auto names = one.name;
  if (const auto comma = names.find(','); comma != std::string::npos)
    names.insert(comma + 1, " ");
  if (!one.value.empty())
    names += " " + one.value;
  return "  " + padded(std::move(names), 24) + "  " + one.help + "\n";
}

std::string usage_of(const command_spec& command) {
  std::string usage = "holdfast " + command.name;
  if (std::any_of(command.options.begin(), command.options.end(),
                  [](const auto& one) { return !one.positional(); }))
    usage += " [options]";
  for (const auto& one : command.options) {
    if (!one.positional())
      continue;
    const bool list = std::holds_alternative<std::vector<std::string>*>(one.into);
    const auto shown = one.name + (list ? "..." : "");
    usage += one.required ? " " + shown : " [" + shown + "]";
  }
  return usage;
}

} // namespace

std::string help_overview(const std::vector<command_spec>& commands) {
  std::string text = "Holdfast keeps what it acknowledged.\n\nUsage: holdfast [command] [options]\n"
                     "Without a command: status.\n\nCommands:\n";
  for (const auto& one : commands)
    text += "  " + padded(one.name, 20) + "  " + one.brief + "\n";
  text += "\nTopics: ";
  for (const auto& one : topics)
    text += (one.name == topics.front().name ? "" : ", ") + std::string{one.name};
  return text + "\nMore:   holdfast help COMMAND, holdfast help TOPIC, holdfast --version\n";
}

std::string help_group(std::string_view group, const std::vector<command_spec>& commands) {
  std::string text = "Usage: holdfast " + std::string{group} + " COMMAND [options]\n\nCommands:\n";
  for (const auto& one : commands)
    if (one.name.starts_with(std::string{group} + " "))
      text += "  " + padded(one.name, 20) + "  " + one.brief + "\n";
  return text + "\nMore: holdfast help " + std::string{group} + " COMMAND\n";
}

std::string help_command(const command_spec& command, const std::vector<option_spec>& common) {
  auto text = command.brief + "\n\nUsage: " + usage_of(command) + "\n";
  if (!command.details.empty())
    text += "\n" + command.details;
  std::string places;
  std::string options;
  for (const auto& one : command.options)
    (one.positional() ? places : options) += option_line(one);
  if (!places.empty())
    text += "\nArguments:\n" + places;
  if (!options.empty())
    text += "\nOptions:\n" + options;
  text += "\nOptions of every command:\n";
  for (const auto& one : common)
    text += option_line(one);
  return text;
}

result<std::string> help_topic(std::string_view topic, const std::vector<command_spec>& commands,
                               const std::vector<option_spec>& common) {
  std::vector<std::string> candidates;
  for (const auto& one : topics) {
    if (one.name == topic)
      return std::string{one.text};
    candidates.emplace_back(one.name);
  }
  for (const auto& one : commands) {
    if (one.name == topic)
      return help_command(one, common);
    if (one.name.starts_with(std::string{topic} + " "))
      return help_group(topic, commands);
    candidates.push_back(one.name);
    candidates.push_back(one.name.substr(0, one.name.find(' ')));
  }
  auto meant = did_you_mean(topic, candidates);
  return fault{fault_code::not_found, "there is no help on \"" + std::string{topic} + "\"",
               (meant.empty() ? meant : meant + " ") + "See `holdfast help`."};
}

} // namespace holdfast::tools
