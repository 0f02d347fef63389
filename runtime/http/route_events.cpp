// SPDX-License-Identifier: Apache-2.0
// Reading events: pages as JSON or lines, single records, the head, a consumer's next events.
#include "runtime/http/field_filter.hpp"
#include "runtime/http/routes.hpp"
#include "runtime/json.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::http {

namespace {

constexpr std::size_t page_bytes_max = 8U << 20U; ///< A page ends early beyond it.
constexpr std::size_t records_at_once = 256;
constexpr std::size_t filters_max = 16;

/// Records as text: the members of a JSON array, or lines.
struct page_text {
  std::string text;
  sequence next;
  sequence head;
};

void print_record(const recorded_event& record, bool proof, std::string& out) {
  json::print_line(record, out);
  if (!proof)
    return;
  out.pop_back();
  out +=
      ",\"content\":\"" + to_hex(record.content) + "\",\"chain\":\"" + to_hex(record.chain) + "\"}";
}

/// Reads in small pieces, so that large events make a short page and not a large one.
result<page_text> print_page(const persistence::reader& reader, event_query wanted, bool lines,
                             bool proof) {
  page_text made;
  auto left = wanted.limit;
  auto scans = wanted.scan_limit;
  do {
    wanted.limit = std::min(left, records_at_once);
    wanted.scan_limit = scans;
    auto page = reader.events(wanted);
    if (!page)
      return page.error();
    for (const auto& record : page->events) {
      if (!lines && !made.text.empty())
        made.text += ',';
      print_record(record, proof, made.text);
      if (lines)
        made.text += '\n';
    }
    left -= std::min(left, page->events.size());
    scans -= std::min<std::size_t>(scans, page->next - wanted.from);
    made.next = page->next;
    made.head = page->head;
    if (page->next <= wanted.from)
      break;
    wanted.from = page->next;
  } while (left > 0 && scans > 0 && made.text.size() < page_bytes_max && made.next <= made.head
           && (!wanted.to || made.next <= *wanted.to));
  return made;
}

/// Every `field.PATH=VALUE` of the query, as one condition; empty where there is none.
result<std::function<bool(const recorded_event&)>> fields_of(const request& asked) {
  constexpr std::string_view front = "field.";
  fields_hold all;
  for (auto at = asked.query.lower_bound(front);
       at != asked.query.end() && at->first.starts_with(front); ++at) {
    if (all.filters.size() == filters_max)
      return fault{fault_code::invalid,
                   "more than " + std::to_string(filters_max) + " conditions on fields", ""};
    auto one = field_filter::of_query(std::string_view{at->first}.substr(front.size()), at->second);
    if (!one)
      return one.error();
    all.filters.push_back(*std::move(one));
  }
  std::function<bool(const recorded_event&)> where;
  if (!all.filters.empty())
    where = std::move(all);
  return where;
}

result<event_query> query_of(const request& asked, std::uint64_t usual_limit) {
  event_query wanted;
  auto from = number_in(asked, "from", 1);
  auto to = number_in(asked, "to", UINT64_MAX);
  auto limit = number_in(asked, "limit", usual_limit, 10000);
  auto since = time_in(asked, "since");
  auto until = time_in(asked, "until");
  auto where = fields_of(asked);
  for (const auto* problem : {from ? nullptr : &from.error(), to ? nullptr : &to.error(),
                              limit ? nullptr : &limit.error(), since ? nullptr : &since.error(),
                              until ? nullptr : &until.error(), where ? nullptr : &where.error()})
    if (problem != nullptr)
      return *problem;
  wanted.from = sequence{std::max<std::uint64_t>(1, *from)};
  if (asked.query.contains("to"))
    wanted.to = sequence{*to};
  wanted.limit = std::max<std::uint64_t>(1, *limit);
  wanted.since = *since;
  wanted.until = *until;
  wanted.where = *std::move(where);
  const auto text = [&](std::string_view name) {
    const auto found = asked.query.find(name);
    return found == asked.query.end() ? std::string{} : found->second;
  };
  wanted.stream = text("stream");
  wanted.type = text("type");
  wanted.internal = text("internal") == "true" || text("internal") == "1";
  return wanted;
}

response page_response(const call& now, const persistence::reader& reader,
                       const event_query& wanted, object extra) {
  const bool lines = now.asked.accepts("application/x-ndjson");
  const auto proof = now.asked.query.find("proof");
  auto page =
      print_page(reader, wanted, lines, proof != now.asked.query.end() && proof->second == "1");
  if (!page)
    return refusal(page.error());
  response made;
  if (lines) {
    made.media_type = "application/x-ndjson";
    made.body = std::move(page->text);
    made.headers = {{"Holdfast-Next", std::to_string(page->next.value)},
                    {"Holdfast-Head", std::to_string(page->head.value)}};
    return made;
  }
  extra["next"] = page->next.value;
  extra["head"] = page->head.value;
  made.body = json::print(value{std::move(extra)});
  made.body.pop_back();
  made.body += ",\"events\":[" + page->text + "]}\n";
  return made;
}

} // namespace

