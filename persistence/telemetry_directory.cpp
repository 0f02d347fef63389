// SPDX-License-Identifier: Apache-2.0
// Names, locks and torn tails of a telemetry directory.
#include "persistence/telemetry_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace holdfast::persistence {
namespace {

fault from_errno(const std::string& doing) {
  const auto code = errno == ENOSPC || errno == EDQUOT  ? fault_code::no_space
                    : errno == EACCES || errno == EPERM ? fault_code::denied
                    : errno == ENOENT                   ? fault_code::not_found
                                                        : fault_code::undone;
  return {code, doing + ": " + std::generic_category().message(errno), {}};
}

template <class Number>
bool whole_number(std::string_view text, Number& out) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out);
  return problem == std::errc{} && end == text.data() + text.size() && !text.empty();
}

constexpr std::int64_t day_us = 86'400'000'000;

// `20261122T064454123456Z`
std::string compact_time(wall_time time) {
  const auto days = time.us / day_us - (time.us % day_us < 0 ? 1 : 0);
  const auto rest = static_cast<std::uint64_t>(time.us - days * day_us);
  const auto date = std::chrono::year_month_day{std::chrono::sys_days{std::chrono::days{days}}};
  const auto padded = [](std::uint64_t number, std::size_t width) {
    auto text = std::to_string(number);
    return text.size() < width ? std::string(width - text.size(), '0') + text : text;
  };
  const auto year = static_cast<std::uint64_t>(std::clamp(static_cast<int>(date.year()), 0, 9999));
  const auto second = rest / 1'000'000;
  return padded(year, 4) + padded(static_cast<unsigned>(date.month()), 2)
         + padded(static_cast<unsigned>(date.day()), 2) + 'T' + padded(second / 3600, 2)
         + padded(second / 60 % 60, 2) + padded(second % 60, 2) + padded(rest % 1'000'000, 6) + 'Z';
}

std::optional<wall_time> parse_compact_time(std::string_view text) {
  if (text.size() != 22 || text[8] != 'T' || text[21] != 'Z')
    return std::nullopt;
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  std::uint64_t clock = 0;
  std::uint64_t micros = 0;
  if (!whole_number(text.substr(0, 4), year) || !whole_number(text.substr(4, 2), month)
      || !whole_number(text.substr(6, 2), day) || !whole_number(text.substr(9, 6), clock)
      || !whole_number(text.substr(15, 6), micros))
    return std::nullopt;
  const auto date = std::chrono::year_month_day{std::chrono::year{year}, std::chrono::month{month},
                                                std::chrono::day{day}};
  const auto seconds = clock / 10000 * 3600 + clock / 100 % 100 * 60 + clock % 100;
  if (!date.ok() || seconds >= 86400)
    return std::nullopt;
  return wall_time{std::chrono::sys_days{date}.time_since_epoch().count() * day_us
                   + static_cast<std::int64_t>(seconds * 1'000'000 + micros)};
}

bool consume_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix))
    return false;
  text.remove_suffix(suffix.size());
  return true;
}

// Sealed shared files lost their write permission; others are open while somebody holds the lock.
bool is_open(const std::string& directory, const std::string& file,
             const telemetry_file_name& name) {
  if (name.compressed || name.torn)
    return false;
  const auto opened = open_in(directory, file, O_RDONLY);
  struct stat found {};
  if (!opened || ::fstat(opened.get(), &found) != 0)
    return false;
  if (name.pid == 0)
    return (found.st_mode & S_IWUSR) != 0;
  struct flock probe {};
  probe.l_type = F_WRLCK;
  probe.l_whence = SEEK_SET;
  return ::fcntl(opened.get(), F_OFD_GETLK, &probe) == 0 && probe.l_type != F_UNLCK;
}

// Where the last line ends; 0 when the file holds no line end.
std::optional<std::uint64_t> last_line_end(int fd, std::uint64_t size) {
  std::array<char, 4096> piece{};
  while (size > 0) {
    const auto length = std::min<std::uint64_t>(size, piece.size());
    const auto got = ::pread(fd, piece.data(), length, static_cast<off_t>(size - length));
    if (got != static_cast<ssize_t>(length))
      return std::nullopt;
    const auto found = std::string_view{piece.data(), length}.rfind('\n');
    if (found != std::string_view::npos)
      return size - length + found + 1;
    size -= length;
  }
  return 0;
}

bool copy_tail(int from, std::uint64_t begin, std::uint64_t end, int to) {
  std::array<char, 65536> piece{};
  while (begin < end) {
    const auto length = std::min<std::uint64_t>(end - begin, piece.size());
    const auto got = ::pread(from, piece.data(), length, static_cast<off_t>(begin));
    if (got <= 0 || ::write(to, piece.data(), static_cast<std::size_t>(got)) != got)
      return false;
    begin += static_cast<std::uint64_t>(got);
  }
  return ::fdatasync(to) == 0;
}

} // namespace

void descriptor::reset() {
  if (fd_ >= 0)
    ::close(std::exchange(fd_, -1));
}

