// SPDX-License-Identifier: Apache-2.0
// The same fold, run again.
#include "actors/checkpoint/replay.hpp"

#include "persistence/canonical.hpp"
#include "persistence/sha256.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace holdfast::checkpointing {

namespace {

/// Two folds are compared after each event up to here; beyond, after strides first.
constexpr std::uint64_t compared_one_by_one_max = 2000;

/// A function the user wrote may throw; here is the wall it does not pass.
template <class Call>
auto guarded(const fold& how, const char* what, Call call) -> result<decltype(call())> {
  try {
    return call();
  } catch (const std::exception& thrown) {
    return fault{fault_code::undone, how.name + ": " + what + " threw: " + thrown.what(), {}};
  }
}

result<std::any> decoded(const fold& how, const checkpoint& stored) {
  auto state = guarded(how, "decode", [&] { return how.decode(stored.state, stored.info.schema); });
  if (!state)
    return state.error();
  return std::move(*state);
}

/// Calls `take` for every record of the fold in `(after, last]`; a fault of `take` ends it.
result<void> each(const fold& how, const reader& from, sequence after, sequence last,
                  const std::function<result<void>(const recorded_event&)>& take) {
  std::optional<fault> problem;
  auto scanned = from.scan(after + 1, last, [&](const recorded_event& one) {
    if (!takes(how, one))
      return true;
    if (auto taken = take(one); !taken)
      problem = taken.error();
    return !problem;
  });
  if (problem)
    return *problem;
  return scanned;
}

/// Two states that should stay the same.
struct pair_of_states {
  std::any left;
  std::any right;

  result<void> apply(const fold& how, const recorded_event& one) {
    if (auto done = checkpointing::apply(how, left, one); !done)
      return done;
    return checkpointing::apply(how, right, one);
  }

  result<bool> differ(const fold& how) const {
    const auto one = encode(how, left);
    if (!one)
      return one.error();
    const auto other = encode(how, right);
    if (!other)
      return other.error();
    return *one != *other;
  }
};

/// Compares after every `stride` events (and after the last) of `(after, last]`. Answers the last
/// place where both were the same and the first where they were not.
struct narrowed {
  sequence same;
  sequence different;
  pair_of_states at_same;
};

result<std::optional<narrowed>> narrow(const fold& how, const reader& from, pair_of_states both,
                                       sequence after, sequence last, std::uint64_t stride) {
  narrowed found{after, {}, both};
  std::uint64_t since = 0;
  sequence newest = after;
  const auto compare = [&](sequence at) -> result<bool> {
    since = 0;
    const auto differ = both.differ(how);
    if (!differ)
      return differ.error();
    if (!*differ) {
      found.same = at;
      if (stride > 1)
        found.at_same = both;
      return false;
    }
    found.different = at;
    return true;
  };
  std::optional<fault> problem;
  const auto scanned = from.scan(after + 1, last, [&](const recorded_event& one) {
    if (!takes(how, one))
      return true;
    newest = one.at;
    if (auto applied = both.apply(how, one); !applied)
      problem = applied.error();
    else if (++since == stride)
      if (const auto differ = compare(one.at); !differ)
        problem = differ.error();
    return !problem && found.different == sequence{};
  });
  if (!problem && !scanned)
    problem = scanned.error();
  if (!problem && found.different == sequence{} && since > 0)
    if (const auto differ = compare(newest); !differ)
      problem = differ.error();
  if (problem)
    return *problem;
  if (found.different == sequence{})
    return std::optional<narrowed>{};
  return std::optional{std::move(found)};
}

} // namespace

bool takes(const fold& how, const recorded_event& one) {
  return takes_stream(how.stream, one.stream);
}

result<void> apply(const fold& how, std::any& state, const recorded_event& one) {
  try {
    how.apply(state, one);
    return {};
  } catch (const std::exception& thrown) {
    return fault{fault_code::undone,
                 how.name + ": apply threw at event " + std::to_string(one.at.value) + ": "
                     + thrown.what(),
                 "mend the fold; the event is in the journal"};
  }
}

result<std::string> encode(const fold& how, const std::any& state) {
  const auto made = guarded(how, "encode", [&] { return how.encode(state); });
  if (!made)
    return made.error();
  return persistence::encode_canonical(*made);
}

result<replayed> newest_base(const fold& how, const reader& from, sequence at) {
  replayed made;
  for (auto limit = at; limit > sequence{};) {
    const auto stored = from.newest_checkpoint(how.name, limit, &made.damaged);
    if (!stored && stored.error().code != fault_code::not_found)
      return stored.error();
    if (!stored)
      break;
    if (auto state = decoded(how, *stored)) {
      made.state = std::move(*state);
      made.covered = made.base = stored->info.covered;
      return made;
    } else if (state.error().code == fault_code::unsupported) {
      return state.error();
    }
    made.damaged.push_back(stored->info);
    limit = sequence{stored->info.covered.value - 1};
  }
  const auto head = from.head();
  if (!head)
    return head.error();
  if (head->floor > sequence{})
    return fault{fault_code::corrupt,
                 how.name + ": no checkpoint is good, and the records up to "
                     + std::to_string(head->floor.value) + " are retired",
                 "run `holdfast store verify --deep`"};
  auto state = guarded(how, "initial", how.initial);
  if (!state)
    return state.error();
  made.state = std::move(*state);
  return made;
}

result<replayed> fold_again(const fold& how, const reader& from, sequence after, sequence last) {
  auto made = newest_base(how, from, after);
  if (!made)
    return made;
  const auto done = each(how, from, made->base, last, [&](const recorded_event& one) {
    ++made->events;
    return apply(how, made->state, one);
  });
  if (!done)
    return done.error();
  made->covered = last;
  return made;
}

result<replayed> state_at(const fold& how, const reader& from, sequence at) {
  const auto head = from.head();
  if (!head)
    return head.error();
  const auto last = std::min(at, head->last);
  return fold_again(how, from, last, last);
}

result<std::optional<sequence>> first_difference(const fold& how, const reader& from,
                                                 sequence after, sequence last) {
  auto left = fold_again(how, from, after, after);
  if (!left)
    return left.error();
  auto right = fold_again(how, from, after, after);
  if (!right)
    return right.error();
  const auto span = last - after;
  const auto stride = span <= compared_one_by_one_max ? 1 : span / 1000;
  auto rough =
      narrow(how, from, {std::move(left->state), std::move(right->state)}, after, last, stride);
  if (!rough)
    return rough.error();
  if (!*rough)
    return std::optional<sequence>{};
  if (stride == 1)
    return std::optional{(*rough)->different};
  auto fine =
      narrow(how, from, std::move((*rough)->at_same), (*rough)->same, (*rough)->different, 1);
  if (!fine)
    return fine.error();
  // A fold that differs now and then may not do it again: then the end of the stride must do.
  return std::optional{*fine ? (*fine)->different : (*rough)->different};
}

result<divergence> explain(const fold& how, const reader& from, sequence after, sequence last) {
  divergence found{.owner = how.name, .checkpoint = last, .at = {}, .detail = {}};
  const auto differs = first_difference(how, from, after, last);
  if (!differs)
    return differs.error();
  if (*differs) {
    found.at = **differs;
    found.detail = "two folds of the same events differ from this one on";
  } else {
    found.detail = "two folds of the events after " + std::to_string(after.value)
                   + " agree with each other but not with the state before: the fold has changed "
                     "since, or depends on more than its events";
  }
  return found;
}

} // namespace holdfast::checkpointing
