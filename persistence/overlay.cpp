// SPDX-License-Identifier: Apache-2.0
// Decodes the mirror's batches and writes them where the log lost them.
#include "persistence/overlay.hpp"

#include <rocksdb/write_batch.h>

#include <utility>

namespace holdfast::persistence {
namespace {

/// Sorts the operations of a batch into an overlay.
class sorter final : public rocksdb::WriteBatch::Handler {
public:
  explicit sorter(overlay& into) : into_{into} {}

  rocksdb::Status PutCF(std::uint32_t id, const rocksdb::Slice& key,
                        const rocksdb::Slice& value) override {
    const auto which = static_cast<family>(id);
    switch (which) {
    case family::events: {
      const auto at = decode_event_key(key.ToStringView());
      if (!at)
        return rocksdb::Status::Corruption(at.error().what);
      into_.events.insert_or_assign(*at, value.ToString());
      return {};
    }
    case family::seen:
      into_.seen.insert_or_assign(key.ToString(), value.ToString());
      return {};
    case family::meta:
      return take_meta(key, value);
    case family::streams:
    case family::snapshots:
    case family::blobs:
    case family::states:
      into_.changes.push_back({which, key.ToString(), value.ToString()});
      return {};
    case family::unused:
      break;
    }
    return rocksdb::Status::Corruption("a batch of the mirror writes to an unknown family");
  }

  rocksdb::Status DeleteCF(std::uint32_t id, const rocksdb::Slice& key) override {
    const auto which = static_cast<family>(id);
    if (which != family::snapshots && which != family::blobs && which != family::states)
      return rocksdb::Status::Corruption("a batch of the mirror deletes what is never deleted");
    into_.changes.push_back({which, key.ToString(), {}});
    return {};
  }

private:
  rocksdb::Status take_meta(const rocksdb::Slice& key, const rocksdb::Slice& value) {
    if (key.ToStringView() != head_key)
      return rocksdb::Status::Corruption("a batch of the mirror changes the store's identity");
    auto head = decode_head(value.ToStringView());
    if (!head)
      return rocksdb::Status::Corruption(head.error().what);
    into_.head = *head;
    return {};
  }

  overlay& into_;
};

} // namespace

result<overlay> read_overlay(disk& files, const mirror_options& options, sequence first) {
  overlay read;
  const auto walked =
      for_each_batch(files, options, first, [&](const mirror_batch& batch) -> result<bool> {
        if (read.empty()) {
          read.first = batch.first;
          read.before = batch.before;
        }
        rocksdb::WriteBatch operations{std::string{batch.payload}};
        sorter sort{read};
        if (const auto sorted = operations.Iterate(&sort); !sorted.ok())
          return from(sorted, "read a batch of the mirror");
        if (!read.head || read.head->last != batch.last || read.head->chain != batch.after)
          return fault{fault_code::corrupt, "a batch of the mirror has another head", {}};
        read.last = batch.last;
        ++read.batches;
        read.power_batches += batch.level == durability::power ? 1U : 0U;
        return true;
      });
  if (!walked)
    return walked.error();
  return read;
}

result<void> apply(const overlay& added, const rocks& db) {
  // One batch, so that a crash in between leaves nothing half done.
  rocksdb::WriteBatch batch;
  rocksdb::Status put;
  const auto keep = [&](rocksdb::Status done) {
    if (put.ok())
      put = std::move(done);
  };
  for (const auto& [at, stored] : added.events) {
    const auto key = event_key(at);
    if (const auto there = db.get(family::events, as_chars(key)); !there) {
      if (there.error().code != fault_code::not_found)
        return there.error();
      keep(batch.Put(db.of(family::events), rocksdb::Slice{key.data(), key.size()}, stored));
    }
  }
  for (const auto& [identity, stored] : added.seen)
    if (const auto there = db.get(family::seen, identity); !there) {
      if (there.error().code != fault_code::not_found)
        return there.error();
      keep(batch.Put(db.of(family::seen), identity, stored));
    }
  for (const auto& [which, key, stored] : added.changes)
    keep(stored ? batch.Put(db.of(which), key, *stored) : batch.Delete(db.of(which), key));
  if (added.head)
    keep(batch.Put(db.of(family::meta), rocksdb::Slice{head_key.data(), head_key.size()},
                   encode_head(*added.head)));
  rocksdb::WriteOptions durable;
  durable.sync = true;
  if (put.ok())
    put = db.db().Write(durable, &batch);
  if (!put.ok())
    return from(put, "write what the mirror kept");
  return {};
}

} // namespace holdfast::persistence
