// SPDX-License-Identifier: Apache-2.0
// What every measured store is given: the same events, and one way to state a figure.
#pragma once

#include "messages/event.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace bench {

/// LLM usage events of 256 to 300 bytes in canonical form; every fifth repeats an earlier one.
std::vector<holdfast::event> make_events(std::size_t count, std::uint64_t seed);

/// Sorts in place and reads the quantile, 0 to 1.
double quantile(std::vector<double>& samples, double at);

/// A directory that is emptied first and removed at the end.
class scratch {
public:
  explicit scratch(std::filesystem::path made);
  ~scratch();
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

inline double seconds_since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

/// Microseconds of one fdatasync behind a 4 KiB write: into a growing file, and overwriting.
struct disk_cost {
  double append_us = 0;
  double overwrite_us = 0;
};
disk_cost measure_disk(const std::filesystem::path& directory);

/// Events a second of a single-threaded RocksDB loop with the same families, hashes, chain and
/// deduplication, one synchronous batch at a time.
double measure_rocksdb(const std::filesystem::path& directory,
                       const std::vector<holdfast::event>& events, std::size_t batch);

/// The same work on SQLite: WAL, synchronous=FULL, one transaction a batch.
double measure_sqlite(const std::filesystem::path& directory,
                      const std::vector<holdfast::event>& events, std::size_t batch);

} // namespace bench
