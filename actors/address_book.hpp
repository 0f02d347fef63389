// SPDX-License-Identifier: Apache-2.0
// Where a child is now: names that outlive incarnations, readable from any thread.
#pragma once

#include <caf/actor.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast {

/// The current handles of the children that run, by name. Supervisors write, anyone reads.
///
/// - A handle names one incarnation. One that was found may end at any moment: its requests are
///   then answered with an error, and the name must be looked up again. Look up for each request;
///   keep no handle.
/// - While a child waits for its restart, or is being killed, it is not found.
/// - A handle that is held keeps the actor's memory and, if it is detached, its thread. Whoever
///   stops the actor system drops the book, or empties it with `clear`, before.
/// - Names are unique among all supervisors that share a book: the later child wins, and the
///   earlier one's end does not remove it.
///
/// Safe from any thread; readers never wait for writers.
class address_book {
public:
  /// The present incarnation's handle, or an invalid one.
  caf::actor find(std::string_view name) const {
    const auto now = held_.load();
    const auto found = now->find(name);
    return found == now->end() ? caf::actor{} : found->second;
  }

  void put(const std::string& name, const caf::actor& child) {
    change([&](names& next) { next[name] = child; });
  }

  /// Takes the name out if it still stands for that very actor.
  void erase(const std::string& name, caf::actor_id child) {
    change([&](names& next) {
      if (const auto found = next.find(name); found != next.end() && found->second.id() == child)
        next.erase(found);
    });
  }

  void clear() {
    change([](names& next) { next.clear(); });
  }

private:
  using names = std::map<std::string, caf::actor, std::less<>>;

  template <class Change>
  void change(Change apply) {
    auto old = held_.load();
    std::shared_ptr<const names> next;
    do {
      auto copy = *old;
      apply(copy);
      next = std::make_shared<const names>(std::move(copy));
    } while (!held_.compare_exchange_weak(old, next));
  }

  std::atomic<std::shared_ptr<const names>> held_{std::make_shared<const names>()};
};

} // namespace holdfast
