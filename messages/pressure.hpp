// SPDX-License-Identifier: Apache-2.0
// The conversation about backpressure: who is behind, and when producers pause and go on.
#pragma once

#include "messages/fields.hpp"
#include "messages/ids.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

/// The journal took records up to `last`.
struct records_appended {
  sequence last;
  std::uint64_t bytes = 0; ///< Of their bodies, all together.

  static constexpr auto name = "records_appended";
  static constexpr auto fields = std::make_tuple(&records_appended::last, &records_appended::bytes);
};

/// A consumer exists: it counts from now on.
struct consumer_joined {
  std::string consumer;
  sequence position;              ///< Everything up to it is done.
  std::uint64_t bytes_behind = 0; ///< About how many bytes it has to process already.

  static constexpr auto name = "consumer_joined";
  static constexpr auto fields = std::make_tuple(
      &consumer_joined::consumer, &consumer_joined::position, &consumer_joined::bytes_behind);
};

/// A consumer has done everything up to `position`. One that has not joined, joins.
struct records_processed {
  std::string consumer;
  sequence position;

  static constexpr auto name = "records_processed";
  static constexpr auto fields =
      std::make_tuple(&records_processed::consumer, &records_processed::position);
};

/// A consumer is no more: nobody waits for it.
struct consumer_left {
  std::string consumer;

  static constexpr auto name = "consumer_left";
  static constexpr auto fields = std::make_tuple(&consumer_left::consumer);
};

/// What reached its limit.
enum class pressure_cause : std::uint8_t { none = 0, bytes = 1, records = 2, age = 3 };

constexpr std::string_view to_string(pressure_cause why) {
  switch (why) {
  case pressure_cause::none:
    return "none";
  case pressure_cause::bytes:
    return "bytes";
  case pressure_cause::records:
    return "records";
  case pressure_cause::age:
    return "age";
  }
  return "unknown";
}

/// Producers pause or go on. Told to every subscriber at each change.
struct pressure_changed {
  bool paused = false;
  pressure_cause cause = pressure_cause::none; ///< Why they pause; none when they go on.
  std::string consumer;                        ///< The one that is furthest behind.
  std::uint64_t bytes = 0;                     ///< It has still to process.
  std::uint64_t records = 0;
  std::chrono::milliseconds age{0};         ///< Of the oldest of them, as far as is known.
  std::chrono::milliseconds retry_after{0}; ///< A hint, not a promise; 0 when not paused.

  static constexpr auto name = "pressure_changed";
  static constexpr auto fields = std::make_tuple(
      &pressure_changed::paused, &pressure_changed::cause, &pressure_changed::consumer,
      &pressure_changed::bytes, &pressure_changed::records, &pressure_changed::age,
      &pressure_changed::retry_after);
};

/// How far one consumer is behind.
struct consumer_lag {
  std::string consumer;
  sequence position;
  std::uint64_t bytes = 0;
  std::uint64_t records = 0;
  std::chrono::milliseconds age{0};
  bool silent = false; ///< It has been silent for so long that nobody waits for it.

  static constexpr auto name = "consumer_lag";
  static constexpr auto fields =
      std::make_tuple(&consumer_lag::consumer, &consumer_lag::position, &consumer_lag::bytes,
                      &consumer_lag::records, &consumer_lag::age, &consumer_lag::silent);
};

/// Asks how it stands. Answered with `pressure_reading`.
struct read_pressure {
  static constexpr auto name = "read_pressure";
  static constexpr auto fields = std::make_tuple();
};

struct pressure_reading {
  pressure_changed now; ///< As if it had changed just now.
  std::vector<consumer_lag> consumers;

  static constexpr auto name = "pressure_reading";
  static constexpr auto fields =
      std::make_tuple(&pressure_reading::now, &pressure_reading::consumers);
};

/// Subscribes the sender to `pressure_changed` until it ends. Answered with how it stands now.
struct watch_pressure {
  static constexpr auto name = "watch_pressure";
  static constexpr auto fields = std::make_tuple();
};

enum class pressure_trouble : std::uint8_t {
  silent = 1,  ///< The consumer has been silent too long and counts no more.
  resumed = 2, ///< It spoke again and counts again.
  too_many = 3 ///< There are too many consumers: this one does not count.
};

/// Something a person should know.
struct pressure_alarm {
  pressure_trouble what = pressure_trouble::silent;
  std::string consumer;
  std::string text;

  static constexpr auto name = "pressure_alarm";
  static constexpr auto fields =
      std::make_tuple(&pressure_alarm::what, &pressure_alarm::consumer, &pressure_alarm::text);
};

} // namespace holdfast
