// SPDX-License-Identifier: Apache-2.0
// Point and prefix reads of `snap`, `blob` and `state`.
#include "persistence/read_states.hpp"

#include "persistence/canonical.hpp"
#include "persistence/sha256.hpp"
#include "persistence/stage.hpp"

#include <algorithm>
#include <functional>

namespace holdfast::persistence {
namespace {

/// Visits every entry whose key begins with `prefix`.
result<void> each(const rocks& db, family which, const std::string& prefix,
                  const std::function<result<void>(std::string_view, std::string_view)>& take) {
  const auto at = db.scan(which);
  for (at->Seek(prefix); at->Valid() && at->key().starts_with(prefix); at->Next())
    if (const auto taken = take(at->key().ToStringView(), at->value().ToStringView()); !taken)
      return taken;
  if (!at->status().ok())
    return from(at->status(), "read entries beside the journal");
  return {};
}

result<snapshot_value> read_snapshot(const rocks& db, const std::string& owner, sequence covered) {
  const auto stored = db.get(family::snapshots, snapshot_key(owner, covered));
  if (!stored)
    return stored.error();
  return decode_snapshot(owner, covered, *stored);
}

consumer_info info_of(const std::string& name, const cursor_value& place) {
  return {name, place.position, place.record, place.time, place.has_state};
}

} // namespace

result<std::vector<checkpoint_info>> read_checkpoints(const rocks& db, const std::string& owner) {
  std::vector<checkpoint_info> found;
  const auto prefix = owner.empty() ? std::string{} : snapshot_prefix(owner);
  const auto read = each(db, family::snapshots, prefix, [&](auto key, auto stored) -> result<void> {
    const auto place = decode_snapshot_key(key);
    if (!place)
      return place.error();
    auto decoded = decode_snapshot(place->owner, place->covered, stored);
    if (!decoded)
      return decoded.error();
    found.push_back(std::move(decoded->info));
    return {};
  });
  if (!read)
    return read.error();
  return found;
}

result<std::string> read_state(const rocks& db, const std::string& owner, sequence covered) {
  const auto snapshot = read_snapshot(db, owner, covered);
  if (!snapshot)
    return snapshot.error();
  const auto damaged = [&](const std::string& why) {
    return fault{fault_code::corrupt,
                 "the checkpoint of " + owner + " at " + std::to_string(covered.value)
                     + " is damaged: " + why,
                 "`holdfast checkpoints verify`; an earlier one and the journal are used instead"};
  };
  const auto stored = db.get(family::blobs, snapshot_key(owner, covered));
  if (!stored)
    return damaged(stored.error().what);
  if (stored->size() != snapshot->stored_size)
    return damaged("its size is not what was stored");
  auto state = decompress(*stored, snapshot->info.size);
  if (!state)
    return damaged(state.error().what);
  if (sha256(*state) != snapshot->info.state_sha)
    return damaged("its SHA-256 differs");
  return state;
}

result<checkpoint> read_newest_checkpoint(const rocks& db, const std::string& owner, sequence at,
                                          std::vector<checkpoint_info>* damaged) {
  using checkpoints = std::vector<checkpoint_info>;
  // Without a name those would be everybody's.
  const auto all = owner.empty() ? result<checkpoints>{checkpoints{}} : read_checkpoints(db, owner);
  if (!all)
    return all.error();
  for (const auto& info : *all) {
    if (info.covered > at)
      continue;
    const auto state = read_state(db, owner, info.covered);
    if (state)
      if (auto decoded = decode_canonical(*state))
        return checkpoint{info, std::move(*decoded)};
    if (damaged != nullptr)
      damaged->push_back(info);
  }
  return fault{fault_code::not_found,
               "there is no checkpoint of " + owner + " at or before " + std::to_string(at.value),
               {}};
}

result<std::vector<consumer_info>> read_consumers(const rocks& db) {
  std::vector<consumer_info> found;
  const auto read = each(db, family::states, state_key(state_kind::cursor, {}),
                         [&](auto key, auto stored) -> result<void> {
                           const auto place = decode_state_key(key);
                           if (!place)
                             return place.error();
                           const auto decoded = decode_cursor(stored);
                           if (!decoded)
                             return decoded.error();
                           found.push_back(info_of(place->name, *decoded));
                           return {};
                         });
  if (!read)
    return read.error();
  return found;
}

result<consumer_info> read_consumer(const rocks& db, const std::string& name) {
  const auto stored = db.get(family::states, state_key(state_kind::cursor, name));
  if (!stored)
    return stored.error().code == fault_code::not_found
               ? fault{fault_code::not_found, "there is no consumer " + name, {}}
               : stored.error();
  const auto decoded = decode_cursor(*stored);
  if (!decoded)
    return decoded.error();
  return info_of(name, *decoded);
}

result<value> read_control(const rocks& db, const std::string& name) {
  const auto stored = db.get(family::states, state_key(state_kind::control, name));
  if (!stored)
    return stored.error().code == fault_code::not_found
               ? fault{fault_code::not_found, "there is no control value " + name, {}}
               : stored.error();
  const auto decoded = decode_control(*stored);
  if (!decoded)
    return decoded.error();
  return decode_canonical(decoded->value);
}

result<std::vector<std::pair<std::string, value>>> read_controls(const rocks& db,
                                                                 const std::string& prefix) {
  std::vector<std::pair<std::string, value>> found;
  const auto read = each(db, family::states, state_key(state_kind::control, prefix),
                         [&](auto key, auto stored) -> result<void> {
                           const auto place = decode_state_key(key);
                           if (!place)
                             return place.error();
                           const auto decoded = decode_control(stored);
                           if (!decoded)
                             return decoded.error();
                           auto body = decode_canonical(decoded->value);
                           if (!body)
                             return body.error();
                           found.emplace_back(place->name, std::move(*body));
                           return {};
                         });
  if (!read)
    return read.error();
  return found;
}

result<void>
read_retired(const rocks& db, sequence floor,
             const std::function<result<void>(const digest&, const seen_value&)>& take) {
  if (floor.value == 0)
    return {};
  const auto at = db.scan(family::seen);
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    const auto identity = decode_seen_key(at->key().ToStringView());
    const auto entry = decode_seen(at->value().ToStringView());
    if (!identity || !entry)
      return identity ? entry.error() : identity.error();
    if (entry->at > floor)
      continue;
    if (auto taken = take(*identity, *entry); !taken)
      return taken;
  }
  return at->status().ok() ? result<void>{} : from(at->status(), "read `seen`");
}

result<std::optional<sequence>> read_indexed_since(const rocks& db, std::string_view stream) {
  std::optional<sequence> since;
  const auto read = each(db, family::states, state_key(state_kind::index, {}),
                         [&](std::string_view key, std::string_view stored) -> result<void> {
                           const auto place = decode_state_key(key);
                           const auto kept = decode_index(stored);
                           if (!place || !kept)
                             return place ? kept.error() : place.error();
                           if (kept->since.value != 0 && takes_stream(place->name, stream))
                             since = std::min(since.value_or(kept->since), kept->since);
                           return {};
                         });
  if (!read)
    return read.error();
  return since;
}

} // namespace holdfast::persistence
