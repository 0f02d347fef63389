// SPDX-License-Identifier: Apache-2.0
// Puts records, their index entries and the states they change into one batch.
#include "persistence/stage.hpp"

#include "persistence/sha256.hpp"

#include <zstd.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace holdfast::persistence {
namespace {

rocksdb::Slice slice(std::string_view text) {
  return {text.data(), text.size()};
}

} // namespace

void stage::put(family which, std::string_view key, std::string_view value) {
  [[maybe_unused]] const auto put = batch_->Put(db_.of(which), slice(key), slice(value));
  assert(put.ok()); // a batch without a size limit takes everything
}

void stage::put_small(family which, std::string_view key, std::string_view value) {
  put(which, key, value);
  states_.put(which, key, value);
  head_.small_states = states_.sum();
}

void stage::erase(family which, std::string_view key) {
  [[maybe_unused]] const auto erased = batch_->Delete(db_.of(which), slice(key));
  assert(erased.ok());
}

void stage::put_record(const record_view& fields, sequence at) {
  assert(at > head_.last);
  scratch_.clear();
  head_.chain = append_record(fields, at, head_.chain, scratch_);
  head_.last = at;
  const auto key = event_key(at);
  put(family::events, as_chars(key), scratch_);
  put_index(fields.stream, at);
  if (fields.kind == record_kind::event)
    ++head_.events;
}

bool stage::keep_index(const std::string& streams, sequence since) {
  auto& kept = indexes_[streams];
  if ((kept.since.value == 0) == (since.value == 0))
    return false;
  kept.since = since;
  indexes_changed_.insert(streams);
  return true;
}

void stage::put_index(std::string_view stream, sequence at) {
  for (auto& [streams, kept] : indexes_)
    if (kept.since.value != 0 && takes_stream(streams, stream)) {
      put(family::streams, stream_key(stream, at), {});
      ++kept.entries;
      indexes_changed_.insert(streams);
      return; // one entry, whoever else wants it
    }
}

void stage::put_seen(const digest& identity, const seen_value& entry) {
  seen_.emplace_back(identity, encode_seen(entry));
  ++head_.seen;
}

void stage::put_checkpoint(checkpoint_info info, std::string_view state,
                           const checkpoint_history& kept) {
  const auto key = snapshot_key(info.owner, info.covered);
  const auto blob = compress(state);
  info.size = state.size();
  info.state_sha = sha256(state);
  put(family::blobs, key, blob);
  put_small(family::snapshots, key, encode_snapshot({info, blob.size()}));
  const auto all = states_.checkpoints(info.owner);
  std::vector<wall_time> times;
  times.reserve(all.size());
  for (const auto& one : all)
    times.push_back(one.time);
  for (const auto i : superseded(times, kept)) {
    const auto old = snapshot_key(info.owner, all[i].covered);
    erase(family::blobs, old);
    erase(family::snapshots, old);
    states_.erase(family::snapshots, old);
  }
  head_.small_states = states_.sum();
}

void stage::put_cursor(std::string_view consumer, const cursor_value& place) {
  put_small(family::states, state_key(state_kind::cursor, consumer), encode_cursor(place));
}

void stage::put_control(std::string_view name, const control_value& set) {
  put_small(family::states, state_key(state_kind::control, name), encode_control(set));
}

void stage::finish() {
  std::ranges::sort(seen_);
  for (const auto& [identity, entry] : seen_)
    put(family::seen, as_chars(identity), entry);
  seen_.clear();
  for (const auto& streams : indexes_changed_)
    put_small(family::states, state_key(state_kind::index, streams),
              encode_index(indexes_.at(streams)));
  indexes_changed_.clear();
  put(family::meta, head_key, encode_head(head_));
}

std::string compress(std::string_view state) {
  std::string stored(ZSTD_compressBound(state.size()), '\0');
  const auto size = ZSTD_compress(stored.data(), stored.size(), state.data(), state.size(), 1);
  assert(ZSTD_isError(size) == 0U); // there is room for the worst case
  stored.resize(size);
  return stored;
}

result<std::string> decompress(std::string_view stored, std::uint64_t size) {
  // The size comes from a checked value, but a frame that says otherwise must not be believed.
  if (ZSTD_getFrameContentSize(stored.data(), stored.size()) != size)
    return fault{fault_code::corrupt, "a stored state does not have the size it should", {}};
  std::string state(size, '\0');
  const auto got = ZSTD_decompress(state.data(), state.size(), stored.data(), stored.size());
  if (ZSTD_isError(got) != 0U || got != size)
    return fault{fault_code::corrupt, "a stored state cannot be decompressed", {}};
  return state;
}

} // namespace holdfast::persistence
