// SPDX-License-Identifier: Apache-2.0
// The decisions about backpressure.
#include "actors/pressure/pressure.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <utility>

namespace holdfast::pressure {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds retry_min{100};
constexpr milliseconds retry_unknown{1000};
constexpr milliseconds retry_max{60000};

milliseconds between(instant earlier, instant later) {
  return std::max(std::chrono::duration_cast<milliseconds>(later - earlier), milliseconds{0});
}

template <class Level>
result<void> check_level(const char* name, Level pause, Level resume) {
  const auto field = std::string{name};
  if (pause < Level{})
    return fault{fault_code::invalid, field + "_pause must not be negative", {}};
  if (pause > Level{} && (resume <= Level{} || resume > pause))
    return fault{fault_code::invalid,
                 field + "_resume must be above 0 and not above " + field + "_pause",
                 {}};
  return {};
}

} // namespace

result<void> check(const limits& chosen) {
  if (auto fine = check_level("bytes", chosen.bytes_pause, chosen.bytes_resume); !fine)
    return fine;
  if (auto fine = check_level("records", chosen.records_pause, chosen.records_resume); !fine)
    return fine;
  if (auto fine = check_level("age", chosen.age_pause, chosen.age_resume); !fine)
    return fine;
  if (chosen.silent_after.count() <= 0)
    return fault{fault_code::invalid, "silent_after must be above 0", {}};
  return {};
}

pressure::pressure(limits chosen, sequence head, instant now)
    : limits_{chosen}, began_{head}, progress_since_{now} {
  assert(check(limits_));
}

decision pressure::on(const records_appended& told, instant now) {
  const auto last = head();
  if (told.last <= last)
    return {};
  // A consumer that was done has something to do only from now on.
  for (auto& [name, one] : consumers_)
    if (one.position >= last)
      one.heard = now;
  steps_.push_back({told.last, bytes() + told.bytes, now});
  if (steps_.size() > steps_max)
    coarsen();
  return rule(now);
}

decision pressure::on(const consumer_joined& told, instant now) {
  decision made;
  consumers_.erase(told.consumer);
  join(told.consumer, told.position, told.bytes_behind, now, made);
  return rule(now, std::move(made));
}

decision pressure::on(const records_processed& told, instant now) {
  decision made;
  const auto found = consumers_.find(told.consumer);
  auto* one =
      found == consumers_.end() ? join(told.consumer, told.position, 0, now, made) : &found->second;
  if (one == nullptr)
    return rule(now, std::move(made));
  one->position = std::max(one->position, told.position);
  one->heard = now;
  if (std::exchange(one->silent, false))
    made.alarms.push_back({pressure_trouble::resumed, told.consumer,
                           "consumer '" + told.consumer + "' speaks again and counts again"});
  note_progress(now);
  return rule(now, std::move(made));
}

decision pressure::on(const consumer_left& told, instant now) {
  if (consumers_.erase(told.consumer) == 0)
    return {};
  return rule(now);
}

decision pressure::on(const check_due&, instant now) {
  if (wake_at_ && now >= *wake_at_)
    wake_at_.reset();
  return rule(now);
}

pressure_reading pressure::read(instant now) const {
  pressure_reading reading;
  reading.now = worst(now);
  reading.now.paused = paused_;
  reading.now.cause = cause_;
  reading.now.retry_after = paused_ ? retry_after(reading.now) : milliseconds{0};
  for (const auto& [name, one] : consumers_)
    reading.consumers.push_back(lag_of(name, one, now));
  return reading;
}

pressure::consumer* pressure::join(const std::string& name, sequence position, std::uint64_t bytes,
                                   instant now, decision& made) {
  if (consumers_.size() >= limits_.consumers_max) {
    made.alarms.push_back({pressure_trouble::too_many, name,
                           "consumer '" + name + "' does not count: there are more than "
                               + std::to_string(limits_.consumers_max)});
    return nullptr;
  }
  consumer one;
  one.position = one.joined_at = position;
  one.joined_head = head();
  one.joined_bytes = this->bytes();
  one.bytes_before = position < began_ ? bytes : 0;
  one.heard = now;
  return &consumers_.insert_or_assign(name, one).first->second;
}

/// Merges neighbours up to a thousandth of all that is remembered. Two that stay neighbours are
/// larger than that together, so at most half of the steps are left.
void pressure::coarsen() {
  const auto size_max = (bytes() - began_bytes_) / (steps_max / 4);
  std::deque<step> fewer;
  auto start = began_bytes_; // of the last of `fewer`
  for (const auto& each : steps_) {
    if (!fewer.empty() && each.bytes - start <= size_max) {
      fewer.back().last = each.last;
      fewer.back().bytes = each.bytes;
    } else {
      start = fewer.empty() ? began_bytes_ : fewer.back().bytes;
      fewer.push_back(each);
    }
  }
  steps_ = std::move(fewer);
}

std::uint64_t pressure::bytes_behind(const consumer& one) const {
  if (one.joined_at < began_ && one.position < one.joined_head && one.bytes_before > 0) {
    // What it said is taken off in proportion to the records it has done since.
    const auto left = static_cast<long double>(one.joined_head - one.position)
                      / static_cast<long double>(one.joined_head - one.joined_at);
    return bytes() - one.joined_bytes
           + static_cast<std::uint64_t>(static_cast<long double>(one.bytes_before) * left);
  }
  // The first step that ends beyond the position: it may be done in part, and counts whole.
  const auto next =
      std::upper_bound(steps_.begin(), steps_.end(), one.position,
                       [](sequence position, const step& each) { return position < each.last; });
  if (next == steps_.end())
    return 0;
  return bytes() - (next == steps_.begin() ? began_bytes_ : std::prev(next)->bytes);
}

