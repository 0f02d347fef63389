// SPDX-License-Identifier: Apache-2.0
// Which events a person asks for, and the walk through the pages that hold them.
#include "tools/event_choice.hpp"

#include "runtime/http/field_filter.hpp"
#include "tools/interrupt.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace holdfast::tools {
namespace {

constexpr std::size_t page_max = 10'000;
constexpr std::size_t scan_max = 100'000;

std::string url_encoded(std::string_view text) {
  std::string out;
  for (const char one : text) {
    const auto byte = static_cast<unsigned char>(one);
    const bool kept = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z')
                      || (byte >= 'A' && byte <= 'Z')
                      || std::string_view{"-._~*:"}.find(one) != std::string_view::npos;
    char escaped[4];
    std::snprintf(escaped, sizeof escaped, "%%%02X", byte);
    out += kept ? std::string{one} : std::string{escaped};
  }
  return out;
}

} // namespace

std::vector<option_spec> event_specs(event_words& into, const std::string& limit_help) {
  return {
      {"FILTER", "", "Conditions on the body, as in model=gpt-4o 'latency_ms>=1000' error~timeout.",
       &into.filters},
      {"--stream", "NAME", "Only this stream; a prefix where it ends in *.", &into.stream},
      {"--type", "NAME", "Only this type.", &into.type},
      {"--since", "TIME", "Recorded at or after, e.g. yesterday, 10m (holdfast help times).",
       &into.since},
      {"--until", "TIME", "Recorded before.", &into.until},
      {"--from", "SEQ", "From this sequence number on.", &into.from},
      {"--to", "SEQ", "Up to and including this sequence number.", &into.to},
      {"--limit", "N", limit_help, &into.limit},
      {"--internal", "", "Also Holdfast's own records (streams that begin with $).",
       &into.internal},
  };
}

result<sequence> parse_sequence(std::string_view option, std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || problem != std::errc{} || end != text.data() + text.size())
    return fault{fault_code::invalid,
                 std::string{option} + ": \"" + std::string{text} + "\" is no sequence number",
                 "A sequence number is a whole number from 1."};
  return sequence{number};
}

result<event_choice> understand(const event_words& typed, const session& told) {
  event_choice chosen;
  chosen.limit = typed.limit;
  chosen.query.stream = typed.stream;
  chosen.query.type = typed.type;
  chosen.query.internal = typed.internal || typed.stream.starts_with('$');
  chosen.query.scan_limit = scan_max;
  if (!typed.since.empty()) {
    const auto since = told.parse_time_option("--since", typed.since);
    if (!since)
      return since.error();
    chosen.query.since = *since;
  }
  if (!typed.until.empty()) {
    const auto until = told.parse_time_option("--until", typed.until);
    if (!until)
      return until.error();
    chosen.query.until = *until;
  }
  if (chosen.query.since && chosen.query.until && *chosen.query.until < *chosen.query.since)
    return fault{fault_code::invalid, "--until is before --since",
                 "Did you mean the two the other way round?"};
  if (!typed.from.empty()) {
    const auto from = parse_sequence("--from", typed.from);
    if (!from)
      return from.error();
    chosen.query.from = std::max(*from, sequence{1});
  }
  if (!typed.to.empty()) {
    const auto to = parse_sequence("--to", typed.to);
    if (!to)
      return to.error();
    chosen.query.to = *to;
  }
  http::fields_hold all;
  for (const auto& text : typed.filters) {
    auto parsed = http::field_filter::parse(text);
    if (!parsed)
      return parsed.error();
    all.filters.push_back(*std::move(parsed));
  }
  if (!all.filters.empty())
    chosen.query.where = std::move(all);
  return chosen;
}

std::string api_call(const event_query& query) {
  std::string call = "GET /v1/events?from=" + std::to_string(query.from.value);
  const auto add = [&](std::string_view name, const std::string& text) {
    call += "&" + url_encoded(name) + "=" + url_encoded(text);
  };
  if (query.to)
    add("to", std::to_string(query.to->value));
  if (!query.stream.empty())
    add("stream", query.stream);
  if (!query.type.empty())
    add("type", query.type);
  if (query.since)
    add("since", format_iso(*query.since));
  if (query.until)
    add("until", format_iso(*query.until));
  if (query.internal)
    add("internal", "true");
  bool here = false;
  if (const auto* fields = query.where.target<http::fields_hold>())
    for (const auto& one : fields->filters) {
      const auto named = one.as_query();
      here = here || !named;
      if (named)
        add(named->first, named->second);
    }
  add("limit", std::to_string(query.limit));
  return call + (here ? "   (expressions are applied here)" : "");
}

result<sequence> each_event(const persistence::reader& from, const event_choice& chosen,
                            const std::function<bool(const recorded_event&)>& take) {
  auto query = chosen.query;
  std::uint64_t taken = 0;
  while (!interrupted()) {
    query.limit = page_max;
    if (chosen.limit != 0)
      query.limit =
          static_cast<std::size_t>(std::min<std::uint64_t>(page_max, chosen.limit - taken));
    const auto page = from.events(query);
    if (!page)
      return page.error();
    for (const auto& one : page->events)
      if (!take(one) || (++taken == chosen.limit && chosen.limit != 0))
        return one.at + 1;
    const bool over = page->next > page->head || (query.to && page->next > *query.to);
    if (over || page->next <= query.from)
      return std::max(page->next, query.from);
    query.from = page->next;
  }
  return query.from;
}

result<std::vector<recorded_event>> last_events(const persistence::reader& from,
                                                const event_choice& chosen, std::uint64_t count,
                                                sequence& next) {
  const auto head = from.head();
  if (!head)
    return head.error();
  auto end = chosen.query.to ? std::min(*chosen.query.to, head->last) : head->last;
  next = end + 1;
  const auto floor = std::max(chosen.query.from, head->floor + 1);
  std::vector<recorded_event> found;
  std::uint64_t window = std::max<std::uint64_t>(256, 2 * count);
  while (end >= floor && found.size() < count && !interrupted()) {
    auto part = chosen;
    part.limit = 0;
    part.query.from = sequence{end - floor >= window ? end.value - window + 1 : floor.value};
    part.query.to = end;
    std::vector<recorded_event> earlier;
    const auto read = each_event(from, part, [&](const recorded_event& one) {
      earlier.push_back(one);
      return true;
    });
    if (!read)
      return read.error();
    if (found.size() + earlier.size() > count)
      earlier.erase(earlier.begin(),
                    earlier.end() - static_cast<std::ptrdiff_t>(count - found.size()));
    earlier.insert(earlier.end(), std::make_move_iterator(found.begin()),
                   std::make_move_iterator(found.end()));
    found = std::move(earlier);
    end = sequence{part.query.from.value - 1};
    window = std::min<std::uint64_t>(window * 4, 100'000);
  }
  return found;
}

} // namespace holdfast::tools