result<std::optional<wall_time>> time_in(const request& asked, std::string_view name) {
  const auto found = asked.query.find(name);
  if (found == asked.query.end())
    return std::optional<wall_time>{};
  auto read = json::parse_time(found->second);
  if (!read)
    return fault{fault_code::invalid, "`" + std::string{name} + "`: " + read.error().what,
                 read.error().help};
  return std::optional<wall_time>{*read};
}

void get_events(call now, answer take) {
  reading(now, take, [&](const persistence::reader& reader) {
    const auto wanted = query_of(now.asked, 100);
    return wanted ? page_response(now, reader, *wanted, {}) : refusal(wanted.error());
  });
}

void get_event(call now, answer take) {
  reading(now, take, [&](const persistence::reader& reader) {
    now.asked.query["at"] = now.names.at(0);
    const auto at = number_in(now.asked, "at", 0);
    if (!at)
      return refusal({fault_code::invalid, "an event is named by its sequence, a number", ""});
    const auto record = reader.record(sequence{*at});
    if (!record)
      return refusal(record.error());
    response made;
    print_record(*record, now.asked.query.contains("proof"), made.body);
    made.body += '\n';
    return made;
  });
}

void get_follow(call now, answer take) {
  for (const auto* name : {"to", "limit", "until"})
    if (now.asked.query.contains(name))
      return take(refusal({fault_code::invalid,
                           "`" + std::string{name} + "` has no meaning for what has no end",
                           "GET /v1/events answers pages"}));
  auto wanted = query_of(now.asked, 1);
  if (!wanted)
    return take(refusal(wanted.error()));
  const auto last_id = now.asked.header("last-event-id");
  if (!last_id.empty()) {
    // A client that comes back says how far it got; its address still says where it began.
    now.asked.query["Last-Event-ID"] = last_id;
    const auto seen = number_in(now.asked, "Last-Event-ID", 0, UINT64_MAX - 1);
    if (!seen)
      return take(refusal(seen.error()));
    wanted->from = sequence{*seen + 1};
  } else if (!now.asked.query.contains("from")) {
    const auto reader = now.behind.read();
    const auto head = reader ? reader->head()
                             : fault{fault_code::busy, "the store is being reopened", "try again"};
    if (!head)
      return take(refusal(head.error()));
    wanted->from = head->last + 1;
  }
  response made;
  made.media_type = "text/event-stream";
  made.stream = now.followers.follow(*std::move(wanted), !last_id.empty());
  take(std::move(made));
}

void get_head(call now, answer take) {
  reading(now, take, [&](const persistence::reader& reader) {
    const auto head = reader.head();
    const auto time = time_in(now.asked, "time");
    if (!head)
      return refusal(head.error());
    if (!time)
      return refusal(time.error());
    object body{{"last", head->last.value},
                {"chain", to_hex(head->chain)},
                {"floor", head->floor.value},
                {"events", head->events},
                {"duplicates", head->duplicates}};
    if (*time) {
      const auto at = reader.at_time(**time);
      if (!at)
        return refusal(at.error());
      body["at"] = at->value;
    }
    return ok(body);
  });
}

void get_next(call now, answer take) {
  reading(now, take, [&](const persistence::reader& reader) {
    auto wanted = query_of(now.asked, 100);
    if (!wanted)
      return refusal(wanted.error());
    const auto place = reader.consumer(now.names.at(0));
    if (!place && place.error().code != fault_code::not_found)
      return refusal(place.error());
    const auto position = place ? place->position : sequence{};
    wanted->from = position + 1;
    return page_response(now, reader, *wanted,
                         {{"consumer", now.names.at(0)}, {"position", position.value}});
  });
}

} // namespace holdfast::http
