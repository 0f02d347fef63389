// SPDX-License-Identifier: Apache-2.0
// Each question of a reader as one request, or as pages of them.
#include "runtime/upstream/door_reader.hpp"

#include "persistence/canonical.hpp"
#include "persistence/record.hpp"
#include "runtime/http/field_filter.hpp"
#include "runtime/json.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::upstream {

namespace {

using persistence::journal_head;
using persistence::record_view;

constexpr std::size_t page_max = 10000;

std::uint64_t number_at(const value& from, std::string_view name) {
  const auto* found = from.find(name);
  if (found == nullptr)
    return 0;
  if (const auto* large = found->as<std::uint64_t>())
    return *large;
  const auto* small = found->as<std::int64_t>();
  return small == nullptr || *small < 0 ? 0 : static_cast<std::uint64_t>(*small);
}

/// Every item of the member `name`, made into messages by `read`.
template <class Message>
result<std::vector<Message>> all_of(const result<value>& told, std::string_view name,
                                    result<Message> (*read)(const value&)) {
  if (!told)
    return told.error();
  const auto* member = told->find(name);
  const auto* items = member == nullptr ? nullptr : member->as<array>();
  if (items == nullptr)
    return fault{fault_code::undone, "the daemon's answer has no " + std::string{name}, ""};
  std::vector<Message> all;
  for (const auto& one : *items) {
    auto made = read(one);
    if (!made)
      return made.error();
    all.push_back(*std::move(made));
  }
  return all;
}

/// Whether the daemon can ask all of `where`.
bool is_asked_there(const event_query& wanted) {
  const auto* fields = wanted.where.target<http::fields_hold>();
  return !wanted.where
         || (fields != nullptr
             && std::all_of(fields->filters.begin(), fields->filters.end(),
                            [](const auto& one) { return one.as_query().has_value(); }));
}

std::string query_of(const event_query& wanted) {
  auto text = "?from=" + std::to_string(wanted.from.value) + "&limit="
              + std::to_string(std::clamp<std::size_t>(wanted.limit, 1, page_max)) + "&proof=1";
  if (wanted.to)
    text += "&to=" + std::to_string(wanted.to->value);
  if (wanted.until)
    text += "&until=" + percent(json::print_time(*wanted.until));
  return text + choice_of(wanted);
}

class door_reader final : public persistence::reader {
public:
  explicit door_reader(std::shared_ptr<const door_client> client) : client_{std::move(client)} {}

  result<journal_head> head() const override {
    const auto told = client_->get_value("/v1/head");
    if (!told)
      return told.error();
    journal_head made;
    made.last = sequence{number_at(*told, "last")};
    made.floor = sequence{number_at(*told, "floor")};
    made.events = number_at(*told, "events");
    made.duplicates = number_at(*told, "duplicates");
    if (const auto raw = json::from_hex(told->text_at("chain"));
        raw && raw->size() == made.chain.size())
      std::copy(raw->begin(), raw->end(), made.chain.begin());
    return made;
  }

  result<recorded_event> record(sequence at) const override {
    const auto told = client_->get_value("/v1/events/" + std::to_string(at.value) + "?proof=1");
    return told ? json::record_from(*told) : result<recorded_event>{told.error()};
  }

  result<event_page> events(const event_query& query) const override {
    auto wanted = query;
    if (!is_asked_there(query))
      wanted.limit = page_max; // few of them may be left
    const auto told = client_->get_value("/v1/events" + query_of(wanted));
    auto records = all_of(told, "events", json::record_from);
    if (!records)
      return records.error();
    event_page page{*std::move(records), sequence{number_at(*told, "next")},
                    sequence{number_at(*told, "head")}};
    if (query.where)
      std::erase_if(page.events, [&](const auto& one) { return !query.where(one); });
    if (page.events.size() > query.limit) {
      page.next = page.events[query.limit].at;
      page.events.resize(query.limit);
    }
    return page;
  }

  result<void> scan(sequence from, sequence to,
                    const std::function<bool(const recorded_event&)>& take) const override {
    while (from <= to) {
      const auto page = events({.from = from, .to = to, .internal = true, .limit = 2000});
      if (!page)
        return page.error();
      for (const auto& one : page->events)
        if (!take(one))
          return {};
      if (page->next <= from || page->next > page->head)
        return {};
      from = page->next;
    }
    return {};
  }

