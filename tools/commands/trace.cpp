// SPDX-License-Identifier: Apache-2.0
// `holdfast trace`: what one actor handles, as it happens.
#include "tools/commands/commands.hpp"

#include "runtime/json.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/upstream/door_client.hpp"
#include "runtime/upstream/event_stream.hpp"
#include "tools/connection.hpp"
#include "tools/interrupt.hpp"
#include "tools/progress.hpp"

#include <cstdio>
#include <memory>
#include <optional>

namespace holdfast::tools {
namespace {

struct trace_words {
  std::string name;
  std::uint64_t max = 0;
  std::uint64_t rate = 0;
  std::string time = "1m";
  bool bodies = false;
};

constexpr std::chrono::hours time_max{1};

std::string span_of(const value& message, std::string_view name) {
  return std::to_string(message.integer_at(name)) + " us";
}

void show(const value& message, session& told) {
  if (told.json())
    return told.document("trace", *message.as<object>());
  const auto* failed = message.find("failed")->as<bool>();
  const auto from = message.text_at("from");
  auto line = message.text_at("time") + "  " + message.text_at("kind")
              + (from.empty() ? "" : "  from " + from) + "  waited " + span_of(message, "waited_us")
              + "  took " + span_of(message, "took_us");
  if (failed != nullptr && *failed)
    line += "  FAILED, incarnation " + std::to_string(message.integer_at("incarnation"));
  if (message.find("body") != nullptr)
    line += "  " + message.text_at("body");
  told.line(printable(line));
}

/// Why it is over, for a person; or the fault that ended it.
result<std::string> ending_of(const std::string& reason, const trace_words& typed) {
  if (reason == "all_told")
    return "Those were " + std::to_string(typed.max) + " messages (--max).";
  if (reason == "too_fast")
    return "Tripped: more than " + std::to_string(typed.rate) + " messages in a second (--rate).";
  if (reason == "gone")
    return fault{fault_code::not_found, "the actor is no more", "`holdfast actors` shows who is."};
  return fault{fault_code::unreachable, "the daemon has stopped", ""};
}

/// One trace: its limits, and how it ended.
class tracing {
public:
  tracing(const trace_words& typed, std::chrono::milliseconds within, session& told)
      : typed_{typed}, until_{os::steady_now() + within}, told_{told} {}

  /// Whether there is more to come.
  bool hear(std::string_view bytes) {
    cut_.feed(bytes, [this](const upstream::sent_event& one) {
      const auto data = json::parse(one.data);
      if (!data)
        ended_ = data.error();
      else if (one.name == "end")
        end(data->text_at("reason"));
      else
        show(*data, told_);
    });
    std::fflush(stdout);
    if (!ended_ && os::steady_now() >= until_)
      ended_ = "The time is up (--for " + typed_.time + ").";
    return !ended_ && !interrupted() && std::ferror(stdout) == 0;
  }

  const std::optional<result<std::string>>& ended() const { return ended_; }

private:
  void end(const std::string& reason) {
    if (told_.json())
      told_.document("trace", {{"end", reason}});
    ended_ = ending_of(reason, typed_);
  }

  const trace_words& typed_;
  const instant until_;
  session& told_;
  upstream::event_stream cut_;
  std::optional<result<std::string>> ended_;
};

result<exit_code> trace(const trace_words& typed, session& told) {
  const auto within = parse_duration(typed.time);
  if (!within || within->count() <= 0 || *within > time_max)
    return fault{fault_code::invalid, "--for: \"" + typed.time + "\" is no time up to an hour",
                 "Write it like 30s or 5m."};
  const auto at = find_place(told);
  if (!at)
    return at.error();
  if (!daemon_answers(*at))
    return fault{fault_code::unreachable, "no daemon answers, and only what runs can be traced",
                 "`holdfast inspect " + typed.name + "` shows what the journal knows."};
  ask_before_interrupt("\n");
  const upstream::door_client client{{.socket = at->socket}};
  tracing mine{typed, *within, told};
  const auto answered = client.listen(
      "/v1/actors/" + upstream::percent(typed.name) + "/trace?max=" + std::to_string(typed.max)
          + "&rate=" + std::to_string(typed.rate) + (typed.bodies ? "&bodies" : ""),
      {}, std::chrono::duration_cast<std::chrono::seconds>(*within) + std::chrono::seconds{5},
      [&](std::string_view bytes) { return mine.hear(bytes); });
  if (answered && answered->status >= 400)
    return upstream::value_of(*answered).error();
  if (interrupted())
    return exit_code::interrupted;
  if (!mine.ended())
    return answered ? fault{fault_code::unreachable, "the daemon has stopped", ""}
                    : answered.error();
  if (!*mine.ended())
    return mine.ended()->error();
  told.note(**mine.ended());
  return exit_code::done;
}

} // namespace

command_spec trace_spec() {
  auto typed = std::make_shared<trace_words>();
  return {
      .name = "trace",
      .brief = "Shows each message that an actor handles: from whom, how long it waited and took.",
      .details = "Only of a running daemon, and only what comes through the actor's address. Both\n"
                 "limits must be said, so that looking never becomes the trouble; it ends with\n"
                 "whichever is reached first, and with this command. One trace of an actor at a\n"
                 "time. Bodies are shown on request, without the secrets that the log would hide.\n"
                 "For example: holdfast trace journal --max 100 --rate 10\n",
      .options = {{"NAME", "", "The actor, or the last word of its name.", &typed->name, true},
                  {"--max", "N", "So many messages, at most 1,000; then it is over.", &typed->max,
                   true},
                  {"--rate", "R", "More than R in a second, at most 1,000, and it is over.",
                   &typed->rate, true},
                  {"--for", "TIME", "So long, at most an hour; 1m.", &typed->time},
                  {"--bodies", "", "What the messages say, too; 2,000 bytes of each.",
                   &typed->bodies}},
      .run = [typed](session& told) { return trace(*typed, told); }};
}

} // namespace holdfast::tools
