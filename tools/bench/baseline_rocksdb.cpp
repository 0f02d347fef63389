// SPDX-License-Identifier: Apache-2.0
// The raw RocksDB loop that Holdfast is compared with.
#include "persistence/rocks.hpp"
#include "tools/bench/baseline.hpp"
#include "tools/bench/workload.hpp"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <stdexcept>

namespace bench {

double measure_rocksdb(const std::filesystem::path& directory,
                       const std::vector<holdfast::event>& events, std::size_t batch) {
  using namespace holdfast::persistence;
  rocks_settings settings;
  settings.directory = directory / "rocksdb";
  auto opened = rocks::open(opening::create, settings);
  if (!opened)
    throw std::runtime_error(opened.error().what);
  auto& store = **opened;
  rocksdb::WriteOptions durable;
  durable.sync = true;
  durable.protection_bytes_per_key = 8;
  place journal;
  std::string found;
  const auto begun = std::chrono::steady_clock::now();
  for (std::size_t first = 0; first < events.size(); first += batch) {
    rocksdb::WriteBatch writes;
    std::vector<std::string> here;
    for (std::size_t at = first; at < std::min(first + batch, events.size()); ++at) {
      const auto made = make_draft(events[at], holdfast::durability::power, {}, {});
      const std::string identity{as_text(made.identity)};
      if (std::find(here.begin(), here.end(), identity) != here.end()
          || store.db().Get({}, store.of(family::seen), identity, &found).ok())
        continue;
      here.push_back(identity);
      const auto record = journal.next(made);
      const auto key = event_key(journal.head.last);
      writes.Put(store.of(family::events), rocksdb::Slice{key.data(), key.size()}, record);
      writes.Put(store.of(family::seen), identity,
                 encode_seen({.at = journal.head.last, .first_seen = made.time, .payload = {}}));
    }
    writes.Put(store.of(family::meta), rocksdb::Slice{head_key.data(), head_key.size()},
               encode_head(journal.head));
    if (auto written = store.db().Write(durable, &writes); !written.ok())
      throw std::runtime_error(written.ToString());
  }
  return static_cast<double>(events.size()) / seconds_since(begun);
}

} // namespace bench
