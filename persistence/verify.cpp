// SPDX-License-Identifier: Apache-2.0
// The proof of completeness, as cheap as it can be without believing anything.
#include "persistence/verify.hpp"

#include "persistence/sha256.hpp"
#include "persistence/walk.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>

namespace holdfast::persistence {
namespace {

fault corrupt(std::string what) {
  return {fault_code::corrupt, std::move(what), std::string{damage_help}};
}

/// The journal with the mirror's records where it has none.
class merged_source final : public record_source {
public:
  merged_source(const rocks& db, const std::map<sequence, std::string>& added)
      : base_{source_of(db)}, added_{added} {}

  void seek(sequence from) override {
    base_->seek(from);
    next_ = added_.lower_bound(from);
    choose();
  }
  bool valid() const override { return from_base_ ? base_->valid() : next_ != added_.end(); }
  void next() override {
    const auto passed = at();
    if (base_->valid() && passed && base_at() == *passed)
      base_->next();
    if (next_ != added_.end() && passed && next_->first == *passed)
      ++next_;
    choose();
  }
  result<sequence> at() const override {
    if (from_base_)
      return base_->at();
    return next_->first;
  }
  std::string_view stored() const override { return from_base_ ? base_->stored() : next_->second; }
  result<void> status() const override { return base_->status(); }

private:
  sequence base_at() const {
    const auto at = base_->at();
    return at ? *at : sequence{UINT64_MAX};
  }
  void choose() {
    from_base_ = base_->valid() && (next_ == added_.end() || base_at() <= next_->first);
  }

