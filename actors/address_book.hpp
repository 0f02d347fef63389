// SPDX-License-Identifier: Apache-2.0
// Where a child is now: names that outlive incarnations, readable from any thread.
#pragma once

#include "actors/address/address.hpp"

#include <caf/actor.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

/// The stable addresses of the children that run, and the counters of all. Supervisors write,
/// anyone reads.
///
/// - While a child waits for its restart, or is being killed, its address is not found; whoever
///   holds the address already may go on using it, and is refused or kept waiting as the child's
///   spec says.
/// - Whoever stops the actor system drops the book, or empties it with `clear`, before.
/// - Names are unique among all supervisors that share a book: the later child wins, and the
///   earlier one's end does not remove it.
///
/// Safe from any thread. Whoever looks for an address never waits for a writer.
class address_book {
public:
  /// The address of a child that runs, or an invalid handle.
  caf::actor find(std::string_view name) const {
    const auto now = held_.load();
    const auto found = now->find(name);
    return found == now->end() ? caf::actor{} : found->second;
  }

  /// A child whose counters may be read, whether it runs or not.
  struct counted {
    std::string name;
    std::string supervisor;
    std::shared_ptr<const addressing::counters> counters;
  };

  /// In the order of their names.
  std::vector<counted> all() const {
    const std::lock_guard lock{counting_};
    std::vector<counted> made;
    made.reserve(counted_.size());
    for (const auto& [name, one] : counted_)
      made.push_back(one);
    return made;
  }

  std::shared_ptr<const addressing::counters> counters_of(std::string_view name) const {
    const std::lock_guard lock{counting_};
    const auto found = counted_.find(name);
    return found == counted_.end() ? nullptr : found->second.counters;
  }

  /// From now on its counters may be read, until `strike`.
  void enlist(const counted& one) {
    const std::lock_guard lock{counting_};
    counted_[one.name] = one;
  }

  /// Takes its counters out if they are still those.
  void strike(const std::string& name, const addressing::counters* counters) {
    const std::lock_guard lock{counting_};
    if (const auto found = counted_.find(name);
        found != counted_.end() && found->second.counters.get() == counters)
      counted_.erase(found);
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
    const std::lock_guard lock{counting_};
    counted_.clear();
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
  mutable std::mutex counting_;
  std::map<std::string, counted, std::less<>> counted_;
};

} // namespace holdfast
