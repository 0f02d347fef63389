// SPDX-License-Identifier: Apache-2.0
// Retention of telemetry files.
#include "actors/telemetry/telemetry.hpp"

#include <algorithm>

namespace holdfast::telemetry {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;

constexpr hours doubt_lasts{24};
constexpr hours leap_max{1};         // between two duties
constexpr hours silence_max{24 * 7}; // at the start: since the newest file
constexpr hours future_max{24};      // at the start: a file from tomorrow

microseconds age_of(const telemetry_listed& file, wall_time wall) {
  return microseconds{wall.us - file.opened.us};
}

} // namespace

bool telemetry::doubts(const std::vector<telemetry_listed>& found, wall_time wall, instant now) {
  bool leapt = false;
  if (last_) {
    const auto drift = microseconds{wall.us - last_->wall.us}
                       - std::chrono::duration_cast<microseconds>(now - last_->now);
    leapt = drift > leap_max || drift < -leap_max;
  } else {
    // A file that is open now was named by the same clock, so only closed ones are evidence.
    std::optional<microseconds> youngest;
    for (const auto& file : found)
      if (!file.open && (!youngest || age_of(file, wall) < *youngest))
        youngest = age_of(file, wall);
    leapt = youngest && (*youngest > silence_max || *youngest < -future_max);
  }
  last_ = reading{wall, now};
  if (leapt)
    doubting_until_ = now + doubt_lasts;
  if (doubting_until_ && now >= *doubting_until_)
    doubting_until_.reset();
  return doubting_until_.has_value();
}

decision telemetry::on(const prune_telemetry&, const std::vector<telemetry_listed>& found,
                       wall_time wall, instant now) {
  decision made{.frozen = doubts(found, wall, now)};
  std::uint64_t total = 0;
  std::vector<const telemetry_listed*> kept; // closed ones, oldest first, audit behind all others
  for (const auto& file : found) {
    const auto limit =
        file.stream == "audit" ? retention_.audit_remove_after : retention_.remove_after;
    if (!file.open && !made.frozen && age_of(file, wall) >= limit) {
      made.remove.push_back(file.file);
      continue;
    }
    total += file.size;
    if (!file.open)
      kept.push_back(&file);
  }
  std::stable_sort(kept.begin(), kept.end(), [](const auto* left, const auto* right) {
    const bool left_audit = left->stream == "audit";
    const bool right_audit = right->stream == "audit";
    return left_audit != right_audit ? right_audit : left->opened < right->opened;
  });
  auto first = kept.begin();
  for (; first != kept.end() && total > retention_.total_bytes; ++first) {
    made.remove.push_back((*first)->file);
    total -= (*first)->size;
  }
  for (; first != kept.end(); ++first) {
    const auto& file = **first;
    if (file.compressed || file.torn || age_of(file, wall) < retention_.compress_after)
      continue;
    if (made.compress.size() < retention_.compressed_at_once)
      made.compress.push_back(file.file);
    else
      ++made.left;
  }
  return made;
}

} // namespace holdfast::telemetry