  std::unique_ptr<record_source> base_;
  const std::map<sequence, std::string>& added_;
  std::map<sequence, std::string>::const_iterator next_;
  bool from_base_ = false;
};

/// Where verification begins, with the chain there if something vouches for it.
struct start_mark {
  sequence at;
  std::optional<chain_digest> chain;
};

/// At the anchor, or before the mirror's first record.
result<start_mark> beginning(const rocks& db, const claims& claimed, const head_value& head,
                             const overlay* added) {
  start_mark begin{claimed.anchor.at, claimed.anchor.chain};
  if (added != nullptr && !added->empty() && added->first <= begin.at
      && added->first > head.floor + 1)
    begin = {sequence{added->first.value - 1}, added->before};
  if (begin.at < head.floor) // the link to what was retired cannot be checked any more
    return start_mark{head.floor, {}};
  if (begin.at == head.floor) {
    if (begin.at.value == 0 && begin.chain != chain_start(claimed.instance))
      return corrupt("the chain does not begin with this store's identity");
    return begin;
  }
  const auto key = event_key(begin.at);
  const auto stored = db.get(family::events, as_chars(key));
  if (!stored)
    return missing(begin.at, begin.at, stored.error().what);
  const auto view = view_record(*stored);
  if (!view || view->chain != begin.chain)
    return missing(begin.at, begin.at, "the record is not the one that was anchored");
  return begin;
}

/// Every event's `seen` entry names that event.
result<void> check_seen(const rocks& db, const overlay* added, sequence at,
                        const record_view& record) {
  const auto identity = seen_identity(record);
  const std::string key{as_chars(identity)};
  auto stored = db.get(family::seen, key);
  if (!stored && stored.error().code == fault_code::not_found && added != nullptr)
    if (const auto found = added->seen.find(key); found != added->seen.end())
      stored = found->second;
  if (!stored)
    return missing(at, at, "`seen`: " + stored.error().what);
  const auto entry = decode_seen(*stored);
  if (!entry || entry->at != at)
    return missing(at, at, "its `seen` entry names another record");
  return {};
}

/// Keys of a family, counted one by one.
result<std::uint64_t> count_keys(const rocks& db, family which) {
  std::uint64_t keys = 0;
  const auto at = db.scan(which);
  for (at->SeekToFirst(); at->Valid(); at->Next())
    ++keys;
  if (!at->status().ok())
    return from(at->status(), "count keys");
  return keys;
}

/// Counts those of the entries, which the mirror adds, whose key the database has not.
template <class Entries, class KeyOf = std::identity>
result<std::uint64_t> count_absent(const rocks& db, family which, const Entries& entries,
                                   KeyOf key_of = {}) {
  std::uint64_t absent = 0;
  for (const auto& one : entries) {
    const auto there = db.get(which, std::invoke(key_of, one));
    if (!there && there.error().code != fault_code::not_found)
      return there.error();
    absent += there ? 0U : 1U;
  }
  return absent;
}

result<void> check_count(const rocks& db, family which, const result<std::uint64_t>& absent,
                         std::uint64_t expected) {
  if (!absent)
    return absent.error();
  auto counted = db.count(which);
  if (!counted)
    return counted.error();
  // A key that was written twice is counted twice until a compaction joins the two.
  if (*counted + *absent != expected)
    counted = count_keys(db, which);
  if (!counted)
    return counted.error();
  if (*counted + *absent != expected)
    return corrupt("`" + std::string{family_names[static_cast<std::size_t>(which)]} + "` holds "
                   + std::to_string(*counted + *absent) + " of " + std::to_string(expected)
                   + " entries");
  return {};
}

result<void> check_seen_count(const rocks& db, const overlay* added, std::uint64_t expected) {
  if (added == nullptr)
    return check_count(db, family::seen, std::uint64_t{0}, expected);
  using entry = decltype(added->seen)::value_type;
  return check_count(db, family::seen, count_absent(db, family::seen, added->seen, &entry::first),
                     expected);
}

/// The index by stream has as many entries as were written. Where no stream was ever declared
/// nobody reads it.
result<void> check_index_count(const rocks& db, const overlay* added, const small_states& states) {
  const auto declared = states.indexes();
  if (declared.empty())
    return {};
  std::uint64_t expected = 0;
  for (const auto& [streams, kept] : declared)
    expected += kept.entries;
  std::set<std::string> keys;
  if (added != nullptr)
    for (const auto& [which, key, stored] : added->changes)
      if (which == family::streams)
        keys.insert(key);
  return check_count(db, family::streams, count_absent(db, family::streams, keys), expected);
}

result<void> check_small_states(const rocks& db, const overlay* added, const digest& expected) {
  auto states = small_states::load(db);
  if (!states)
    return states.error();
  if (added != nullptr)
    for (const auto& [which, key, stored] : added->changes) {
      if (which != family::snapshots && which != family::states)
        continue;
      if (stored)
        states->put(which, key, *stored);
      else
        states->erase(which, key);
    }
  if (states->sum() != expected)
    return corrupt("checkpoints, consumers or control values are lost or stale");
  return check_index_count(db, added, *states);
}

result<void> check_identity(const rocks& db, const claims& claimed) {
  const auto stored = db.get(family::meta, identity_key);
  if (!stored)
    return corrupt("the database has no identity: " + stored.error().what);
  const auto identity = decode_identity(*stored);
  if (!identity)
    return identity.error();
  if (identity->instance != claimed.instance)
    return corrupt("the database belongs to another store");
  return {};
}

} // namespace

std::unique_ptr<record_source> merged(const rocks& db, const overlay& added) {
  return std::make_unique<merged_source>(db, added.events);
}

result<void> check_tiles(const rocks& db, sequence after, sequence to) {
  const auto tables = db.tables(family::events);
  if (!tables)
    return tables.error();
  auto covered = after; // everything up to here
  for (const auto& one : *tables) {
    const auto first = decode_event_key(one.smallest);
    const auto last = decode_event_key(one.largest);
    if (!first || !last)
      return corrupt("a table of the journal has a key that is none: " + one.path);
    const auto whole = one.entries == *last - *first + 1 && one.deletions == 0;
    if (*last <= after)
      continue; // retired, and not yet removed
    const auto joins = *first == covered + 1 || (covered == after && *first <= after);
    if (joins && whole) {
      covered = *last;
      continue;
    }
    // Overlapping, a hole, or numbers given up: the records themselves decide.
    const auto from_record = std::max(std::min(*first, covered + 1), after + 1);
    if (from_record > to)
      break;
    const auto walked = walk(db, from_record, std::min(*last, to), {},
                             [](sequence, const record_view&) -> result<bool> { return true; });
    if (!walked)
      return walked;
    covered = std::max(covered, *last);
  }
  if (covered < to)
    return missing(covered + 1, to, "no table file holds them");
  return {};
}

result<proof> prove(const rocks& db, const claims& claimed, const overlay* added) {
  if (const auto own = check_identity(db, claimed); !own)
    return own.error();
  auto head = head_of(db);
  if (added != nullptr && added->head)
    head = *added->head;
  if (!head)
    return head.error();
  const auto begin = beginning(db, claimed, *head, added);
  if (!begin)
    return begin.error();
  if (const auto whole = check_tiles(db, head->floor, begin->at); !whole)
    return whole.error();

  proof proved{*head, begin->at, 0};
  std::uint64_t events = 0;
  auto chain = begin->chain;
  const auto check = [&](sequence at, const record_view& record) -> result<bool> {
    ++proved.records;
    chain = record.chain;
    for (const auto& mark : claimed.acknowledged)
      if (mark.at == at && mark.chain != chain)
        return missing(at, at, "the record is not the one that was acknowledged");
    if (record.kind == record_kind::event) {
      ++events;
      if (const auto known = check_seen(db, added, at, record); !known)
        return known.error();
    }
    return true;
  };
  static const std::map<sequence, std::string> nothing;
  merged_source records{db, added != nullptr ? added->events : nothing};
  // The iterator walks the chain up to whatever is there: more than the head says is as wrong as
  // less.
  if (const auto walked = walk(records, begin->at + 1, head->last, begin->chain, check); !walked)
    return walked.error();
  records.seek(head->last + 1);
  if (records.valid())
    return corrupt("there are records beyond the head " + std::to_string(head->last.value));
  if (chain && *chain != head->chain)
    return corrupt("the chain does not end where the head says");
  if (begin->at == claimed.anchor.at && claimed.anchor_events
      && *claimed.anchor_events + events != head->events)
    return corrupt("the head counts other events than there are");
  for (const auto& mark : claimed.acknowledged)
    if (mark.at > head->last)
      return missing(head->last + 1, mark.at, "they were acknowledged and are not in the log");
  if (const auto whole = check_seen_count(db, added, head->seen); !whole)
    return whole.error();
  if (const auto whole = check_small_states(db, added, head->small_states); !whole)
    return whole.error();
  return proved;
}

} // namespace holdfast::persistence
