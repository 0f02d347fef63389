// SPDX-License-Identifier: Apache-2.0
// `holdfast events tail`, `search` and `export`.
#include "tools/commands/commands.hpp"

#include "runtime/json.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/upstream/door_client.hpp"
#include "runtime/upstream/door_reader.hpp"
#include "runtime/upstream/event_stream.hpp"
#include "tools/connection.hpp"
#include "tools/event_choice.hpp"
#include "tools/interrupt.hpp"
#include "tools/progress.hpp"

#include <algorithm>
#include <sys/ioctl.h>
#include <unistd.h>

namespace holdfast::tools {
namespace {

struct tail_words : event_words {
  bool follow = false;
};

/// How many columns stdout has; 0: it is no terminal.
std::size_t terminal_columns() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
    return 0;
  return size.ws_col;
}

/// Cut to so many columns without cutting a character.
std::string cut(std::string text, std::size_t columns) {
  if (columns == 0 || text.size() <= columns)
    return text;
  auto end = columns - 1;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
    --end;
  return text.substr(0, end) + "\xE2\x80\xA6";
}

void show(session& told, const recorded_event& one, std::size_t columns) {
  if (told.json()) {
    std::string line;
    json::print_line(one, line);
    told.line(R"({"schema":"holdfast.event","version":1,"event":)" + line + "}");
    return;
  }
  const auto body = printable(json::print(one.body));
  if (told.options().plain) {
    told.line(std::to_string(one.at.value) + '\t' + format_iso(one.recorded) + '\t'
              + printable(one.stream) + '\t' + printable(one.type) + '\t' + printable(one.key)
              + '\t' + body);
    return;
  }
  const auto head = std::to_string(one.at.value) + "  "
                    + format_time(one.recorded, told.time().zone) + "  " + printable(one.stream)
                    + "  " + printable(one.type) + "  ";
  told.line(told.toned(tone::dim, cut(head, columns))
            + (columns > head.size() ? cut(body, columns - head.size())
               : columns == 0        ? body
                                     : std::string{}));
}

constexpr std::chrono::seconds silence_max{60}; ///< Of a daemon, which speaks each 15 s.
constexpr int tries_max = 30;                   ///< With a pause of a second: it may be restarting.

/// Shows what the daemon sends as it comes, until Ctrl-C. Where the connection breaks it goes on
/// behind the last event it was sent.
result<exit_code> listen(const source& from, const event_choice& chosen, sequence next,
                         session& told, std::size_t columns) {
  const upstream::door_client client{{.socket = from.at.socket}};
  std::optional<fault> problem;
  const auto take = [&](const upstream::sent_event& one) {
    const auto body = json::parse(one.data);
    if (one.name == "end" && body && body->find("sequence") == nullptr) {
      const auto reason = body->text_at("reason");
      if (reason == "retired")
        problem = fault{fault_code::not_found, "the next records were retired in the meantime",
                        "Begin anew: holdfast events tail -f."};
      else if (reason == "damaged")
        problem = fault{fault_code::corrupt, body->text_at("what"), ""};
      return;
    }
    const auto record = body ? json::record_from(*body) : result<recorded_event>{body.error()};
    if (!record)
      problem = record.error();
    else if (!chosen.query.where || chosen.query.where(*record))
      show(told, *record, columns);
  };
  auto last = std::to_string(next.value - 1);
  for (int tries = 0;; os::wait_for(std::chrono::seconds{1})) {
    upstream::event_stream cut;
    const auto ended =
        client.listen("/v1/events/follow?" + upstream::choice_of(chosen.query),
                      {{"Last-Event-ID", last}}, silence_max, [&](std::string_view bytes) {
                        tries = bytes.empty() ? tries : 0;
                        cut.feed(bytes, take);
                        std::fflush(stdout);
                        return !problem && !interrupted() && std::ferror(stdout) == 0;
                      });
    if (problem)
      return *problem;
    if (interrupted() || std::ferror(stdout) != 0)
      break;
    if (!cut.last_id().empty())
      last = cut.last_id();
    auto broke =
        ended ? fault{fault_code::unreachable, "the daemon has stopped", ""} : ended.error();
    if (ended && ended->status >= 400)
      broke = upstream::value_of(*ended).error();
    const bool refused = ended && ended->status >= 400 && ended->status != 503;
    if (refused || ++tries > tries_max)
      return broke;
  }
  return interrupted() ? exit_code::interrupted : exit_code::done;
}

/// What was asked for, and where it is looked for.
struct question {
  event_choice chosen;
  source from;
};

result<question> question_of(const event_words& typed, session& told,
                             appetite hunger = appetite::some) {
  auto chosen = understand(typed, told);
  if (!chosen)
    return chosen.error();
  auto from = open_source(told, hunger);
  if (!from)
    return from.error();
  return question{*std::move(chosen), *std::move(from)};
}

result<exit_code> tail(const tail_words& typed, session& told) {
  auto asked = question_of(typed, told);
  if (!asked)
    return asked.error();
  auto& [chosen, from] = *asked;
  const auto columns = terminal_columns();
  ask_before_interrupt("\n");
  sequence next;
  const auto last = last_events(*from.reader, chosen, typed.limit == 0 ? 20 : typed.limit, next);
  if (!last)
    return last.error();
  for (const auto& one : *last)
    show(told, one, columns);
  chosen.limit = 0;
  std::fflush(stdout);
  if (typed.follow && from.daemon && !chosen.query.to && !chosen.query.until)
    return listen(from, chosen, next, told, columns);
  while (typed.follow && !interrupted()) {
    std::fflush(stdout);
    os::wait_for(std::chrono::milliseconds{200});
    if (const auto caught = from.reader->catch_up(); !caught)
      return caught.error();
    chosen.query.from = next;
    const auto seen = each_event(*from.reader, chosen, [&](const recorded_event& one) {
      show(told, one, columns);
      return true;
    });
    if (!seen)
      return seen.error();
    next = *seen;
  }
  return interrupted() ? exit_code::interrupted : exit_code::done;
}

result<exit_code> search(const event_words& typed, session& told) {
  auto asked = question_of(typed, told);
  if (!asked)
    return asked.error();
  auto& [chosen, from] = *asked;
  const auto columns = terminal_columns();
  ask_before_interrupt("\nholdfast: stopping here\n");
  auto page = chosen.query;
  page.limit = static_cast<std::size_t>(
      typed.limit == 0 ? 10'000 : std::min<std::uint64_t>(typed.limit, 10'000));
  told.note(api_call(page));
  std::uint64_t found = 0;
  const auto next = each_event(*from.reader, chosen, [&](const recorded_event& one) {
    show(told, one, columns);
    ++found;
    return true;
  });
  if (!next)
    return next.error();
  if (found == 0)
    told.note("No event fits.");
  else if (found == chosen.limit)
    told.note("There may be more: --from " + std::to_string(next->value) + ", or --limit 0.");
  return interrupted() ? exit_code::interrupted : exit_code::done;
}

