// SPDX-License-Identifier: Apache-2.0
// The history of supervision as records of the journal.
#include "runtime/supervision_records.hpp"

#include "runtime/json.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace holdfast {

namespace {

using std::chrono::milliseconds;

constexpr std::string_view ended_type = "ended";
constexpr std::string_view ordered_type = "ordered";
constexpr std::string_view dropped_type = "dropped";
constexpr std::size_t page_max = 1000;

/// As a record can hold it: an exception's text may be of any length, and no text at all.
std::string clean(std::string_view text) {
  std::string made;
  text = text.substr(0, supervision_text_max);
  while (!text.empty()) {
    const auto good = json::utf8_prefix(text);
    made += text.substr(0, good);
    text.remove_prefix(good);
    if (!text.empty()) {
      made += '?';
      text.remove_prefix(1);
    }
  }
  return made;
}

void put(object& into, const char* name, std::string_view text) {
  if (!text.empty())
    into.emplace(name, clean(text));
}

void put(object& into, const char* name, std::uint64_t number) {
  if (number != 0)
    into.emplace(name, number);
}

void put(object& into, const char* name, milliseconds span) {
  if (span.count() != 0)
    into.emplace(name, span.count());
}

std::uint64_t count_at(const value& of, std::string_view name) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(of.integer_at(name), 0));
}

milliseconds span_at(const value& of, std::string_view name) {
  return milliseconds{of.integer_at(name)};
}

ending ending_named(const value& of) {
  for (const auto how : {ending::shutdown, ending::killed, ending::crashed})
    if (to_string(how) == of.text_at("how"))
      return how;
  return ending::normal;
}

constexpr std::array outcomes{std::pair{supervision_outcome::stopped, "stopped"},
                              std::pair{supervision_outcome::gave_up, "gave_up"},
                              std::pair{supervision_outcome::undone, "undone"},
                              std::pair{supervision_outcome::ended_itself, "ended_itself"}};

object body_of(const supervision_event& one) {
  object made;
  put(made, "supervisor", one.supervisor);
  put(made, "child", one.child);
  put(made, "incarnation", one.incarnation);
  if (one.how != ending::normal)
    put(made, "how", to_string(one.how));
  put(made, "cause", one.text);
  put(made, "pause_ms", one.pause);
  put(made, "failures", one.failures);
  put(made, "last_message", one.last_message);
  return made;
}

object body_of(const supervisor_ended& one) {
  object made;
  put(made, "supervisor", one.supervisor);
  for (const auto& [outcome, name] : outcomes)
    if (outcome == one.how.outcome)
      put(made, "outcome", name);
  put(made, "cause", one.how.text);
  array causes;
  for (const auto& link : one.how.causes) {
    object told;
    put(told, "supervisor", link.supervisor);
    put(told, "child", link.child);
    put(told, "incarnation", link.incarnation);
    put(told, "cause", link.text);
    put(told, "how", to_string(link.how));
    put(told, "last_message", link.last_message);
    array earlier;
    for (const auto& text : link.earlier)
      earlier.emplace_back(clean(text));
    if (!earlier.empty())
      told.emplace("earlier", std::move(earlier));
    causes.emplace_back(std::move(told));
  }
  if (!causes.empty())
    made.emplace("causes", std::move(causes));
  array stayed;
  for (const auto& who : one.how.stayed) {
    object told;
    put(told, "supervisor", who.supervisor);
    put(told, "child", who.child);
    put(told, "incarnation", who.incarnation);
    put(told, "message", who.message);
    put(told, "handling_ms", who.handling);
    put(told, "leaving_ms", who.leaving);
    stayed.emplace_back(std::move(told));
  }
  if (!stayed.empty())
    made.emplace("stayed", std::move(stayed));
  return made;
}

object body_of(const actor_ordered& one) {
  object made;
  put(made, "what", to_string(one.what));
  put(made, "supervisor", one.supervisor);
  put(made, "child", one.child);
  put(made, "reason", one.reason);
  put(made, "who", one.who);
  return made;
}

object body_of(const history_gap& one) {
  return {{"count", one.count}, {"from", one.from}, {"to", one.to}};
}

std::string type_of(const supervision_fate& what) {
  struct names {
    std::string_view operator()(const supervision_event& one) const { return to_string(one.what); }
    std::string_view operator()(const supervisor_ended&) const { return ended_type; }
    std::string_view operator()(const actor_ordered&) const { return ordered_type; }
    std::string_view operator()(const history_gap&) const { return dropped_type; }
  };
  return std::string{std::visit(names{}, what)};
}

supervision_event event_from(supervision_fact what, const value& body) {
  supervision_event made;
  made.what = what;
  made.supervisor = body.text_at("supervisor");
  made.child = body.text_at("child");
  made.incarnation = count_at(body, "incarnation");
  made.how = ending_named(body);
  made.text = body.text_at("cause");
  made.pause = span_at(body, "pause_ms");
  made.failures = static_cast<std::uint32_t>(count_at(body, "failures"));
  made.last_message = body.text_at("last_message");
  return made;
}

