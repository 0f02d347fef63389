// SPDX-License-Identifier: Apache-2.0
// A progress bar with rate and time left.
#include "tools/progress.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace holdfast::tools {

std::string grouped(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

std::string spoken_bytes(std::uint64_t bytes) {
  static constexpr std::array<const char*, 6> units{"B", "kB", "MB", "GB", "TB", "PB"};
  auto shown = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (shown >= 1000 && unit + 1 < units.size()) {
    shown /= 1000;
    ++unit;
  }
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", shown, units[unit]);
  return text.data();
}

std::string progress_line(const progress_reading& reading, const std::string& noun,
                          std::size_t width) {
  const auto ms = std::max<std::int64_t>(1, reading.elapsed.count());
  const auto rate = reading.counted * 1000 / static_cast<std::uint64_t>(ms);
  auto text = grouped(reading.counted) + " " + noun + "  " + grouped(rate) + "/s";
  if (reading.total != 0) {
    const auto done = std::min(reading.done, reading.total);
    const auto share = static_cast<double>(done) / static_cast<double>(reading.total);
    constexpr std::size_t cells = 24;
    const auto full = static_cast<std::size_t>(share * cells);
    std::array<char, 16> percent{};
    std::snprintf(percent.data(), percent.size(), "%3d %%", static_cast<int>(share * 100));
    text = "[" + std::string(full, '#') + std::string(cells - full, '.') + "] " + percent.data()
           + "  " + text;
    if (done > 0) {
      const auto left = static_cast<double>(ms) * (1 - share) / share;
      text += "  " + spoken(std::chrono::milliseconds{static_cast<std::int64_t>(left)}) + " left";
    }
  } else {
    text += "  " + spoken(reading.elapsed);
  }
  return text.substr(0, width);
}

void progress::show(std::uint64_t done, std::uint64_t total, std::uint64_t counted, instant now) {
  using namespace std::chrono;
  if (!shown_ || now - started_ < seconds{2} || now - drawn_ < milliseconds{100})
    return;
  drawn_ = now;
  on_screen_ = true;
  const auto line =
      progress_line({done, total, duration_cast<milliseconds>(now - started_), counted}, noun_, 79);
  std::fprintf(stderr, "\r%s\x1b[K", line.c_str());
  std::fflush(stderr);
}

void progress::clear() {
  if (!on_screen_)
    return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  on_screen_ = false;
}

} // namespace holdfast::tools