result<exit_code> write_out(const event_words& typed, session& told) {
  auto asked = question_of(typed, told, appetite::all);
  if (!asked)
    return asked.error();
  auto& [chosen, from] = *asked;
  const auto head = from.reader->head();
  if (!head)
    return head.error();
  // Up to what is there now: an export of a busy store must end.
  chosen.query.to = std::min(chosen.query.to.value_or(head->last), head->last);
  ask_before_interrupt("\nholdfast: stopping here; what was written is complete lines\n");
  progress bar{told.error_terminal() && !told.options().quiet, "events", os::steady_now()};
  std::uint64_t written = 0;
  std::string line;
  const auto begin = chosen.query.from.value;
  const auto total = chosen.query.to->value - std::min(begin, chosen.query.to->value) + 1;
  const auto next = each_event(*from.reader, chosen, [&](const recorded_event& one) {
    line.clear();
    json::print_line(one, line);
    line += '\n';
    told.raw(line);
    if (++written % 1024 == 0)
      bar.show(one.at.value - begin, total, written, os::steady_now());
    return std::ferror(stdout) == 0;
  });
  bar.clear();
  if (!next)
    return next.error();
  told.note(grouped(written) + " events, up to " + std::to_string(next->value - 1) + ".");
  return interrupted() ? exit_code::interrupted : exit_code::done;
}

} // namespace

command_spec events_tail_spec() {
  auto typed = std::make_shared<tail_words>();
  auto options = event_specs(*typed, "How many of the last events (20).");
  options.push_back({"-f,--follow", "", "Go on with new events until Ctrl-C.", &typed->follow});
  return {.name = "events tail",
          .brief = "Shows the last events, and with -f those to come.",
          .details = "For example: holdfast events tail -f --stream 'llm.*' outcome!=ok\n",
          .options = std::move(options),
          .run = [typed](session& told) { return tail(*typed, told); }};
}

command_spec events_search_spec() {
  auto typed = std::make_shared<event_words>();
  typed->limit = 100;
  return {.name = "events search",
          .brief = "Finds events by stream, type, time and fields.",
          .details = "For example: holdfast events search --since yesterday 'latency_ms>=10000'\n"
                     "The same question to the HTTP interface is printed on stderr.\n",
          .options = event_specs(*typed, "At most so many (100); 0: all."),
          .run = [typed](session& told) { return search(*typed, told); },
          .pages = true};
}

command_spec events_export_spec() {
  auto typed = std::make_shared<event_words>();
  return {.name = "events export",
          .brief = "Writes events to stdout, one JSON object a line, as ingest takes them.",
          .details = "For example: holdfast events export --since 'last monday' > week.jsonl\n",
          .options = event_specs(*typed, "At most so many; 0: all."),
          .run = [typed](session& told) { return write_out(*typed, told); }};
}

} // namespace holdfast::tools
