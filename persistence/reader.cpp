// SPDX-License-Identifier: Apache-2.0
// Reads records page by page and one after the other, and checks every one of them.
#include "persistence/reader.hpp"
#include "persistence/canonical.hpp"
#include "persistence/live.hpp"
#include "persistence/read_states.hpp"
#include "persistence/record.hpp"
#include "persistence/walk.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::persistence {
namespace {

/// Everything of a query that can be told without the body.
bool takes(const event_query& query, const record_view& record) {
  const auto own = !record.stream.empty() && record.stream.front() == '$';
  if (own && !query.internal)
    return false;
  if (!query.stream.empty() && !takes_stream(query.stream, record.stream))
    return false;
  if (!query.type.empty() && query.type != record.type)
    return false;
  if (query.since && record.recorded < *query.since)
    return false;
  return !query.until || record.recorded < *query.until;
}

class rocks_reader final : public reader {
public:
  rocks_reader(const rocks& db, const upcasters& raise, const std::atomic<std::uint64_t>* visible)
      : db_{db}, raise_{raise}, visible_{visible} {}

  result<journal_head> head() const override {
    const auto read = head_of(db_);
    if (!read)
      return read.error();
    return journal_head{read->last, read->chain, read->floor, read->events, read->duplicates};
  }

  result<recorded_event> record(sequence at) const override {
    const auto reach = bounds();
    if (!reach)
      return reach.error();
    if (at <= reach->floor || at > reach->last)
      return fault{fault_code::not_found,
                   "there is no record " + std::to_string(at.value) + " between "
                       + std::to_string(reach->floor.value + 1) + " and "
                       + std::to_string(reach->last.value),
                   {}};
    std::optional<recorded_event> found;
    const auto walked = walk(db_, at, at, {}, [&](sequence place, const record_view& view) {
      const auto done = raise(place, view, found.emplace());
      return done ? result<bool>{true} : done.error();
    });
    if (!walked)
      return walked.error();
    if (!found)
      return fault{fault_code::not_found,
                   "record " + std::to_string(at.value) + " was given up by an operator",
                   {}};
    return std::move(*found);
  }

  result<event_page> events(const event_query& query) const override;

  result<void> scan(sequence from, sequence to,
                    const std::function<bool(const recorded_event&)>& take) const override {
    recorded_event whole;
    return scan_views(from, to, [&](sequence at, const record_view& record) -> result<bool> {
      if (const auto done = raise(at, record, whole); !done)
        return done.error();
      return take(whole);
    });
  }

  result<void>
  scan_views(sequence from, sequence to,
             const std::function<result<bool>(sequence, const record_view&)>& take) const override {
    const auto reach = bounds();
    if (!reach)
      return reach.error();
    return walk(db_, std::max(from, reach->floor + 1), std::min(to, reach->last), {}, take);
  }

  result<void> raise(sequence at, const record_view& record, recorded_event& into) const override {
    if (auto decoded = decode_verified(at, record, into); !decoded)
      return decoded;
    return raise_.apply(into);
  }

  result<sequence> at_time(wall_time when) const override;

  result<std::vector<checkpoint_info>> checkpoints(const std::string& owner) const override {
    return read_checkpoints(db_, owner);
  }
  result<checkpoint> newest_checkpoint(const std::string& owner, sequence at,
                                       std::vector<checkpoint_info>* damaged) const override {
    return read_newest_checkpoint(db_, owner, at, damaged);
  }
  result<std::vector<consumer_info>> consumers() const override { return read_consumers(db_); }
  result<consumer_info> consumer(const std::string& name) const override {
    return read_consumer(db_, name);
  }
  result<value> control(const std::string& name) const override { return read_control(db_, name); }
  result<std::vector<std::pair<std::string, value>>>
  controls(const std::string& prefix) const override {
    return read_controls(db_, prefix);
  }

  result<void> scan_retired(
      const std::function<result<void>(const digest&, const seen_value&)>& take) const override {
    const auto reach = bounds();
    if (!reach)
      return reach.error();
    return read_retired(db_, reach->floor, take);
  }

  result<void> catch_up() override { return {}; }

private:
  struct extent {
    sequence floor;
    sequence last;
  };

  result<extent> bounds() const {
    const auto read = head_of(db_);
    if (!read)
      return read.error();
    // What is in the log but not yet in the mirror is not acknowledged, so it is not shown.
    const auto last =
        visible_ != nullptr ? std::min(read->last, sequence{visible_->load()}) : read->last;
    return extent{read->floor, last};
  }

