// SPDX-License-Identifier: Apache-2.0
// Items from any thread, taken together by one: a lock-free bag that keeps each thread's order.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>
#include <vector>

namespace holdfast::journal {

/// Unbounded: whoever puts must have been admitted before.
template <class Item>
class mailbag {
public:
  mailbag() = default;
  mailbag(const mailbag&) = delete;
  mailbag& operator=(const mailbag&) = delete;
  ~mailbag() { take(); }

  /// Any thread. Answers true when the bag was empty: its owner must be woken.
  bool put(std::unique_ptr<Item> item) {
    auto* before = newest_.load(std::memory_order_relaxed);
    auto* const added = new node{std::move(item), before};
    while (!newest_.compare_exchange_weak(before, added, std::memory_order_release,
                                          std::memory_order_relaxed))
      added->older = before;
    // From here on the owner may have taken and freed `added`.
    return before == nullptr;
  }

  /// The owner's thread. Oldest first.
  std::vector<std::unique_ptr<Item>> take() {
    std::vector<std::unique_ptr<Item>> taken;
    auto* next = newest_.exchange(nullptr, std::memory_order_acquire);
    while (next != nullptr) {
      const std::unique_ptr<node> owned{next};
      taken.push_back(std::move(owned->item));
      next = owned->older;
    }
    std::reverse(taken.begin(), taken.end());
    return taken;
  }

private:
  struct node {
    std::unique_ptr<Item> item;
    node* older;
  };

  std::atomic<node*> newest_{nullptr};
};

} // namespace holdfast::journal