/// Since when the oldest record it has not done is there, as far as that is known.
std::optional<instant> pressure::oldest(const consumer& one) const {
  const auto next =
      std::upper_bound(steps_.begin(), steps_.end(), one.position,
                       [](sequence position, const step& each) { return position < each.last; });
  if (next == steps_.end())
    return std::nullopt;
  return next->first;
}

consumer_lag pressure::lag_of(const std::string& name, const consumer& one, instant now) const {
  consumer_lag lag;
  lag.consumer = name;
  lag.position = one.position;
  lag.bytes = bytes_behind(one);
  lag.records = head() > one.position ? head() - one.position : 0;
  if (const auto since = oldest(one))
    lag.age = between(*since, now);
  lag.silent = one.silent;
  return lag;
}

/// The highest of each reading; the consumer named is the one with the most bytes, then records.
pressure_changed pressure::worst(instant now) const {
  pressure_changed all;
  for (const auto& [name, one] : consumers_) {
    if (one.silent)
      continue;
    const auto lag = lag_of(name, one, now);
    if (all.consumer.empty()
        || std::pair{lag.bytes, lag.records} > std::pair{all.bytes, all.records})
      all.consumer = name;
    all.bytes = std::max(all.bytes, lag.bytes);
    all.records = std::max(all.records, lag.records);
    all.age = std::max(all.age, lag.age);
  }
  return all;
}

/// How long the excess takes at the present speed.
milliseconds pressure::retry_after(const pressure_changed& reading) const {
  if (cause_ != pressure_cause::bytes || bytes_per_second_ == 0)
    return retry_unknown;
  const auto excess = reading.bytes - std::min(reading.bytes, limits_.bytes_resume);
  if (excess / bytes_per_second_ > 60)
    return retry_max;
  return std::clamp(milliseconds{excess * 1000 / bytes_per_second_}, retry_min, retry_max);
}

void pressure::note_progress(instant now) {
  auto done = std::numeric_limits<std::uint64_t>::max();
  for (const auto& [name, one] : consumers_)
    if (!one.silent)
      done = std::min(done, bytes() - std::min(bytes(), bytes_behind(one)));
  const auto time = between(progress_since_, now);
  if (time < milliseconds{1000})
    return;
  if (done > progress_bytes_)
    bytes_per_second_ = (done - progress_bytes_) / static_cast<std::uint64_t>(time.count() / 1000);
  progress_since_ = now;
  progress_bytes_ = done;
}

void pressure::hush(decision& made, instant now) {
  for (auto& [name, one] : consumers_) {
    const auto lag = lag_of(name, one, now);
    if (one.silent || lag.records == 0 || now - one.heard < limits_.silent_after)
      continue;
    one.silent = true;
    made.alarms.push_back(
        {pressure_trouble::silent, name,
         "consumer '" + name + "' has said nothing for "
             + std::to_string(
                 std::chrono::duration_cast<std::chrono::minutes>(now - one.heard).count())
             + " minutes and is " + std::to_string(lag.records)
             + " records behind: nobody waits for it any more"});
  }
}

std::optional<instant> pressure::next_check() const {
  std::optional<instant> next;
  const auto consider = [&](instant when) { next = next ? std::min(*next, when) : when; };
  for (const auto& [name, one] : consumers_) {
    if (one.silent || one.position >= head())
      continue;
    consider(one.heard + limits_.silent_after);
    // Once paused, only what consumers do can change an age for the better.
    if (limits_.age_pause.count() > 0 && !paused_)
      if (const auto since = oldest(one))
        consider(*since + limits_.age_pause + milliseconds{1});
  }
  return next;
}

decision pressure::rule(instant now, decision made) {
  hush(made, now);
  // Steps that every consumer has done tell nothing more.
  auto done = head();
  for (const auto& [name, one] : consumers_)
    done = std::min(done, one.position);
  while (!steps_.empty() && steps_.front().last <= done) {
    began_ = steps_.front().last;
    began_bytes_ = steps_.front().bytes;
    steps_.pop_front();
  }

  auto reading = worst(now);
  const auto above = [](auto value, auto level) {
    return level > decltype(level){} && value > level;
  };
  const auto below = [](auto value, auto pause, auto resume) {
    return pause == decltype(pause){} || value < resume;
  };
  const auto cause = above(reading.bytes, limits_.bytes_pause)       ? pressure_cause::bytes
                     : above(reading.records, limits_.records_pause) ? pressure_cause::records
                     : above(reading.age, limits_.age_pause)         ? pressure_cause::age
                                                                     : pressure_cause::none;
  const bool relaxed = below(reading.bytes, limits_.bytes_pause, limits_.bytes_resume)
                       && below(reading.records, limits_.records_pause, limits_.records_resume)
                       && below(reading.age, limits_.age_pause, limits_.age_resume);
  if (paused_ ? relaxed : cause != pressure_cause::none) {
    paused_ = !paused_;
    cause_ = cause;
    reading.paused = paused_;
    reading.cause = cause_;
    reading.retry_after = paused_ ? retry_after(reading) : milliseconds{0};
    made.changes.push_back(std::move(reading));
  }
  // Alarms cannot be called back: only an earlier one than the one on its way is asked for.
  if (const auto next = next_check(); next && (!wake_at_ || *next < *wake_at_)) {
    wake_at_ = next;
    made.wake_at = next;
  }
  return made;
}

} // namespace holdfast::pressure