  result<void> read_index(const event_query& query, sequence to, std::size_t looked_at,
                          event_page& page) const;

  /// Adds a record to the page, if the query's own condition takes it, too.
  result<void> take_in(sequence at, const record_view& view, const event_query& query,
                       event_page& page) const {
    auto& whole = page.events.emplace_back();
    const auto done = raise(at, view, whole);
    if (!done || (query.where && !query.where(whole)))
      page.events.pop_back();
    return done;
  }

  const rocks& db_;
  const upcasters& raise_;
  const std::atomic<std::uint64_t>* visible_;
};

result<event_page> rocks_reader::events(const event_query& query) const {
  const auto within = bounds();
  if (!within)
    return within.error();
  event_page page;
  page.head = within->last;
  page.next = std::max(query.from, within->floor + 1);
  const auto to = std::min(query.to.value_or(within->last), within->last);
  // What the index does not reach back to is walked through. A name with a zero byte, which is
  // where names end in the index, is nobody's.
  std::optional<sequence> indexed;
  if (!query.stream.empty() && query.stream.back() != '*'
      && query.stream.find('\0') == std::string::npos) {
    const auto since = read_indexed_since(db_, query.stream);
    if (!since)
      return since.error();
    indexed = *since;
  }
  const auto walk_to = indexed ? std::min(to, sequence{indexed->value - 1}) : to;
  std::size_t looked_at = 0;
  const auto walked =
      walk(db_, page.next, walk_to, {}, [&](sequence at, const record_view& view) -> result<bool> {
        ++looked_at;
        page.next = at + 1;
        if (takes(query, view)) {
          if (const auto done = take_in(at, view, query, page); !done)
            return done.error();
        }
        return page.events.size() < query.limit && looked_at < query.scan_limit;
      });
  if (!walked)
    return walked.error();
  const auto full = page.events.size() >= query.limit || looked_at >= query.scan_limit;
  if (indexed && !full && page.next <= to)
    if (const auto read = read_index(query, to, looked_at, page); !read)
      return read.error();
  return page;
}

result<void> rocks_reader::read_index(const event_query& query, sequence to, std::size_t looked_at,
                                      event_page& page) const {
  const auto at = db_.scan(family::streams);
  const auto prefix = stream_prefix(query.stream);
  for (at->Seek(stream_key(query.stream, page.next)); at->Valid() && at->key().starts_with(prefix);
       at->Next()) {
    const auto place = decode_stream_key(at->key().ToStringView());
    if (!place)
      return place.error();
    if (place->at > to)
      break;
    const auto walked =
        walk(db_, place->at, place->at, {},
             [&](sequence number, const record_view& view) -> result<bool> {
               if (view.stream != query.stream)
                 return missing(number, number, "the index takes it for one of another stream");
               if (!takes(query, view))
                 return true;
               const auto done = take_in(number, view, query, page);
               return done ? result<bool>{true} : done.error();
             });
    if (!walked)
      return walked;
    page.next = place->at + 1;
    if (page.events.size() >= query.limit || ++looked_at >= query.scan_limit)
      return {};
  }
  if (!at->status().ok())
    return from(at->status(), "read the index of streams");
  page.next = to + 1;
  return {};
}

result<sequence> rocks_reader::at_time(wall_time when) const {
  const auto within = bounds();
  if (!within)
    return within.error();
  auto low = within->floor + 1;
  auto high = within->last + 1;
  const auto at = db_.scan(family::events);
  while (low < high) {
    const auto middle = sequence{low.value + (high - low) / 2};
    const auto key = event_key(middle);
    // Numbers an operator gave up have no record; the next one stands for them.
    at->Seek(rocksdb::Slice{key.data(), key.size()});
    if (!at->status().ok())
      return from(at->status(), "read a record by time");
    if (!at->Valid()) {
      high = middle;
      continue;
    }
    const auto view = view_record(at->value().ToStringView());
    if (!view)
      return view.error();
    if (view->recorded < when)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

} // namespace

std::unique_ptr<reader> make_reader(const rocks& db, const upcasters& raise,
                                    const std::atomic<std::uint64_t>* visible) {
  return std::make_unique<rocks_reader>(db, raise, visible);
}

} // namespace holdfast::persistence
