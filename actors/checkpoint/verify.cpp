// SPDX-License-Identifier: Apache-2.0
// Verifies checkpoints: reads and checks chunks of records, many at a time, and decodes and folds
// them in order meanwhile. What crosses from one thread to another is flat text, because trees of
// values made by one thread and freed by another cost more than they are worth.
#include "actors/checkpoint/replay.hpp"
#include "persistence/sha256.hpp"

#include <algorithm>
#include <deque>
#include <utility>

namespace holdfast::checkpointing {

namespace {

using persistence::record_view;

/// Records in one chunk, and chunks read at a time: this bounds the memory.
constexpr std::uint64_t chunk_records = 1024;
constexpr std::size_t chunks_at_once = 16;

/// Records `(after, last]`; `ends` is the interval that is complete with them.
struct chunk {
  sequence after;
  sequence last;
  const checkpoint_info* ends = nullptr;
  std::vector<std::pair<sequence, record_view>> events; ///< The fold's only; they view `text`.
  std::string text;
  std::optional<fault> problem;

  void keep(sequence at, const record_view& record) {
    for (const auto part : {record.stream, record.type, record.key, record.body})
      text += part;
    events.emplace_back(at, record);
  }

  /// Once `text` grows no more.
  void settle() {
    std::string_view left = text;
    for (auto& [at, record] : events)
      for (auto* part : {&record.stream, &record.type, &record.key, &record.body}) {
        *part = left.substr(0, part->size());
        left.remove_prefix(part->size());
      }
  }
};

class verifying {
public:
  verifying(const fold& how, const reader& source) : how_{how}, source_{source} {}

  result<verification> run(sequence from, sequence to, const executor& run) {
    if (const auto planned = plan(from, to); !planned)
      return planned.error();
    if (ends_.empty())
      return std::move(made_);
    if (const auto begun = begin_at(base_); !begun)
      return begun.error();
    if (const auto done = run ? spread(run) : spread(in_turn); !done)
      return done.error();
    return std::move(made_);
  }

private:
  /// Which checkpoints are verified, oldest first, and which one the first of them begins with.
  result<void> plan(sequence from, sequence to) {
    const auto head = source_.head();
    if (!head)
      return head.error();
    auto listed = source_.checkpoints(how_.name);
    if (!listed)
      return listed.error();
    std::sort(listed->begin(), listed->end(),
              [](const auto& one, const auto& other) { return one.covered < other.covered; });
    const checkpoint_info* before = nullptr;
    const bool from_the_start = head->floor == sequence{};
    for (const auto& one : *listed) {
      if (one.covered > to)
        break;
      if (one.covered > from) {
        if (before == nullptr && !from_the_start) {
          made_.skipped.push_back(one);
        } else {
          if (ends_.empty())
            base_ = before == nullptr ? sequence{} : before->covered;
          ends_.push_back(one);
        }
      }
      before = &one;
    }
    return {};
  }

  /// The state the next interval begins with: what is stored there, if it verifies.
  result<void> begin_at(sequence place) {
    start_at_ = place;
    auto stored = newest_base(how_, source_, place);
    if (!stored)
      return stored.error();
    if (stored->base == place) {
      state_ = std::move(stored->state);
      return {};
    }
    made_.damaged.insert(made_.damaged.end(), stored->damaged.begin(), stored->damaged.end());
    // Damaged: go on with what was folded here, or fold up to here first.
    if (state_.has_value())
      return {};
    auto again = fold_again(how_, source_, place, place);
    if (!again)
      return again.error();
    state_ = std::move(again->state);
    return {};
  }

  static void in_turn(const std::vector<std::function<void()>>& tasks) {
    for (const auto& task : tasks)
      task();
  }

  result<void> spread(const executor& run) {
    auto left = chunks();
    std::deque<chunk> ready;
    while (!left.empty() || !ready.empty()) {
      std::deque<chunk> next;
      for (; !left.empty() && next.size() < chunks_at_once; left.pop_front())
        next.push_back(std::move(left.front()));
      result<void> folded;
      std::vector<std::function<void()>> tasks;
      // The fold first: it must be in order, so it is the longest of this round.
      tasks.emplace_back([&] { folded = fold_chunks(ready); });
      for (auto& one : next)
        tasks.emplace_back([this, &one] { read(one); });
      run(std::move(tasks));
      if (!folded)
        return folded;
      ready = std::move(next);
    }
    return {};
  }

  std::deque<chunk> chunks() const {
    std::deque<chunk> all;
    auto after = base_;
    for (const auto& one : ends_)
      while (after < one.covered) {
        chunk next;
        next.after = after;
        next.last = std::min(after + chunk_records, one.covered);
        next.ends = next.last == one.covered ? &one : nullptr;
        after = next.last;
        all.push_back(std::move(next));
      }
    return all;
  }

  /// Any thread of the executor. Reads one record more, before the first, so that the chain is
  /// checked across the chunk's border too.
  void read(chunk& into) const {
    const auto scanned =
        source_.scan_views(std::max(into.after, sequence{1}), into.last,
                           [&](sequence at, const record_view& one) -> result<bool> {
                             if (at > into.after && takes_stream(how_.stream, one.stream))
                               into.keep(at, one);
                             return true;
                           });
    into.settle();
    if (!scanned)
      into.problem = scanned.error();
  }

  result<void> fold_chunks(std::deque<chunk>& ready) {
    for (auto& one : ready) {
      if (one.problem)
        return *one.problem;
      for (const auto& [at, record] : one.events) {
        ++made_.events;
        if (const auto whole = source_.raise(at, record, event_); !whole)
          return whole;
        if (const auto applied = apply(how_, state_, event_); !applied)
          return applied;
      }
      if (one.ends != nullptr)
        if (const auto ended = end_interval(*one.ends); !ended)
          return ended;
    }
    return {};
  }

  result<void> end_interval(const checkpoint_info& stated) {
    ++made_.intervals;
    made_.records += stated.covered - start_at_;
    const auto folded = encode(how_, state_);
    if (!folded)
      return folded.error();
    const auto same = is_same(*folded, stated);
    if (!same)
      return same.error();
    if (!*same)
      if (const auto named = name_divergence(stated); !named)
        return named;
    return begin_at(stated.covered);
  }

  /// A state of an earlier schema is compared as this fold reads it: its bytes must differ. One
  /// that cannot be read is damage, not divergence.
  result<bool> is_same(const std::string& folded, const checkpoint_info& stated) const {
    if (stated.schema == how_.schema || persistence::sha256(folded) == stated.state_sha)
      return persistence::sha256(folded) == stated.state_sha;
    const auto stored = newest_base(how_, source_, stated.covered);
    if (!stored)
      return stored.error();
    if (stored->base != stated.covered)
      return true;
    const auto raised = encode(how_, stored->state);
    if (!raised)
      return raised.error();
    return *raised == folded;
  }

  result<void> name_divergence(const checkpoint_info& stated) {
    auto found = explain(how_, source_, start_at_, stated.covered);
    if (!found)
      return found.error();
    made_.divergences.push_back(std::move(*found));
    return {};
  }

  const fold& how_;
  const reader& source_;
  verification made_;
  std::vector<checkpoint_info> ends_;
  sequence base_;
  std::any state_;
  recorded_event event_; ///< The one being folded; kept for its memory.
  sequence start_at_;
};

} // namespace

result<verification> verify(const fold& how, const reader& source, sequence from, sequence to,
                            const executor& run) {
  return verifying{how, source}.run(from, to, run);
}

} // namespace holdfast::checkpointing
