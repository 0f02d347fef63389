// SPDX-License-Identifier: Apache-2.0
// One stream of telemetry files: appends whole lines, begins new files, survives what disks do.
#pragma once

#include "persistence/telemetry_directory.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::persistence {

/// Stands in for `::write` in tests.
using telemetry_write = std::function<ssize_t(int, const char*, std::size_t)>;

/// What the first line of a new file has to tell.
struct telemetry_opened {
  std::string file;
  std::string after; ///< The newest file of the stream before it; empty: none is there.
  std::vector<telemetry_torn> torn;
};

/// Appends to the newest file of a stream. Not safe for concurrent calls; several processes may
/// use one directory, each with files of its own, or share files under a lock per batch.
/// Nothing here throws or waits for anything but the disk and that lock.
class telemetry_file {
public:
  struct place {
    std::string directory; ///< Absolute.
    std::string stream;
    std::int64_t pid = 0;
    bool shared = false;
  };

  /// `first_line` returns the whole first line of a new file. Opens nothing yet.
  telemetry_file(place where, const telemetry_limits& limits, telemetry_write write,
                 std::function<std::string(const telemetry_opened&)> first_line);
  ~telemetry_file();

  telemetry_file(const telemetry_file&) = delete;
  telemetry_file& operator=(const telemetry_file&) = delete;

  /// Appends records, whose ends in `batch` are `ends`, by one write. Returns how many of those
  /// ends are in the file; what was written beyond them is taken back.
  std::size_t append(std::string_view batch, std::span<const std::size_t> ends, wall_time now);

  /// Makes what was appended survive power loss.
  bool sync();
  bool dirty() const { return dirty_; }

  /// The next append begins a new file.
  void rotate() { rotate_ = true; }

  /// The two halves of `append`, for a writer whose lines depend on the first line of their file.
  /// Between a `prepare` that succeeds and its `append_prepared` a shared file stays locked.
  bool prepare(std::uint64_t adding, wall_time now);
  std::size_t append_prepared(std::string_view batch, std::span<const std::size_t> ends);

  /// Gives the space back that was kept for errors; it is kept again once the disk has room.
  void release_reserve();

  /// Syncs and lets go of the file and the reserve.
  void close();

  /// Adds errors, rotations and repairs since the last call to `counters`, and forgets them.
  void report(telemetry_counters& counters);

  /// Has a first line been written since the last time this was asked?
  bool took_first_line() { return std::exchange(took_first_line_, false); }

  /// Without its directory; empty while none is open.
  const std::string& current() const { return current_; }

private:
  bool open_new(wall_time now);
  bool open_shared(std::uint64_t adding, wall_time now);
  bool create(telemetry_opened& opened, wall_time now);
  bool write_first_line(const telemetry_opened& opened);
  bool usable(std::uint64_t adding, wall_time now);
  bool lock_directory();
  std::size_t put(std::string_view batch, std::span<const std::size_t> ends);
  void keep_reserve();
  std::string reserve_name() const;
  void let_go();
  void note(std::uint64_t telemetry_counters::*counter, const std::string& doing);

  place where_;
  telemetry_limits limits_;
  telemetry_write write_;
  std::function<std::string(const telemetry_opened&)> first_line_;
  descriptor fd_;
  descriptor shared_lock_;
  descriptor reserve_;
  std::string current_;
  std::string last_; // the file before, to be named by the next
  wall_time opened_;
  std::uint64_t size_ = 0;
  std::uint64_t files_ = 0;
  std::vector<telemetry_torn> torn_; // not yet told by a first line
  bool looked_for_torn_ = false;
  bool took_first_line_ = false;
  bool dirty_ = false;
  bool rotate_ = false;
  bool reserve_kept_ = false;
  telemetry_counters counters_;
};

} // namespace holdfast::persistence
