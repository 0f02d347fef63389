// SPDX-License-Identifier: Apache-2.0
// Actors: who there is, how each is and why, and a person's orders to them.
#include "runtime/http/actor_trace.hpp"
#include "runtime/http/route_parts.hpp"
#include "runtime/http/routes.hpp"
#include "runtime/inspection/explain.hpp"
#include "runtime/inspection/show.hpp"
#include "runtime/json.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace holdfast::http {

namespace {

constexpr std::uint64_t history_usual = 20;

/// What is known, with its history where the journal can be read now.
inspection::findings known(const call& now) {
  auto found = now.behind.look();
  if (const auto reader = now.behind.read())
    inspection::add_history(found, *reader);
  else
    found.past_problem = "the store is being reopened";
  return found;
}

result<inspection::actor_choice> choice_of(const request& asked) {
  inspection::actor_choice made;
  if (const auto name = asked.query.find("name"); name != asked.query.end())
    made.name = name->second;
  const auto states = asked.query.find("state");
  if (states == asked.query.end())
    return made;
  made.states = parted(states->second);
  const auto all = inspection::known_states();
  for (const auto& one : made.states)
    if (std::ranges::find(all, one) == all.end()) {
      std::string help = "there are: ";
      for (const auto& state : all)
        help += (&state == all.data() ? "" : ", ") + state;
      return fault{fault_code::invalid, "`state` has no \"" + one.substr(0, 100) + "\"", help};
    }
  return made;
}

void order(call now, const answer& take, actor_order what) {
  const auto body = body_of(now, {"reason"}, "send {\"reason\":TEXT}");
  if (!body)
    return take(refusal(body.error()));
  auto reason = need_reason(*body);
  if (!reason)
    return take(refusal(reason.error()));
  object said{{"reason", *reason}};
  const auto found = now.behind.look();
  const auto one = inspection::find_actor(found, now.names.at(0));
  if (!one)
    return take(noting(std::move(said), refusal(one.error())));
  const auto done = now.behind.order(
      {what, (*one)->supervisor, (*one)->name, *std::move(reason), now.asked.from.print()});
  if (!done)
    return take(noting(std::move(said), refusal(done.error())));
  take(noting(std::move(said), ok(object{{"name", (*one)->name},
                                         {"order", to_string(what)},
                                         {"incarnation", done->incarnation}})));
}

} // namespace

void get_actors(call now, answer take) {
  const auto chosen = choice_of(now.asked);
  take(chosen ? ok(inspection::show_actors(now.behind.look(), *chosen)) : refusal(chosen.error()));
}

/// `history`: so many lines of its life.
void get_actor(call now, answer take) {
  const auto lines = number_in(now.asked, "history", history_usual, inspection::lines_max);
  if (!lines)
    return take(refusal(lines.error()));
  const auto found = known(now);
  const auto one = inspection::find_actor(found, now.names.at(0));
  if (!one)
    return take(refusal(one.error()));
  std::optional<checkpoint> kept;
  if (const auto reader = now.behind.read())
    if (auto newest =
            reader->newest_checkpoint(inspection::owner_of(**one), sequence{UINT64_MAX}, nullptr))
      kept = *std::move(newest);
  take(ok(inspection::show_actor(found, **one, kept, *lines)));
}

void get_why(call now, answer take) {
  const auto found = known(now);
  const auto one = inspection::find_actor(found, now.names.at(0));
  take(one ? ok(inspection::show_why(found, **one)) : refusal(one.error()));
}

/// `max` and `rate` must be said; with `bodies` it says what the messages say, too.
void get_trace(call now, answer take) {
  addressing::trace_limits limits;
  const auto limit = [&](std::string_view name, std::uint32_t most,
                         std::uint32_t& into) -> result<void> {
    const auto number = number_in(now.asked, name, 0, most);
    if (!number)
      return number.error();
    if (*number == 0)
      return fault{fault_code::invalid, "`" + std::string{name} + "` must be said, and be above 0",
                   "a trace needs both of its limits: ?max=100&rate=10"};
    into = static_cast<std::uint32_t>(*number);
    return {};
  };
  auto fine = limit("max", addressing::trace_messages_max, limits.messages);
  if (fine)
    fine = limit("rate", addressing::trace_rate_max, limits.per_second);
  if (!fine)
    return take(refusal(fine.error()));
  limits.bodies = now.asked.query.contains("bodies");
  const auto found = now.behind.look();
  const auto one = inspection::find_actor(found, now.names.at(0));
  if (!one)
    return take(refusal(one.error()));
  auto begun = begin_trace(now.behind, (*one)->name, limits);
  if (!begun)
    return take(refusal(begun.error()));
  response made;
  made.media_type = "text/event-stream";
  made.stream = *std::move(begun);
  take(std::move(made));
}

void post_restart(call now, answer take) {
  order(std::move(now), take, actor_order::restart);
}

void post_stop(call now, answer take) {
  order(std::move(now), take, actor_order::stop);
}

} // namespace holdfast::http
