// SPDX-License-Identifier: Apache-2.0
// The operating system's files as an interface, so that tests can lose, tear and fill them.
#pragma once

#include "messages/fault.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::persistence {

/// An open file. Not safe for concurrent calls, except `read` with `read`.
class file {
public:
  virtual ~file() = default;

  /// Reads up to `into.size()` bytes at `offset`; fewer only at the end of the file.
  virtual result<std::size_t> read(std::uint64_t offset, std::span<char> into) const = 0;

  /// Writes every byte at `offset`, or answers a fault after writing any part of them.
  virtual result<void> write(std::uint64_t offset, std::string_view data) = 0;

  /// Returns once what was written survives power loss (fdatasync).
  virtual result<void> sync() = 0;

  virtual result<std::uint64_t> size() const = 0;
  virtual result<void> truncate(std::uint64_t size) = 0;

  /// Makes the file `size` bytes long with its blocks written, so that overwriting them later
  /// changes no metadata.
  virtual result<void> preallocate(std::uint64_t size) = 0;
};

/// Held for as long as it lives; released when it is destroyed or the process dies.
class file_lock {
public:
  virtual ~file_lock() = default;
};

/// How a file is opened.
enum class open_mode : std::uint8_t { read, read_write, create };

/// A file system. Every path is absolute. Safe for concurrent calls.
class disk {
public:
  virtual ~disk() = default;

  /// `create` makes the file when it is absent and keeps its content when it is there.
  virtual result<std::unique_ptr<file>> open(const std::filesystem::path& path, open_mode mode) = 0;
  virtual result<bool> exists(const std::filesystem::path& path) const = 0;

  /// Names in a directory, sorted, without `.` and `..`.
  virtual result<std::vector<std::string>> list(const std::filesystem::path& directory) const = 0;
  virtual result<void> make_directories(const std::filesystem::path& directory) = 0;
  virtual result<void> rename(const std::filesystem::path& from,
                              const std::filesystem::path& to) = 0;
  virtual result<void> remove(const std::filesystem::path& path) = 0;
  virtual result<void> remove_all(const std::filesystem::path& path) = 0;

  /// Copies by reflink where the file system can, else byte by byte.
  virtual result<void> copy(const std::filesystem::path& from, const std::filesystem::path& to) = 0;

  /// Makes creations, renames and removals in the directory survive power loss.
  virtual result<void> sync_directory(const std::filesystem::path& directory) = 0;

  virtual result<std::uint64_t> free_bytes(const std::filesystem::path& path) const = 0;

  /// Takes an open-file-description lock on a file (made when absent) and writes `owner` into it.
  /// Answers `conflict`, with the owner's text, when somebody else holds it.
  virtual result<std::unique_ptr<file_lock>> lock(const std::filesystem::path& path,
                                                  std::string_view owner) = 0;

  /// The owner's text while somebody holds the lock, else nothing. Takes no lock, changes nothing.
  virtual result<std::optional<std::string>>
  lock_owner(const std::filesystem::path& path) const = 0;
};

/// The machine's own disk.
std::unique_ptr<disk> make_posix_disk();

} // namespace holdfast::persistence
