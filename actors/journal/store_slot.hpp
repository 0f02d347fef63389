// SPDX-License-Identifier: Apache-2.0
// The place of the open store: who reads takes the reader from here, for one page at a time.
#pragma once

#include "persistence/store.hpp"

#include <atomic>
#include <memory>
#include <utility>

namespace holdfast::journal {

/// Empty while the store is being reopened, and before and after its life. Any thread.
class store_slot {
public:
  explicit store_slot(std::shared_ptr<persistence::store> open = nullptr)
      : held_{std::move(open)}, fresh_{held_.load() != nullptr} {}

  /// For journal, committer and keeper.
  std::shared_ptr<persistence::store> store() const { return held_.load(); }

  /// Reads the store; null while there is none (answer `busy`). Hold it for one page, never
  /// longer: a failed store can be reopened only after every reader has let go of it.
  std::shared_ptr<const persistence::reader> read() const {
    auto open = held_.load();
    if (!open)
      return nullptr;
    const auto* reader = &open->read();
    return {std::move(open), reader};
  }

  void put(std::shared_ptr<persistence::store> open) { held_.store(std::move(open)); }

  /// Empties the slot. The store itself goes when its last reader lets go of it.
  void retire() {
    if (auto old = held_.exchange(nullptr))
      retired_ = std::move(old);
  }

  /// Somebody still holds the store that was retired. For whoever calls `retire`.
  bool is_retired_in_use() const { return !retired_.expired(); }

  /// True once: the store in the slot was opened for a journal that has not begun yet. The next
  /// incarnation must not trust what its predecessor left behind.
  bool take_fresh() { return fresh_.exchange(false); }

private:
  std::atomic<std::shared_ptr<persistence::store>> held_;
  std::atomic<bool> fresh_;
  std::weak_ptr<persistence::store> retired_;
};

} // namespace holdfast::journal
