// SPDX-License-Identifier: Apache-2.0
// Reads the mirror's segments: what is whole, what is stale, what is damaged.
#include "persistence/crc32c.hpp"
#include "persistence/mirror.hpp"
#include "persistence/mirror_record.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <utility>

namespace holdfast::persistence {
namespace {

constexpr std::size_t window_bytes = 1U << 20U;

/// A sliding view into a file, so that small batches do not cost a system call each.
class window {
public:
  explicit window(const file& from) : from_{from} {}

  /// The bytes there; fewer at the end of the file. Valid until the next call.
  result<std::string_view> at(std::uint64_t offset, std::size_t size) {
    if (offset < base_ || offset + size > base_ + held_.size()) {
      held_.resize(std::max(size, window_bytes));
      const auto got = from_.read(offset, held_);
      if (!got)
        return got.error();
      base_ = offset;
      const auto there = *got;
      if (there < held_.size())
        held_.resize(there);
    }
    return std::string_view{held_}.substr(offset - base_, size);
  }

private:
  const file& from_;
  std::string held_;
  std::uint64_t base_ = 0;
};

using take_batch = std::function<result<bool>(const mirror_header&, std::string_view payload)>;

/// One segment as it was found.
struct segment_found {
  std::optional<mirror_run> run; ///< From offset 0 as far as everything fits.
  std::uint64_t generation_max = 0;
  std::uint64_t end = 0; ///< Where the run ends.
  /// Batches of the run's generation behind its end: something between is damaged.
  std::optional<std::pair<sequence, sequence>> cut_off;
  mirror_remnant beyond;
};

void keep_newer(mirror_remnant& kept, const mirror_remnant& other) {
  if (std::tie(other.epoch, other.first) > std::tie(kept.epoch, kept.first))
    kept = other;
}

bool follows(const segment_found& so_far, const mirror_header& next) {
  if (!so_far.run)
    return true;
  return next.generation == so_far.run->generation && next.first.value == so_far.run->last.value + 1
         && next.before == so_far.run->after;
}

void extend(segment_found& found, const mirror_header& next) {
  if (!found.run)
    found.run = mirror_run{.first = next.first,
                           .last = {},
                           .before = next.before,
                           .after = {},
                           .power = {},
                           .generation = next.generation,
                           .batches = 0};
  auto& run = *found.run;
  run.last = next.last;
  run.after = next.after;
  if (next.level == durability::power)
    run.power = {next.last, next.after};
  ++run.batches;
  found.end += mirror_footprint(next.payload_bytes);
  found.generation_max = std::max(found.generation_max, next.generation);
}

/// The header at that place of the segment, if one of this store stands there.
result<std::optional<mirror_header>> header_at(window& bytes, std::uint64_t offset,
                                               const instance_id& instance) {
  const auto raw = bytes.at(offset, mirror_header_bytes);
  if (!raw)
    return raw.error();
  if (!may_be_mirror_header(*raw))
    return std::optional<mirror_header>{};
  const auto header = decode_mirror_header(*raw);
  if (!header || header->instance != instance || header->position != offset)
    return std::optional<mirror_header>{};
  return std::optional{*header};
}

/// Looks behind the end of the run for what was written after it.
result<void> look_behind(window& bytes, const instance_id& instance, std::uint64_t size,
                         segment_found& found) {
  for (auto offset = found.end; offset + mirror_header_bytes <= size; offset += mirror_alignment) {
    const auto header = header_at(bytes, offset, instance);
    if (!header)
      return header.error();
    if (!*header)
      continue;
    found.generation_max = std::max(found.generation_max, (*header)->generation);
    keep_newer(found.beyond, {(*header)->generation >> 32U, (*header)->first, (*header)->last});
    // The batch right at the end is a write that was cut short, not damage.
    if (offset == found.end || (found.run && (*header)->generation != found.run->generation))
      continue;
    if (!found.run)
      continue;
    if (!found.cut_off)
      found.cut_off.emplace((*header)->first, (*header)->last);
    found.cut_off->second = std::max(found.cut_off->second, (*header)->last);
  }
  return {};
}

/// Reads one segment from its beginning; `take` may be empty.
result<segment_found> walk(const file& segment, const instance_id& instance,
                           const take_batch& take) {
  const auto size = segment.size();
  if (!size)
    return size.error();
  segment_found found;
  window bytes{segment};
  while (found.end + mirror_header_bytes <= *size) {
    const auto header = header_at(bytes, found.end, instance);
    if (!header)
      return header.error();
    if (!*header || !follows(found, **header))
      break;
    const auto& next = **header;
    if (next.payload_bytes > mirror_batch_bytes_max)
      break;
    const auto payload = bytes.at(found.end + mirror_header_bytes, next.payload_bytes);
    if (!payload)
      return payload.error();
    if (payload->size() != next.payload_bytes || crc32c(*payload) != next.payload_crc)
      break;
    if (take) {
      const auto more = take(next, *payload);
      if (!more)
        return more.error();
      if (!*more)
        return found;
    }
    extend(found, next);
  }
  if (!take)
    if (auto looked = look_behind(bytes, instance, *size, found); !looked)
      return looked.error();
  return found;
}

std::string numbers(sequence from, sequence to) {
  return std::to_string(from.value) + ".." + std::to_string(to.value);
}

std::filesystem::path segment_path(const mirror_options& options, std::size_t number) {
  return options.directory / std::to_string(number);
}

struct both_found {
  std::array<std::optional<segment_found>, 2> segments;
  std::array<std::size_t, 2> order{0, 1}; ///< The older generation first.
};

/// Walks both; problems that are no faults of the disk become sentences.
result<both_found> walk_both(disk& files, const mirror_options& options,
                             std::vector<std::string>& damage) {
  both_found found;
  for (std::size_t number = 0; number < 2; ++number) {
    const auto path = segment_path(options, number);
    auto opened = files.open(path, open_mode::read);
    if (!opened && opened.error().code == fault_code::not_found) {
      damage.push_back(path.string() + " is missing");
      continue;
    }
    if (!opened)
      return opened.error();
    const auto size = (*opened)->size();
    if (!size)
      return size.error();
    if (*size < options.segment_bytes)
      damage.push_back(path.string() + " has " + std::to_string(*size) + " bytes instead of "
                       + std::to_string(options.segment_bytes));
    auto segment = walk(**opened, options.instance, {});
    if (!segment)
      return segment.error();
    if (segment->cut_off)
      damage.push_back(path.string() + " is damaged at offset " + std::to_string(segment->end)
                       + ": its batches of the records "
                       + numbers(segment->cut_off->first, segment->cut_off->second)
                       + " cannot be used");
    found.segments[number] = *std::move(segment);
  }
  const auto generation = [&found](std::size_t number) {
    const auto& segment = found.segments[number];
    return segment && segment->run ? segment->run->generation : 0;
  };
  if (generation(0) > generation(1))
    found.order = {1, 0};
  return found;
}

/// The segments there are, the older generation first.
result<std::vector<std::unique_ptr<file>>> in_order(disk& files, const mirror_options& options) {
  std::vector<std::pair<std::uint64_t, std::unique_ptr<file>>> found;
  for (std::size_t number = 0; number < 2; ++number) {
    auto opened = files.open(segment_path(options, number), open_mode::read);
    if (!opened && opened.error().code == fault_code::not_found)
      continue;
    if (!opened)
      return opened.error();
    window bytes{**opened};
    const auto first = header_at(bytes, 0, options.instance);
    if (!first)
      return first.error();
    if (*first)
      found.emplace_back((*first)->generation, *std::move(opened));
  }
  if (found.size() == 2 && found[1].first < found[0].first)
    std::swap(found[0], found[1]);
  std::vector<std::unique_ptr<file>> ordered;
  for (auto& [generation, opened] : found)
    ordered.push_back(std::move(opened));
  return ordered;
}

bool linked(const mirror_run& older, const mirror_run& newer) {
  return newer.first.value == older.last.value + 1 && newer.before == older.after;
}

} // namespace

const mirror_run* mirror_survey::covering(sequence from, sequence to) const {
  const auto found = std::find_if(runs.rbegin(), runs.rend(), [&](const mirror_run& run) {
    return run.first <= from && to <= run.last;
  });
  return found == runs.rend() ? nullptr : &*found;
}

result<mirror_survey> survey_mirror(disk& files, const mirror_options& options) {
  mirror_survey survey;
  const auto found = walk_both(files, options, survey.damage);
  if (!found)
    return found.error();
  for (const auto number : found->order) {
    const auto& segment = found->segments[number];
    if (!segment)
      continue;
    survey.generation_max = std::max(survey.generation_max, segment->generation_max);
    keep_newer(survey.beyond, segment->beyond);
    if (!segment->run)
      continue;
    survey.bytes += segment->end;
    if (survey.runs.empty()) {
      survey.runs.push_back(*segment->run);
      continue;
    }
    auto& older = survey.runs.back();
    const auto& newer = *segment->run;
    if (linked(older, newer)) {
      older.last = newer.last;
      older.after = newer.after;
      if (newer.power.at.value != 0)
        older.power = newer.power;
      older.batches += newer.batches;
      older.generation = newer.generation;
      continue;
    }
    // Within one epoch the second use follows the first without a hole, or the first is damaged.
    if (newer.generation == older.generation + 1)
      survey.damage.push_back(segment_path(options, 1 - number).string() + " ends at record "
                              + std::to_string(older.last.value)
                              + ", the other segment goes on with "
                              + std::to_string(newer.first.value));
    survey.runs.push_back(newer);
  }
  return survey;
}

result<void> for_each_batch(disk& files, const mirror_options& options, sequence from,
                            const std::function<result<bool>(const mirror_batch&)>& take) {
  const auto segments = in_order(files, options);
  if (!segments)
    return segments.error();
  auto next = from;
  std::optional<chain_digest> chain;
  auto going_on = true;
  const auto pass = [&](const mirror_header& header, std::string_view payload) -> result<bool> {
    if (header.last < next)
      return true;
    const auto begins =
        chain ? header.first == next && header.before == *chain : header.first <= next;
    if (!begins)
      return false;
    const auto more = take({.first = header.first,
                            .last = header.last,
                            .level = header.level,
                            .before = header.before,
                            .after = header.after,
                            .payload = payload});
    if (!more)
      return more.error();
    next = header.last + 1;
    chain = header.after;
    going_on = *more;
    return going_on;
  };
  for (const auto& segment : *segments)
    if (going_on)
      if (auto walked = walk(*segment, options.instance, pass); !walked)
        return walked.error();
  if (!chain)
    return fault{fault_code::not_found,
                 "the mirror does not hold record " + std::to_string(from.value)};
  return {};
}

} // namespace holdfast::persistence
