// SPDX-License-Identifier: Apache-2.0
// Compresses and removes closed telemetry files.
#include "persistence/telemetry_archive.hpp"

#include "persistence/telemetry_directory.hpp"

#include <zlib.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

namespace holdfast::persistence {
namespace {

struct gz_close {
  void operator()(gzFile file) const { gzclose(file); }
};
using gz_file = std::unique_ptr<gzFile_s, gz_close>;
using piece = std::array<char, 65536>;

fault failed(const std::string& doing) {
  const auto code = errno == ENOSPC || errno == EDQUOT ? fault_code::no_space : fault_code::undone;
  return {code, doing + ": " + std::generic_category().message(errno), {}};
}

// Writes `from` compressed into `to`, which stays open. zlib closes a descriptor of its own.
bool deflate_into(int from, int to) {
  const int copy = ::fcntl(to, F_DUPFD_CLOEXEC, 0);
  if (copy < 0)
    return false;
  auto* out = gzdopen(copy, "wb6");
  if (out == nullptr) {
    ::close(copy);
    return false;
  }
  piece read{};
  bool good = ::lseek(from, 0, SEEK_SET) == 0;
  while (good) {
    const auto got = ::read(from, read.data(), read.size());
    if (got < 0 && errno == EINTR)
      continue;
    good = got >= 0 && (got == 0 || gzwrite(out, read.data(), static_cast<unsigned>(got)) == got);
    if (got <= 0)
      break;
  }
  return gzclose(out) == Z_OK && good;
}

// Does `packed` decompress to exactly the bytes of `source`?
bool same_content(const std::string& directory, const std::string& packed, int source) {
  auto opened = open_in(directory, packed, O_RDONLY);
  if (!opened || ::lseek(source, 0, SEEK_SET) != 0)
    return false;
  const gz_file in{gzdopen(opened.get(), "rb")};
  if (!in)
    return false;
  opened.forget();
  piece left{};
  piece right{};
  for (;;) {
    const auto got = gzread(in.get(), left.data(), static_cast<unsigned>(left.size()));
    if (got < 0)
      return false;
    std::size_t filled = 0;
    while (filled < static_cast<std::size_t>(got)) {
      const auto more =
          ::read(source, right.data() + filled, static_cast<std::size_t>(got) - filled);
      if (more <= 0)
        return false;
      filled += static_cast<std::size_t>(more);
    }
    if (std::memcmp(left.data(), right.data(), filled) != 0)
      return false;
    if (got == 0)
      break;
  }
  int state = Z_OK;
  static_cast<void>(gzerror(in.get(), &state));
  return (state == Z_OK || state == Z_STREAM_END) && ::read(source, right.data(), 1) == 0;
}

bool unlink_in(const std::string& directory, std::string_view file) {
  return ::unlink((directory + '/' + std::string{file}).c_str()) == 0;
}

// Opens a closed file so that no writer can take it; sealed shared files cannot be opened to write
// by everybody, but then nobody writes them either.
result<descriptor> open_closed(const std::string& directory, const std::string& file) {
  const auto name = parse_telemetry_file_name(file);
  if (!name)
    return fault{fault_code::invalid, file + " is no telemetry file", {}};
  auto opened = open_in(directory, file, O_RDWR);
  if (!opened && errno == EACCES)
    opened = open_in(directory, file, O_RDONLY);
  if (!opened)
    return fault{
        errno == ENOENT ? fault_code::not_found : fault_code::denied, "cannot open " + file, {}};
  struct stat status {};
  if (::fstat(opened.get(), &status) != 0)
    return failed("cannot look at " + file);
  const bool plain = !name->compressed && !name->torn;
  const bool unsealed = plain && name->pid == 0 && (status.st_mode & S_IWUSR) != 0;
  const bool held = plain && name->pid != 0 && !lock_file(opened.get(), false);
  if (unsealed || held)
    return fault{fault_code::conflict, file + " is being written", {}};
  return opened;
}

} // namespace

telemetry_pruning::telemetry_pruning(std::string directory, std::unique_ptr<descriptor> lock)
    : directory_{std::move(directory)}, lock_{std::move(lock)} {}
telemetry_pruning::telemetry_pruning(telemetry_pruning&&) noexcept = default;
telemetry_pruning& telemetry_pruning::operator=(telemetry_pruning&&) noexcept = default;
telemetry_pruning::~telemetry_pruning() = default;

result<telemetry_pruning> telemetry_pruning::begin(const std::string& directory) {
  auto lock = std::make_unique<descriptor>(open_in(directory, ".prune.lock", O_RDWR | O_CREAT));
  if (!*lock)
    return fault{errno == ENOENT ? fault_code::not_found : fault_code::denied,
                 "cannot prune " + directory + ": " + std::generic_category().message(errno),
                 {}};
  if (!lock_file(lock->get(), false))
    return fault{fault_code::busy, "another process prunes " + directory, {}};
  return telemetry_pruning{directory, std::move(lock)};
}

result<void> telemetry_pruning::compress(std::string_view file) {
  const std::string source{file};
  const auto packed = source + ".gz";
  const auto half = packed + ".tmp";
  auto opened = open_closed(directory_, source);
  if (!opened)
    return opened.error();
  unlink_in(directory_, half);
  {
    const auto out = open_in(directory_, half, O_WRONLY | O_CREAT | O_EXCL);
    if (!out || !deflate_into(opened->get(), out.get()) || ::fsync(out.get()) != 0) {
      auto problem = failed("cannot compress " + source);
      unlink_in(directory_, half);
      return problem;
    }
  }
  if (!same_content(directory_, half, opened->get())) {
    unlink_in(directory_, half);
    return fault{fault_code::corrupt, "compressing " + source + " changed it; the file stays", {}};
  }
  if (::rename((directory_ + '/' + half).c_str(), (directory_ + '/' + packed).c_str()) != 0)
    return failed("cannot rename " + half);
  if (!sync_telemetry_directory(directory_))
    return failed("cannot sync " + directory_);
  if (!unlink_in(directory_, source))
    return failed("cannot remove " + source);
  return {};
}

result<void> telemetry_pruning::remove(std::string_view file) {
  const std::string name{file};
  const auto opened = open_closed(directory_, name);
  if (!opened)
    return opened.error();
  if (!unlink_in(directory_, name))
    return failed("cannot remove " + name);
  return {};
}

void telemetry_pruning::tidy() {
  std::error_code problem;
  std::vector<std::string> left;
  for (auto entry = std::filesystem::directory_iterator{directory_, problem};
       !problem && entry != std::filesystem::directory_iterator{}; entry.increment(problem)) {
    const auto file = entry->path().filename().string();
    if (file.ends_with(".gz.tmp") || (file.starts_with('.') && file.ends_with(".reserve")))
      left.push_back(file);
  }
  for (const auto& file : left) {
    const auto opened = open_in(directory_, file, O_RDWR);
    if (opened && lock_file(opened.get(), false)) // a living writer holds its reserve
      unlink_in(directory_, file);
  }
}

} // namespace holdfast::persistence
