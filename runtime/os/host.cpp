// SPDX-License-Identifier: Apache-2.0
// What the kernel and the C library tell about this process and this machine.
#include "runtime/os/host.hpp"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

extern char** environ;

namespace holdfast::os {

std::string boot_id() {
  std::ifstream file{"/proc/sys/kernel/random/boot_id"};
  std::string id;
  std::getline(file, id);
  return id;
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "this host";
}

std::uint64_t process_id() {
  return static_cast<std::uint64_t>(getpid());
}

std::uint32_t effective_user() {
  return geteuid();
}

std::string process_title() {
  return "pid " + std::to_string(process_id()) + " on " + host_name();
}

std::uint64_t resident_bytes() {
  std::ifstream file{"/proc/self/statm"};
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  file >> total >> resident;
  return file ? resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

double cpu_seconds() {
  rusage used{};
  if (getrusage(RUSAGE_SELF, &used) != 0)
    return 0;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

std::uint64_t open_files() {
  std::error_code problem;
  std::uint64_t count = 0;
  for (std::filesystem::directory_iterator at{"/proc/self/fd", problem}, end; !problem && at != end;
       at.increment(problem))
    ++count;
  return problem ? 0 : count;
}

std::map<std::string, std::string> environment(const std::string& prefix) {
  std::map<std::string, std::string> found;
  for (auto** one = environ; one != nullptr && *one != nullptr; ++one) {
    const std::string_view entry{*one};
    const auto equals = entry.find('=');
    if (equals != entry.npos && entry.starts_with(prefix))
      found.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return found;
}

std::optional<std::string> variable(const std::string& name) {
  const auto* found = std::getenv(name.c_str());
  return found == nullptr ? std::nullopt : std::optional<std::string>{found};
}

std::filesystem::path absolute(const std::filesystem::path& given,
                               const std::filesystem::path& base) {
  std::error_code problem;
  auto from = base.empty() ? std::filesystem::current_path(problem) : base;
  auto path = (from / given).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max) {
  std::error_code problem;
  if (std::filesystem::is_directory(path, problem))
    return fault{fault_code::invalid, path.string() + " is a directory, not a file", ""};
  errno = 0;
  std::ifstream file{path, std::ios::binary};
  if (!file) {
    const auto code =
        errno == ENOENT || errno == ENOTDIR ? fault_code::not_found : fault_code::denied;
    return fault{code, "cannot read " + path.string() + ": " + std::strerror(errno), ""};
  }
  std::string text;
  std::array<char, 65536> chunk{};
  while (file.read(chunk.data(), chunk.size()) || file.gcount() > 0) {
    text.append(chunk.data(), static_cast<std::size_t>(file.gcount()));
    if (text.size() > bytes_max)
      return fault{fault_code::invalid,
                   path.string() + " has more than " + std::to_string(bytes_max) + " bytes", ""};
  }
  if (file.bad()) // half a file, or none of it, is not what stands in it
    return fault{fault_code::denied, "cannot read " + path.string() + ": " + std::strerror(errno),
                 ""};
  return text;
}

void use_little_memory() {
  mallopt(M_ARENA_MAX, 8);
  mallopt(M_TRIM_THRESHOLD, 256 * 1024);
}

void leave_now(int code) {
  _exit(code);
}

} // namespace holdfast::os