descriptor open_in(const std::string& directory, std::string_view file, int flags, unsigned mode) {
  const auto path = directory + '/' + std::string{file};
  return descriptor{::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode)};
}

bool is_stream_name(std::string_view name) {
  const auto allowed = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z')
           || (letter >= '0' && letter <= '9') || letter == '-' || letter == '_';
  };
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), allowed);
}

std::string to_string(const telemetry_file_name& name) {
  return name.stream + '.' + compact_time(name.opened) + '.'
         + (name.pid == 0 ? std::string{"shared"} : std::to_string(name.pid)) + ".jsonl"
         + (name.compressed ? ".gz" : "") + (name.torn ? ".torn" : "");
}

std::optional<telemetry_file_name> parse_telemetry_file_name(std::string_view file) {
  telemetry_file_name made;
  made.torn = consume_suffix(file, ".torn");
  made.compressed = consume_suffix(file, ".gz");
  if (!consume_suffix(file, ".jsonl"))
    return std::nullopt;
  const auto first = file.find('.');
  const auto second = first == std::string_view::npos ? first : file.find('.', first + 1);
  if (second == std::string_view::npos || !is_stream_name(file.substr(0, first)))
    return std::nullopt;
  const auto opened = parse_compact_time(file.substr(first + 1, second - first - 1));
  const auto writer = file.substr(second + 1);
  if (!opened || (writer != "shared" && (!whole_number(writer, made.pid) || made.pid <= 0)))
    return std::nullopt;
  made.stream = file.substr(0, first);
  made.opened = *opened;
  return made;
}

bool lock_file(int fd, bool wait) {
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  for (;;) {
    if (::fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &whole) == 0)
      return true;
    if (errno != EINTR)
      return false;
  }
}

void unlock_file(int fd) {
  struct flock whole {};
  whole.l_type = F_UNLCK;
  whole.l_whence = SEEK_SET;
  static_cast<void>(::fcntl(fd, F_OFD_SETLK, &whole)); // closing the file would release it, too
}

result<std::vector<telemetry_listed>> list_telemetry(const std::string& directory) {
  std::vector<telemetry_listed> found;
  std::error_code problem;
  auto entry = std::filesystem::directory_iterator{directory, problem};
  if (problem)
    return fault{problem == std::errc::no_such_file_or_directory ? fault_code::not_found
                                                                 : fault_code::denied,
                 "cannot list " + directory + ": " + problem.message(),
                 {}};
  for (; !problem && entry != std::filesystem::directory_iterator{}; entry.increment(problem)) {
    const auto file = entry->path().filename().string();
    const auto name = parse_telemetry_file_name(file);
    struct stat status {};
    if (!name || ::lstat(entry->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode))
      continue;
    found.push_back({file, name->stream, name->opened, static_cast<std::uint64_t>(status.st_size),
                     is_open(directory, file, *name), name->compressed, name->torn});
  }
  std::sort(found.begin(), found.end(),
            [](const auto& left, const auto& right) { return left.file < right.file; });
  return found;
}

bool make_telemetry_directory(const std::string& directory) {
  std::error_code problem;
  if (std::filesystem::is_directory(directory, problem))
    return true;
  std::filesystem::create_directories(directory, problem);
  if (problem)
    return false;
  sync_telemetry_directory(std::filesystem::path{directory}.parent_path().string());
  return true;
}

bool sync_telemetry_directory(const std::string& directory) {
  const descriptor opened{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  return opened && ::fsync(opened.get()) == 0;
}

result<std::uint64_t> repair_tail(const std::string& directory, const std::string& file, int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0)
    return from_errno("cannot look at " + file);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const auto end = last_line_end(fd, size);
  if (!end)
    return from_errno("cannot read " + file);
  if (*end == size)
    return std::uint64_t{0};
  // The tail is evidence: it is on disk under its own name before it is cut off here.
  const auto torn = open_in(directory, file + ".torn", O_WRONLY | O_CREAT | O_APPEND);
  if (!torn || !copy_tail(fd, *end, size, torn.get()))
    return from_errno("cannot move the torn tail of " + file);
  sync_telemetry_directory(directory);
  if (::ftruncate(fd, static_cast<off_t>(*end)) != 0 || ::fdatasync(fd) != 0)
    return from_errno("cannot cut the torn tail of " + file);
  return size - *end;
}

std::vector<telemetry_torn> repair_telemetry(const std::string& directory,
                                             std::string_view stream) {
  std::vector<telemetry_torn> repaired;
  const auto listed = list_telemetry(directory);
  if (!listed)
    return repaired;
  for (const auto& one : *listed) {
    const auto name = parse_telemetry_file_name(one.file);
    // The tail of a shared file is repaired by its next writer, under the lock of its directory.
    if (one.stream != stream || one.open || one.compressed || one.torn || !name || name->pid == 0)
      continue;
    const auto file = open_in(directory, one.file, O_RDWR);
    if (!file || !lock_file(file.get(), false))
      continue;
    if (const auto tail = repair_tail(directory, one.file, file.get()); tail && *tail != 0)
      repaired.push_back({one.file, *tail});
  }
  return repaired;
}

} // namespace holdfast::persistence
