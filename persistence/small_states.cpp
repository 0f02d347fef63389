// SPDX-License-Identifier: Apache-2.0
// Loads, changes and sums up the entries of `snap` and `state`.
#include "persistence/small_states.hpp"

#include <set>

namespace holdfast::persistence {
namespace {

std::string_view name_of(family which) {
  return family_names[static_cast<std::size_t>(which)];
}

std::int64_t floor_div(std::int64_t number, std::int64_t by) {
  return number / by - (number % by < 0 ? 1 : 0);
}

} // namespace

result<small_states> small_states::load(const rocks& from_db) {
  small_states loaded;
  for (const auto which : {family::snapshots, family::states}) {
    const auto at = from_db.scan(which);
    for (at->SeekToFirst(); at->Valid(); at->Next())
      loaded.put(which, at->key().ToStringView(), at->value().ToStringView());
    if (!at->status().ok())
      return from(at->status(), "read " + std::string{name_of(which)});
  }
  return loaded;
}

void small_states::put(family which, std::string_view key, std::string_view value) {
  auto& kept = entries(which);
  const auto found = kept.find(key);
  if (found == kept.end()) {
    kept.emplace(key, value);
  } else {
    combine(sum_, entry_digest(name_of(which), key, found->second));
    found->second = value;
  }
  combine(sum_, entry_digest(name_of(which), key, value));
}

void small_states::erase(family which, std::string_view key) {
  auto& kept = entries(which);
  const auto found = kept.find(key);
  if (found == kept.end())
    return;
  combine(sum_, entry_digest(name_of(which), key, found->second));
  kept.erase(found);
}

std::optional<cursor_value> small_states::cursor(std::string_view consumer) const {
  const auto found = states_.find(state_key(state_kind::cursor, consumer));
  if (found == states_.end())
    return {};
  const auto decoded = decode_cursor(found->second);
  if (!decoded)
    return {}; // entries were decoded once when they were put or verified
  return *decoded;
}

std::map<std::string, index_value> small_states::indexes() const {
  std::map<std::string, index_value> found;
  const auto prefix = state_key(state_kind::index, {});
  for (auto at = states_.lower_bound(prefix); at != states_.end() && at->first.starts_with(prefix);
       ++at)
    if (const auto decoded = decode_index(at->second))
      found.emplace(at->first.substr(prefix.size()), *decoded);
  return found;
}

std::vector<checkpoint_info> small_states::checkpoints(std::string_view owner) const {
  std::vector<checkpoint_info> found;
  const auto prefix = snapshot_prefix(owner);
  for (auto at = snapshots_.lower_bound(prefix);
       at != snapshots_.end() && at->first.starts_with(prefix); ++at) {
    const auto place = decode_snapshot_key(at->first);
    if (!place)
      continue;
    if (auto decoded = decode_snapshot(place->owner, place->covered, at->second))
      found.push_back(std::move(decoded->info));
  }
  return found;
}

std::vector<std::size_t> superseded(const std::vector<wall_time>& times,
                                    const checkpoint_history& kept) {
  constexpr std::int64_t hour_us = 3'600'000'000;
  std::set<std::int64_t> hours;
  std::set<std::int64_t> days;
  std::vector<std::size_t> gone;
  for (std::size_t i = kept.newest; i < times.size(); ++i) {
    const auto hour = floor_div(times[i].us, hour_us);
    const auto day = floor_div(times[i].us, 24 * hour_us);
    // A later one of the same hour, or, once the hours are used up, of the same day, stands for it.
    if (hours.size() < kept.hourly || hours.contains(hour)) {
      if (!hours.insert(hour).second)
        gone.push_back(i);
    } else if (days.size() == kept.daily || !days.insert(day).second) {
      gone.push_back(i);
    }
  }
  return gone;
}

} // namespace holdfast::persistence
