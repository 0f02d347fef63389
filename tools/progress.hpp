// SPDX-License-Identifier: Apache-2.0
// A progress bar with rate and time left: on stderr, on a terminal only, after two seconds.
#pragma once

#include "messages/ids.hpp"
#include "runtime/spoken.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace holdfast::tools {

/// How far something is. Pure.
struct progress_reading {
  std::uint64_t done = 0;
  std::uint64_t total = 0; ///< 0: not known.
  std::chrono::milliseconds elapsed{0};
  std::uint64_t counted = 0; ///< What the rate counts (events), where `done` counts bytes.
};

/// One line of at most `width` columns: `[#####.....]  52 %  183,000 events/s  4 s left`.
std::string progress_line(const progress_reading& reading, const std::string& noun,
                          std::size_t width);

/// `1,234,567`.
std::string grouped(std::uint64_t number);

using holdfast::spoken;

/// `1.2 MB`, in powers of 1000.
std::string spoken_bytes(std::uint64_t bytes);

/// Draws the line over itself. Silent off a terminal.
class progress {
public:
  progress(bool shown, std::string noun, instant started)
      : shown_{shown}, noun_{std::move(noun)}, started_{started}, drawn_{started} {}
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;
  ~progress() { clear(); }

  /// Draws at most ten times a second, and nothing in the first two seconds.
  void show(std::uint64_t done, std::uint64_t total, std::uint64_t counted, instant now);

  /// Wipes the line, so that a message can take its place.
  void clear();

private:
  bool shown_;
  bool on_screen_ = false;
  std::string noun_;
  instant started_;
  instant drawn_;
};

} // namespace holdfast::tools
