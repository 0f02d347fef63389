// SPDX-License-Identifier: Apache-2.0
// One file or directory in memory, in two versions: as it is, and as power loss would leave it.
#pragma once

#include "tests/support/memory_disk.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::testing {

inline constexpr std::uint64_t page_bytes = 4096;
inline constexpr std::uint64_t sector_bytes = 512;

/// What a disk says that fails with `error`.
fault problem(int error, const std::filesystem::path& path);

/// A file or a directory.
struct memory_disk::node {
  bool directory = false;
  std::string live;
  std::string durable;
  std::set<std::uint64_t> unsynced_pages;
  entries live_entries;
  entries durable_entries;
  std::vector<change> unsynced_changes;

  void write(std::uint64_t offset, std::string_view data) {
    if (data.empty())
      return;
    if (offset + data.size() > live.size())
      live.resize(offset + data.size());
    data.copy(live.data() + offset, data.size());
    for (auto page = offset / page_bytes; page <= (offset + data.size() - 1) / page_bytes; ++page)
      unsynced_pages.insert(page);
  }

  void resize(std::uint64_t size) {
    const auto before = live.size();
    live.resize(size);
    for (auto page = std::min<std::uint64_t>(before, size) / page_bytes;
         page <= std::max<std::uint64_t>(before, size) / page_bytes; ++page)
      unsynced_pages.insert(page);
  }

  void keep_page(std::uint64_t page, std::uint64_t bytes = page_bytes) {
    const auto begin = page * page_bytes;
    if (begin >= std::min(live.size(), durable.size()))
      return;
    const auto size = std::min({bytes, live.size() - begin, durable.size() - begin});
    std::copy_n(live.data() + begin, size, durable.data() + begin);
  }

  void sync() {
    durable.resize(live.size());
    for (const auto page : unsynced_pages)
      keep_page(page);
    unsynced_pages.clear();
  }

  void change_entries(change made) {
    apply(live_entries, made);
    unsynced_changes.push_back(std::move(made));
  }

  static void apply(entries& to, const change& made) {
    for (const auto& [name, target] : made) {
      if (target)
        to[name] = target;
      else
        to.erase(name);
    }
  }

  void sync_entries(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      apply(durable_entries, unsynced_changes[i]);
    unsynced_changes.erase(unsynced_changes.begin(),
                           unsynced_changes.begin() + static_cast<std::ptrdiff_t>(count));
  }

  /// Some of the pages that were not synced reach the disk, in part or whole, in any order.
  void tear(std::mt19937_64& chance) {
    if (durable.size() != live.size() && chance() % 2 == 0)
      durable.resize(live.size());
    for (const auto page : unsynced_pages)
      if (const auto lot = chance() % 4; lot > 1)
        keep_page(page, lot == 2 ? page_bytes : chance() % 8 * sector_bytes);
    sync_entries(chance() % (unsynced_changes.size() + 1));
  }
};

} // namespace holdfast::testing
