// SPDX-License-Identifier: Apache-2.0
// The one loop that reads the journal in order.
#include "persistence/walk.hpp"

#include "persistence/canonical.hpp"

#include <algorithm>

namespace holdfast::persistence {
namespace {

class database_source final : public record_source {
public:
  explicit database_source(const rocks& db) : at_{db.scan(family::events)} {}

  void seek(sequence first) override {
    const auto key = event_key(first);
    at_->Seek(rocksdb::Slice{key.data(), key.size()});
  }
  bool valid() const override { return at_->Valid(); }
  void next() override { at_->Next(); }
  result<sequence> at() const override { return decode_event_key(at_->key().ToStringView()); }
  std::string_view stored() const override { return at_->value().ToStringView(); }
  result<void> status() const override {
    if (at_->status().ok())
      return {};
    return from(at_->status(), "read the journal");
  }

private:
  std::unique_ptr<rocksdb::Iterator> at_;
};

} // namespace

fault missing(sequence from, sequence to, std::string_view why) {
  return {
      fault_code::corrupt,
      "records " + std::to_string(from.value) + ".." + std::to_string(to.value)
          + " cannot be served: " + std::string{why},
      "`holdfast store verify --deep` shows what is left; `holdfast store accept-loss --reason` "
      "gives them up; `holdfast replay fork` copies what is sound into a new store"};
}

result<head_value> head_of(const rocks& db) {
  const auto stored = db.get(family::meta, head_key);
  if (!stored) {
    if (stored.error().code == fault_code::not_found)
      return fault{fault_code::corrupt, "the database has no head", std::string{damage_help}};
    return stored.error();
  }
  return decode_head(*stored);
}

std::optional<std::pair<sequence, sequence>> given_up(const record_view& record) {
  if (record.kind != record_kind::gap)
    return {};
  const auto body = decode_canonical(record.body);
  if (!body)
    return {};
  return std::pair{sequence{static_cast<std::uint64_t>(body->integer_at("from"))},
                   sequence{static_cast<std::uint64_t>(body->integer_at("to"))}};
}

std::unique_ptr<record_source> source_of(const rocks& db) {
  return std::make_unique<database_source>(db);
}

result<void> walk(const rocks& db, sequence from, sequence to,
                  const std::optional<chain_digest>& before, const on_record& take) {
  database_source records{db};
  return walk(records, from, to, before, take);
}

result<void> walk(record_source& records, sequence from, sequence to,
                  const std::optional<chain_digest>& before, const on_record& take) {
  if (from > to)
    return {};
  auto expected = from;
  auto chain = before;
  for (records.seek(from); records.valid() && expected <= to; records.next()) {
    const auto at = records.at();
    if (!at)
      return at.error();
    const auto view = view_record(records.stored());
    if (!view)
      return missing(*at, *at, view.error().what);
    if (*at != expected) {
      const auto hole = given_up(*view);
      // A walk may begin inside of what was given up.
      if (!hole || (hole->second + 1 != *at && hole->second != *at) || hole->first > expected
          || (before && hole->first != expected))
        return missing(expected, std::min(sequence{at->value - 1}, to), "they are not there");
      if (*at > to)
        return {};
    }
    if (const auto sound = verify_content(*view, *at); !sound)
      return missing(*at, *at, sound.error().what);
    if (chain)
      if (const auto linked = verify_chain(records.stored(), *at, *chain); !linked)
        return missing(*at, *at, linked.error().what);
    chain = view->chain;
    const auto more = take(*at, *view);
    if (!more)
      return more.error();
    if (!*more)
      return {};
    expected = *at + 1;
  }
  if (const auto ended = records.status(); !ended)
    return ended.error().code == fault_code::corrupt ? missing(expected, to, ended.error().what)
                                                     : ended;
  if (expected <= to)
    return missing(expected, to, "they are not there");
  return {};
}

} // namespace holdfast::persistence
