// SPDX-License-Identifier: Apache-2.0
// Tries the mechanisms of this host.
#include "runtime/os/host_checks.hpp"

#include "runtime/os/clock.hpp"
#include "runtime/os/host.hpp"
#include "runtime/spoken.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>
#include <utility>

namespace holdfast::os {

namespace {

using inspection::health_check;
using inspection::verdict;

constexpr std::size_t syncs = 5;
constexpr std::int64_t earliest_year_us = 1'704'067'200'000'000; ///< 2024: Holdfast is younger.

/// Magic numbers of file systems, as statfs(2) has them.
constexpr std::uint64_t tmpfs_magic = 0x01021994;
constexpr std::uint64_t ramfs_magic = 0x858458f6;
constexpr std::uint64_t nfs_magic = 0x6969;
constexpr std::uint64_t smb2_magic = 0xfe534d42;

/// An open file that nobody else can name.
class nameless_file {
public:
  explicit nameless_file(const std::filesystem::path& directory)
      : descriptor_{::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)} {
    if (descriptor_ >= 0)
      return;
    auto pattern = (directory / ".holdfast-doctor-XXXXXX").string();
    descriptor_ = ::mkostemp(pattern.data(), O_CLOEXEC);
    if (descriptor_ >= 0)
      ::unlink(pattern.c_str());
    else
      problem_ = std::strerror(errno);
  }
  nameless_file(const nameless_file&) = delete;
  nameless_file& operator=(const nameless_file&) = delete;
  ~nameless_file() {
    if (descriptor_ >= 0)
      ::close(descriptor_);
  }