supervisor_ended ended_from(const value& body) {
  supervisor_ended made{body.text_at("supervisor"), {}};
  made.how.text = body.text_at("cause");
  for (const auto& [outcome, name] : outcomes)
    if (body.text_at("outcome") == name)
      made.how.outcome = outcome;
  if (const auto* causes = body.find("causes"); causes != nullptr && causes->as<array>() != nullptr)
    for (const auto& told : *causes->as<array>()) {
      cause link{told.text_at("supervisor"), told.text_at("child"), count_at(told, "incarnation"),
                 told.text_at("cause"),      ending_named(told),    told.text_at("last_message")};
      if (const auto* earlier = told.find("earlier");
          earlier != nullptr && earlier->as<array>() != nullptr)
        for (const auto& text : *earlier->as<array>())
          if (const auto* said = text.as<std::string>())
            link.earlier.push_back(*said);
      made.how.causes.push_back(std::move(link));
    }
  if (const auto* stayed = body.find("stayed"); stayed != nullptr && stayed->as<array>() != nullptr)
    for (const auto& told : *stayed->as<array>())
      made.how.stayed.push_back({told.text_at("supervisor"), told.text_at("child"),
                                 count_at(told, "incarnation"), child_type::worker,
                                 told.text_at("message"), span_at(told, "handling_ms"),
                                 span_at(told, "leaving_ms")});
  return made;
}

result<supervision_fate> fate_from(const recorded_event& record) {
  const auto& body = record.body;
  if (record.type == ended_type)
    return supervision_fate{ended_from(body)};
  if (record.type == ordered_type)
    return supervision_fate{actor_ordered{body.text_at("what") == to_string(actor_order::stop)
                                              ? actor_order::stop
                                              : actor_order::restart,
                                          body.text_at("supervisor"), body.text_at("child"),
                                          body.text_at("reason"), body.text_at("who")}};
  if (record.type == dropped_type)
    return supervision_fate{
        history_gap{count_at(body, "count"), count_at(body, "from"), count_at(body, "to")}};
  for (std::uint8_t number = 1; to_string(supervision_fact{number}) != "unknown"; ++number)
    if (record.type == to_string(supervision_fact{number}))
      return supervision_fate{event_from(supervision_fact{number}, body)};
  return fault{fault_code::unsupported,
               "record " + std::to_string(record.at.value) + " has the type " + record.type
                   + ", which this program does not know",
               "use the program version that wrote it"};
}

} // namespace

persistence::draft to_draft(const supervision_record& record) {
  auto body = std::visit([](const auto& what) { return body_of(what); }, record.what);
  body.emplace("run", record.run.number);
  put(body, "after", record.run.after.value);
  put(body, "number", record.number);
  body.emplace("ticks_us", std::chrono::duration_cast<std::chrono::microseconds>(
                               record.ticks.time_since_epoch())
                               .count());
  put(body, "boot", record.run.boot);
  return persistence::make_supervision(type_of(record.what), value{std::move(body)}, record.at);
}

result<supervision_record> supervision_from(const recorded_event& record) {
  auto what = fate_from(record);
  if (!what)
    return what.error();
  supervision_record made;
  made.run = {count_at(record.body, "run"), sequence{count_at(record.body, "after")},
              record.body.text_at("boot")};
  made.number = count_at(record.body, "number");
  made.at = record.time;
  made.ticks = instant{std::chrono::microseconds{record.body.integer_at("ticks_us")}};
  made.what = *std::move(what);
  if (auto* event = std::get_if<supervision_event>(&made.what))
    event->at = made.ticks;
  return made;
}

result<void>
each_supervision(const persistence::reader& from, sequence first,
                 const std::function<void(const supervision_record&, sequence)>& take) {
  event_query query;
  query.from = first;
  query.stream = persistence::supervision_stream;
  query.internal = true;
  query.limit = page_max;
  std::uint64_t run = 0;
  std::uint64_t number = 0;
  for (;;) {
    const auto page = from.events(query);
    if (!page)
      return page.error();
    for (const auto& one : page->events) {
      const auto record = supervision_from(one);
      if (!record)
        continue;
      const bool again =
          record->number != 0 && record->run.number == run && record->number <= number;
      if (again)
        continue;
      if (record->number != 0) {
        run = record->run.number;
        number = record->number;
      }
      take(*record, one.at);
    }
    if (page->next > page->head || page->next <= query.from)
      return {};
    query.from = page->next;
  }
}

result<sequence> supervision_since(const persistence::reader& from, wall_time now,
                                   std::chrono::hours window) {
  const auto head = from.head();
  if (!head)
    return head.error();
  if (head->last.value == 0)
    return sequence{1};
  if (const auto newest = from.record(head->last))
    now = std::min(now, newest->recorded);
  return from.at_time({now.us - std::chrono::microseconds{window}.count()});
}

wall_time counted_at(const supervision_record& record, const moment_now& now) {
  if (record.run.boot.empty() || record.run.boot != now.boot)
    return record.at;
  const auto ago = std::chrono::duration_cast<std::chrono::microseconds>(now.ticks - record.ticks);
  return std::max(record.at, wall_time{now.wall.us - ago.count()});
}

result<supervisor::history> recall_history(const persistence::reader& from, const moment_now& now) {
  const auto first = supervision_since(from, now.wall);
  if (!first)
    return first.error();
  supervisor::history made;
  const auto read = each_supervision(from, *first, [&](const supervision_record& record, sequence) {
    if (const auto* event = std::get_if<supervision_event>(&record.what))
      made.apply(*event, counted_at(record, now));
  });
  if (!read)
    return read.error();
  return made;
}

} // namespace holdfast
