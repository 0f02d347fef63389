// SPDX-License-Identifier: Apache-2.0
// A telemetry directory: names, locks, who still writes, and the repair of torn tails.
#pragma once

#include "messages/telemetry.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::persistence {

/// A file descriptor that is closed with its owner; -1: none.
class descriptor {
public:
  descriptor() = default;
  explicit descriptor(int fd) : fd_{fd} {}
  descriptor(descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~descriptor() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void forget() { fd_ = -1; } ///< Somebody else closes it.
  void reset();

private:
  int fd_ = -1;
};

/// Opens a file of the directory with `O_CLOEXEC`; no symbolic link is followed.
descriptor open_in(const std::string& directory, std::string_view file, int flags,
                   unsigned mode = 0640);

/// The name of a telemetry file: `stream.<utc>.<pid>.jsonl`, `.shared` in place of the pid, then
/// `.gz` or `.torn`. Names of one stream sort by time.
struct telemetry_file_name {
  std::string stream;
  wall_time opened;
  std::int64_t pid = 0; ///< 0: shared.
  bool compressed = false;
  bool torn = false;

  friend bool operator==(const telemetry_file_name&, const telemetry_file_name&) = default;
};

std::string to_string(const telemetry_file_name& name);

/// Nothing when it is no telemetry file's name.
std::optional<telemetry_file_name> parse_telemetry_file_name(std::string_view file);

/// May a stream be called so? 1 to 64 letters, digits, `-` and `_`.
bool is_stream_name(std::string_view name);

/// Takes an open-file-description write lock on the whole file; waits for it when `wait`.
bool lock_file(int fd, bool wait);
void unlock_file(int fd);

/// Every telemetry file, sorted by name.
result<std::vector<telemetry_listed>> list_telemetry(const std::string& directory);

/// Makes the directory and its parents, and their names durable.
bool make_telemetry_directory(const std::string& directory);
bool sync_telemetry_directory(const std::string& directory);

/// A torn tail that was moved aside.
struct telemetry_torn {
  std::string file;
  std::uint64_t bytes = 0;
};

/// Moves what follows the last line end of the open file into `<file>.torn` and cuts it off. The
/// caller knows that nobody writes the file. Returns the size of the tail; 0: there was none.
result<std::uint64_t> repair_tail(const std::string& directory, const std::string& file, int fd);

/// Repairs every file of the stream whose writer is dead. Safe at any time and in any process.
std::vector<telemetry_torn> repair_telemetry(const std::string& directory, std::string_view stream);

} // namespace holdfast::persistence