  int descriptor() const { return descriptor_; }
  bool opened() const { return descriptor_ >= 0; }
  const std::string& problem() const { return problem_; }

private:
  int descriptor_;
  std::string problem_;
};

std::filesystem::path nearest_existing(std::filesystem::path place) {
  std::error_code unknown;
  while (!place.empty() && place != place.root_path()
         && !std::filesystem::is_directory(place, unknown))
    place = place.parent_path();
  return place.empty() ? std::filesystem::path{"/"} : place;
}

bool lock_whole(int descriptor) {
  struct flock wanted {};
  wanted.l_type = F_WRLCK;
  wanted.l_whence = SEEK_SET;
  return ::fcntl(descriptor, F_OFD_SETLK, &wanted) == 0;
}

health_check check_writable(const std::filesystem::path& place, const nameless_file& file) {
  if (file.opened())
    return {"store:directory", verdict::pass, place.string(), "", "", ""};
  return {"store:directory",
          verdict::fail,
          place.string(),
          "",
          "no file can be made there: " + file.problem(),
          "give the user that runs Holdfast the right to write there"};
}

/// Two descriptions of one file must not both get the lock: it is what keeps two writers apart.
health_check check_locks(const nameless_file& file) {
  const auto again = "/proc/self/fd/" + std::to_string(file.descriptor());
  const int other = ::open(again.c_str(), O_RDWR | O_CLOEXEC);
  const bool first = lock_whole(file.descriptor());
  const bool second = other >= 0 && lock_whole(other);
  if (other >= 0)
    ::close(other);
  if (first && !second)
    return {"store:locks", verdict::pass, true, "", "", ""};
  return {"store:locks",
          verdict::fail,
          false,
          "",
          "locks do not exclude each other there: two daemons could write to one store",
          "put the store on a local file system"};
}

health_check check_sync(const std::filesystem::path& place, const nameless_file& file) {
  std::array<std::int64_t, syncs> took{};
  const std::string page(4096, 'x');
  for (std::size_t i = 0; i < syncs; ++i) {
    const auto began = steady_now();
    const auto at = static_cast<off_t>(i * page.size());
    if (::pwrite(file.descriptor(), page.data(), page.size(), at)
            != static_cast<ssize_t>(page.size())
        || ::fdatasync(file.descriptor()) != 0)
      return {"store:sync",
              verdict::fail,
              {},
              "",
              std::string{"fdatasync fails: "} + std::strerror(errno),
              "without it nothing survives power loss: use another disk"};
    took[i] = std::chrono::duration_cast<std::chrono::microseconds>(steady_now() - began).count();
  }
  std::sort(took.begin(), took.end());
  const auto middle = took[syncs / 2];
  struct statfs of {};
  const bool known = ::statfs(place.c_str(), &of) == 0;
  const auto kind = static_cast<std::uint64_t>(of.f_type);
  if (known && (kind == tmpfs_magic || kind == ramfs_magic))
    return {"store:sync",
            verdict::warn,
            middle,
            "us",
            "the directory lies in memory: nothing there survives power loss",
            "put the store on a disk"};
  if (known && (kind == nfs_magic || kind == smb2_magic))
    return {"store:sync",
            verdict::warn,
            middle,
            "us",
            "the directory lies on a network: whether a sync holds is up to its server",
            "put the store on a local disk"};
  if (std::chrono::microseconds{middle} > slow_sync)
    return {"store:sync",
            verdict::warn,
            middle,
            "us",
            "a sync takes " + spoken(std::chrono::milliseconds{middle / 1000})
                + ": each acknowledgement at `power` waits for one",
            "use a faster disk, or `events.durability = \"process\"`"};
  return {"store:sync", verdict::pass, middle, "us", "", ""};
}

health_check check_preallocation(const nameless_file& file) {
  const int problem = ::posix_fallocate(file.descriptor(), 0, 1 << 20);
  if (problem == 0)
    return {"store:preallocation", verdict::pass, true, "", "", ""};
  return {"store:preallocation",
          verdict::warn,
          false,
          "",
          std::string{"files cannot be given their room beforehand: "} + std::strerror(problem),
          "each sync of the mirror then changes metadata, too, and is slower"};
}

health_check check_space(const std::filesystem::path& place) {
  struct statvfs of {};
  if (::statvfs(place.c_str(), &of) != 0)
    return {"store:free_bytes", verdict::unknown, {}, "bytes", std::strerror(errno), ""};
  const auto bytes = static_cast<std::uint64_t>(of.f_bavail) * of.f_frsize;
  const auto status = bytes < inspection::free_fail_bytes   ? verdict::fail
                      : bytes < inspection::free_warn_bytes ? verdict::warn
                                                            : verdict::pass;
  if (of.f_files > 0 && of.f_favail < 1000)
    return {"store:free_bytes",
            std::max(status, verdict::warn),
            bytes,
            "bytes",
            std::to_string(of.f_favail) + " more files can be made there",
            "make room for files"};
  return {"store:free_bytes",
          status,
          bytes,
          "bytes",
          status == verdict::pass ? "" : "the disk is nearly full",
          status == verdict::pass ? "" : "make room: a full disk refuses every event"};
}

health_check check_wall_clock() {
  const auto now = wall_now();
  if (now.us < earliest_year_us)
    return {"clock:wall",
            verdict::fail,
            now.us / 1'000'000,
            "s",
            "the clock is wrong: it stands before 2024",
            "set it: times of events and retention follow it"};
  struct timex of {};
  const int state = ::adjtimex(&of);
  if (state < 0)
    return {"clock:wall",
            verdict::unknown,
            now.us / 1'000'000,
            "s",
            "whether the clock is kept right cannot be seen",
            ""};
  if ((of.status & STA_UNSYNC) != 0)
    return {"clock:wall",
            verdict::warn,
            now.us / 1'000'000,
            "s",
            "nobody keeps the clock right (as the kernel knows)",
            "run an NTP client; restart budgets count by the monotonic clock within a boot"};
  return {"clock:wall", verdict::pass, now.us / 1'000'000, "s", "", ""};
}

health_check check_boot() {
  if (!boot_id().empty())
    return {"host:boot_id", verdict::pass, true, "", "", ""};
  return {"host:boot_id",
          verdict::warn,
          false,
          "",
          "the kernel does not tell which boot this is",
          "after a crash of the process, what was acknowledged at `process` cannot be told from "
          "what a power loss took, and is not checked for"};
}

health_check check_proc() {
  if (resident_bytes() > 0 && open_files() > 0)
    return {"host:proc", verdict::pass, true, "", "", ""};
  return {"host:proc",
          verdict::warn,
          false,
          "",
          "/proc cannot be read",
          "`status` and `/metrics` show no memory and no open files"};
}

std::uint64_t limit_of(int which) {
  struct rlimit of {};
  if (::getrlimit(static_cast<__rlimit_resource_t>(which), &of) != 0
      || of.rlim_cur == RLIM_INFINITY)
    return UINT64_MAX;
  return of.rlim_cur;
}

health_check check_open_files() {
  const auto allowed = limit_of(RLIMIT_NOFILE);
  const auto status = allowed < open_files_fail   ? verdict::fail
                      : allowed < open_files_warn ? verdict::warn
                                                  : verdict::pass;
  return {"host:open_files",
          status,
          allowed,
          "files",
          status == verdict::pass ? "" : "few files may be open at once",
          status == verdict::pass ? ""
                                  : "raise it (`ulimit -n`, LimitNOFILE=): connections and tables "
                                    "beyond it are refused"};
}

health_check check_memory() {
  auto allowed = limit_of(RLIMIT_AS);
  if (const auto told = read_file("/sys/fs/cgroup/memory.max", 100)) {
    std::uint64_t bytes = 0;
    const auto read = std::from_chars(told->data(), told->data() + told->size(), bytes);
    if (read.ec == std::errc{})
      allowed = std::min(allowed, bytes);
  }
  if (allowed == UINT64_MAX)
    return {"host:memory_limit", verdict::pass, "none", "", "", ""};
  if (allowed >= memory_warn_bytes)
    return {"host:memory_limit", verdict::pass, allowed, "bytes", "", ""};
  return {"host:memory_limit",
          verdict::warn,
          allowed,
          "bytes",
          "the process may be killed when its buffers fill",
          "raise the limit, or lower `store.memory` and `store.cache`"};
}

health_check check_socket(const std::filesystem::path& socket) {
  const auto longest = sizeof(sockaddr_un::sun_path) - 1;
  if (socket.string().size() <= longest)
    return {"door:socket", verdict::pass, socket.string(), "", "", ""};
  return {"door:socket",
          verdict::fail,
          socket.string(),
          "",
          "the path of the socket is longer than " + std::to_string(longest) + " bytes",
          "set `door.socket` to a shorter one"};
}

health_check check_zones() {
  std::error_code unknown;
  if (std::filesystem::exists("/usr/share/zoneinfo", unknown))
    return {"host:time_zones", verdict::pass, true, "", "", ""};
  return {"host:time_zones",
          verdict::warn,
          false,
          "",
          "there is no time zone database",
          "times are read and shown in UTC; install tzdata"};
}

} // namespace

std::vector<health_check> check_host(const std::filesystem::path& data,
                                     const std::filesystem::path& socket) {
  const auto place = nearest_existing(data);
  const nameless_file file{place};
  std::vector<health_check> made{check_writable(place, file)};
  if (file.opened()) {
    made.push_back(check_locks(file));
    made.push_back(check_sync(place, file));
    made.push_back(check_preallocation(file));
  }
  made.push_back(check_space(place));
  made.push_back(check_wall_clock());
  made.push_back(check_boot());
  made.push_back(check_memory());
  made.push_back(check_open_files());
  if (!socket.empty())
    made.push_back(check_socket(socket));
  made.push_back(check_proc());
  made.push_back(check_zones());
  return made;
}

} // namespace holdfast::os
