// SPDX-License-Identifier: Apache-2.0
// This process and this machine: identities, paths, memory, the environment.
#pragma once

#include "messages/fault.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace holdfast::os {

/// The kernel's identity of this boot; empty where the system does not tell.
std::string boot_id();

/// The host's name, as the lock's owner and the log show it.
std::string host_name();

std::uint64_t process_id();
std::uint32_t effective_user();

/// `pid 123 on HOST`: who holds a lock.
std::string process_title();

/// Resident memory of this process in bytes; 0: unknown.
std::uint64_t resident_bytes();

/// CPU time this process has used, in seconds.
double cpu_seconds();

/// Open file descriptors of this process; 0: unknown.
std::uint64_t open_files();

/// The variables whose names begin with `prefix`.
std::map<std::string, std::string> environment(const std::string& prefix);
std::optional<std::string> variable(const std::string& name);

/// Absolute and without `.` and `..`; symbolic links stay.
std::filesystem::path absolute(const std::filesystem::path& given,
                               const std::filesystem::path& base = {});

/// Reads a whole file of at most `bytes_max`. Answers `not_found`, `denied` or `invalid`.
result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max);

/// Keeps the allocator from making an arena per thread: an idle daemon stays small. There are
/// enough that threads at work seldom wait for each other's. Call it before the first thread.
void use_little_memory();

/// Ends the process now, without unwinding: for a stop that found who would not leave.
[[noreturn]] void leave_now(int code);

} // namespace holdfast::os