  result<void>
  scan_views(sequence from, sequence to,
             const std::function<result<bool>(sequence, const record_view&)>& take) const override {
    std::optional<fault> problem;
    const auto scanned = scan(from, to, [&](const recorded_event& one) {
      const auto body = persistence::encode_canonical(one.body);
      if (!body) {
        problem = body.error();
        return false;
      }
      const auto trace = persistence::trace_bytes(one.trace).value_or("");
      const record_view view{one.kind,  one.level, one.schema,   one.stream,    one.type,
                             one.key,   one.time,  one.recorded, one.causation, one.content,
                             one.chain, false,     one.content,  *body,         trace};
      const auto go_on = take(one.at, view);
      if (!go_on)
        problem = go_on.error();
      return go_on && *go_on;
    });
    return problem ? result<void>{*problem} : scanned;
  }

  /// The daemon has applied its upcasters, and these are the whole records.
  result<void> raise(sequence at, const record_view& record, recorded_event& into) const override {
    return persistence::decode_verified(at, record, into);
  }

  result<sequence> at_time(wall_time when) const override {
    const auto told = client_->get_value("/v1/head?time=" + percent(json::print_time(when)));
    if (!told)
      return told.error();
    return sequence{number_at(*told, "at")};
  }

  result<std::vector<checkpoint_info>> checkpoints(const std::string& owner) const override {
    const auto told = client_->get_value("/v1/checkpoints"
                                         + (owner.empty() ? std::string{} : "/" + percent(owner)));
    if (!told && told.error().code == fault_code::not_found)
      return std::vector<checkpoint_info>{};
    return all_of(told, "checkpoints", json::checkpoint_from);
  }

  result<checkpoint> newest_checkpoint(const std::string& owner, sequence at,
                                       std::vector<checkpoint_info>* damaged) const override {
    auto told = client_->get_value("/v1/checkpoints/" + percent(owner)
                                   + "/latest?at=" + std::to_string(at.value));
    if (!told)
      return told.error();
    auto info = json::checkpoint_from(*told);
    if (!info)
      return info.error();
    if (damaged != nullptr && told->find("damaged") != nullptr)
      if (auto bad = all_of(told, "damaged", json::checkpoint_from))
        *damaged = *std::move(bad);
    const auto* state = told->find("state");
    return checkpoint{*std::move(info), state == nullptr ? value{} : *state};
  }

  result<std::vector<consumer_info>> consumers() const override {
    return all_of(client_->get_value("/v1/consumers"), "consumers", json::consumer_from);
  }

  result<consumer_info> consumer(const std::string& name) const override {
    const auto told = client_->get_value("/v1/consumers/" + percent(name));
    return told ? json::consumer_from(*told) : result<consumer_info>{told.error()};
  }

  result<value> control(const std::string& name) const override {
    const auto all = controls(name);
    if (!all)
      return all.error();
    for (const auto& [one, held] : *all)
      if (one == name)
        return held;
    return fault{fault_code::not_found, "no control value has the name " + name, ""};
  }

  result<std::vector<std::pair<std::string, value>>>
  controls(const std::string& prefix) const override {
    const auto told = client_->get_value("/v1/controls?prefix=" + percent(prefix));
    if (!told)
      return told.error();
    std::vector<std::pair<std::string, value>> all;
    if (const auto* member = told->find("controls"))
      if (const auto* members = member->as<object>())
        all.assign(members->begin(), members->end());
    return all;
  }

  result<void>
  scan_retired(const std::function<result<void>(const digest&, const persistence::seen_value&)>&)
      const override {
    const auto now = head();
    if (!now)
      return now.error();
    if (now->floor.value == 0)
      return {};
    return fault{fault_code::unsupported, "a daemon does not tell what was seen of retired records",
                 "name the data directory with --data"};
  }

  result<void> catch_up() override { return {}; }

private:
  std::shared_ptr<const door_client> client_;
};

} // namespace

std::string choice_of(const event_query& wanted) {
  std::string text;
  if (!wanted.stream.empty())
    text += "&stream=" + percent(wanted.stream);
  if (!wanted.type.empty())
    text += "&type=" + percent(wanted.type);
  if (wanted.since)
    text += "&since=" + percent(json::print_time(*wanted.since));
  if (wanted.internal)
    text += "&internal=1";
  if (const auto* fields = wanted.where.target<http::fields_hold>())
    for (const auto& one : fields->filters)
      if (const auto named = one.as_query())
        text += "&" + percent(named->first) + "=" + percent(named->second);
  return text;
}

std::unique_ptr<persistence::reader> make_door_reader(std::shared_ptr<const door_client> client) {
  return std::make_unique<door_reader>(std::move(client));
}

} // namespace holdfast::upstream
