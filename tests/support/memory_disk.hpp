// SPDX-License-Identifier: Apache-2.0
// A disk in memory that forgets what was not synced, tears, fills and fails, all from one seed.
#pragma once

#include "persistence/disk.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace holdfast::testing {

/// What can be counted and made to fail.
enum class operation : std::uint8_t {
  any,
  open,
  read,
  write,
  sync,
  truncate, ///< Also preallocation.
  rename,
  remove,
  sync_directory,
  make_directory
};

/// The `nth` operation (from now, the next one is 1) of that kind on a path that holds `path_part`
/// answers `error`; a failing write has written some part. Making a file counts as a write.
/// `for_ever`: and all after it.
struct failure {
  operation kind = operation::any;
  std::uint64_t nth = 1;
  int error = 5; // EIO
  bool for_ever = false;
  std::string path_part;
};

/// How a world ends.
enum class ending : std::uint8_t {
  kill,      ///< The process dies: what was written stays.
  power,     ///< Exactly what was synced stays: bytes of files, and entries of directories.
  torn_power ///< As `power`, and by chance also some of what was not synced.
};

/// A file system as an object. A path's entry survives power loss only after `sync_directory` of
/// its directory, a file's bytes only after `sync`. Safe from any thread. Must outlive what was
/// opened on it.
class memory_disk final : public persistence::disk {
public:
  explicit memory_disk(std::uint64_t seed = 0);
  ~memory_disk() override;

  /// What a machine finds that starts after this ending. This disk is left to whoever still
  /// holds it: a process that is dying in a destructor cannot reach the new one.
  std::unique_ptr<memory_disk> after(ending how) const;

  /// The same in place: open files and locks of before are dead.
  void crash(ending how);

  void fail_at(failure planned);
  /// Every operation fails until `crash`: the process is dead, only its destructors still run.
  void stop();
  /// No failure is planned any more.
  void mend();
  /// Files cannot grow and new bytes cannot be written beyond their ends.
  void set_full(bool full);
  /// From now on, a sync of a file whose path holds this answers that it is done, and is not.
  void lie_about(std::string path_part);
  /// Bytes of all files together beyond which the disk is full.
  void set_capacity(std::uint64_t bytes);

  /// Operations that change something, so far. Failing each in turn visits every step of a job.
  std::uint64_t changes() const;

  /// Around the rules, for tests: durable at once, never failing.
  std::string content(const std::filesystem::path& path) const;
  void put(const std::filesystem::path& path, std::string_view content);
  void flip(const std::filesystem::path& path, std::uint64_t bit);
  void erase(const std::filesystem::path& path);
  /// Every file, sorted.
  std::vector<std::filesystem::path> files() const;

  result<std::unique_ptr<persistence::file>> open(const std::filesystem::path& path,
                                                  persistence::open_mode mode) override;
  result<bool> exists(const std::filesystem::path& path) const override;
  result<std::vector<std::string>> list(const std::filesystem::path& directory) const override;
  result<void> make_directories(const std::filesystem::path& directory) override;
  result<void> rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
  result<void> remove(const std::filesystem::path& path) override;
  result<void> remove_all(const std::filesystem::path& path) override;
  result<void> copy(const std::filesystem::path& from, const std::filesystem::path& to) override;
  result<void> sync_directory(const std::filesystem::path& directory) override;
  result<std::uint64_t> free_bytes(const std::filesystem::path& path) const override;
  result<std::unique_ptr<persistence::file_lock>> lock(const std::filesystem::path& path,
                                                       std::string_view owner) override;
  result<std::optional<std::string>> lock_owner(const std::filesystem::path& path) const override;

private:
  friend class memory_file;
  friend class memory_lock;
  struct node;
  using entries = std::map<std::string, std::shared_ptr<node>>;
  /// One directory change that is not yet durable; both halves of a rename are one.
  using change = std::vector<std::pair<std::string, std::shared_ptr<node>>>;

  std::shared_ptr<node> find(const std::filesystem::path& path) const;
  std::shared_ptr<node> parent_of(const std::filesystem::path& path) const;
  std::optional<fault> meet(operation kind, const std::filesystem::path& path) const;
  void survive(ending how);
  std::shared_ptr<node> cloned(const std::shared_ptr<node>& from,
                               std::map<const node*, std::shared_ptr<node>>& made) const;
  bool room_for(std::uint64_t growth) const;
  bool lies_about(const std::filesystem::path& path) const;

  mutable std::mutex mutex_;
  mutable std::mt19937_64 chance_;
  mutable std::vector<failure> failures_;
  std::vector<std::string> lies_;
  mutable std::uint64_t changes_ = 0;
  std::shared_ptr<node> root_;
  std::map<std::filesystem::path, std::pair<std::uint64_t, std::string>> locks_;
  std::uint64_t life_ = 1; ///< Handles of earlier lives are dead.
  std::uint64_t lock_counter_ = 0;
  std::uint64_t capacity_ = UINT64_MAX;
  bool full_ = false;
  bool stopped_ = false;
};

} // namespace holdfast::testing
