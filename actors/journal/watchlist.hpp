// SPDX-License-Identifier: Apache-2.0
// Who waits for records beyond a place. Each is told once, then asks again: a slow one costs
// nothing.
#pragma once

#include "messages/commit.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace holdfast::journal {

/// `Watcher` is whatever the shell tells by. Pure.
template <class Watcher>
class watchlist {
public:
  struct told {
    Watcher whom;
    records_committed what;
  };

  explicit watchlist(std::size_t watchers_max) : watchers_max_{watchers_max} {}

  /// Someone wants to hear of records beyond `after`. Answers whom to tell at once, because there
  /// are such records already; `whom` is moved from unless the list is full, which is `busy`.
  result<std::vector<told>> add(Watcher& whom, sequence after, sequence head) {
    std::vector<told> now;
    if (after < head) {
      now.push_back({std::move(whom), {.first = after + 1, .last = head}});
      return now;
    }
    if (waiting_.size() >= watchers_max_)
      return fault{fault_code::busy, "too many wait for records", "try again a little later"};
    waiting_.push_back({std::move(whom), after});
    return now;
  }

  /// The head has moved: everyone whom that concerns, in the order they came.
  std::vector<told> committed(sequence head) {
    std::vector<told> now;
    std::vector<waiter> rest;
    for (auto& one : waiting_)
      if (one.after < head)
        now.push_back({std::move(one.whom), {.first = one.after + 1, .last = head}});
      else
        rest.push_back(std::move(one));
    waiting_ = std::move(rest);
    return now;
  }

  /// Empties the list: nobody will be told by it any more.
  std::vector<Watcher> dismiss() {
    std::vector<Watcher> all;
    for (auto& one : waiting_)
      all.push_back(std::move(one.whom));
    waiting_.clear();
    return all;
  }

private:
  struct waiter {
    Watcher whom;
    sequence after;
  };

  std::size_t watchers_max_;
  std::vector<waiter> waiting_;
};

} // namespace holdfast::journal
