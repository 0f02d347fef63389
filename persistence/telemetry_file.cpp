// SPDX-License-Identifier: Apache-2.0
// Appends to telemetry files and begins new ones.
#include "persistence/telemetry_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace holdfast::persistence {
namespace {

constexpr int append_flags = O_RDWR | O_APPEND;

} // namespace

telemetry_file::telemetry_file(place where, const telemetry_limits& limits, telemetry_write write,
                               std::function<std::string(const telemetry_opened&)> first_line)
    : where_{std::move(where)}, limits_{limits}, write_{std::move(write)}, first_line_{std::move(
                                                                               first_line)} {
  assert(is_stream_name(where_.stream));
  if (!write_)
    write_ = [](int fd, const char* data, std::size_t size) { return ::write(fd, data, size); };
}

telemetry_file::~telemetry_file() {
  close();
}

void telemetry_file::note(std::uint64_t telemetry_counters::*counter, const std::string& doing) {
  const auto cause = errno;
  ++(counters_.*counter);
  counters_.last_error = doing + ": " + std::generic_category().message(cause);
}

void telemetry_file::report(telemetry_counters& counters) {
  counters.syncs += counters_.syncs;
  counters.write_errors += counters_.write_errors;
  counters.sync_errors += counters_.sync_errors;
  counters.open_errors += counters_.open_errors;
  counters.rotations += counters_.rotations;
  counters.repaired += counters_.repaired;
  if (!counters_.last_error.empty())
    counters.last_error = counters_.last_error;
  counters_ = {};
}

std::size_t telemetry_file::append(std::string_view batch, std::span<const std::size_t> ends,
                                   wall_time now) {
  assert(batch.empty() || (!ends.empty() && ends.back() == batch.size() && batch.back() == '\n'));
  return !batch.empty() && prepare(batch.size(), now) ? append_prepared(batch, ends) : 0;
}

std::size_t telemetry_file::append_prepared(std::string_view batch,
                                            std::span<const std::size_t> ends) {
  const auto done = put(batch, ends);
  if (where_.shared && shared_lock_)
    unlock_file(shared_lock_.get());
  if (done == ends.size() && !reserve_kept_)
    keep_reserve();
  return done;
}

// Answers whether `fd_` may take the batch. In shared mode the directory's lock is held if so.
bool telemetry_file::prepare(std::uint64_t adding, wall_time now) {
  if (where_.shared && !lock_directory())
    return false;
  if (fd_ && usable(adding, now))
    return true;
  if (fd_) {
    sync();
    last_ = current_;
  }
  auto sealed = std::move(fd_);
  let_go();
  rotate_ = false;
  const bool opened = where_.shared ? open_shared(adding, now) : open_new(now);
  if (opened && where_.shared && sealed && current_ != last_)
    ::fchmod(sealed.get(), 0440); // whoever still holds it sees that it is closed
  if (!opened && where_.shared && shared_lock_)
    unlock_file(shared_lock_.get());
  return opened;
}

// A file is left when its day or its size is over, or when somebody removed or sealed it.
bool telemetry_file::usable(std::uint64_t adding, wall_time now) {
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0 || status.st_nlink == 0)
    return false;
  if (where_.shared) {
    if ((status.st_mode & S_IWUSR) == 0)
      return false;
    const auto torn = repair_tail(where_.directory, current_, fd_.get());
    if (!torn)
      return false;
    if (*torn != 0) {
      ++counters_.repaired;
      torn_.push_back({current_, *torn});
      if (::fstat(fd_.get(), &status) != 0)
        return false;
    }
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
  return !rotate_ && !rotation_due(limits_, opened_, size_, adding, now);
}

bool telemetry_file::lock_directory() {
  if (shared_lock_) {
    struct stat status {};
    if (::fstat(shared_lock_.get(), &status) != 0 || status.st_nlink == 0)
      shared_lock_.reset();
  }
  if (!shared_lock_) {
    make_telemetry_directory(where_.directory);
    shared_lock_ = open_in(where_.directory, '.' + where_.stream + ".lock", O_RDWR | O_CREAT);
  }
  if (shared_lock_ && lock_file(shared_lock_.get(), true))
    return true;
  note(&telemetry_counters::open_errors, "cannot lock " + where_.directory);
  return false;
}

bool telemetry_file::open_new(wall_time now) {
  if (!make_telemetry_directory(where_.directory)) {
    note(&telemetry_counters::open_errors, "cannot make " + where_.directory);
    return false;
  }
  if (!looked_for_torn_) {
    torn_ = repair_telemetry(where_.directory, where_.stream);
    counters_.repaired += torn_.size();
    looked_for_torn_ = true;
  }
  telemetry_opened opened{.file = {}, .after = last_, .torn = torn_};
  if (files_ == 0)
    if (const auto listed = list_telemetry(where_.directory))
      for (const auto& one : *listed)
        if (one.stream == where_.stream && !one.open && !one.torn)
          opened.after = one.file;
  if (!create(opened, now))
    return false;
  if (files_++ != 0)
    ++counters_.rotations;
  if (!write_first_line(opened))
    return false;
  torn_.clear();
  took_first_line_ = true;
  return true;
}

bool telemetry_file::create(telemetry_opened& opened, wall_time now) {
  telemetry_file_name name{
      .stream = where_.stream, .opened = now, .pid = where_.shared ? 0 : where_.pid};
  for (int attempt = 0; attempt < 1000; ++attempt, ++name.opened.us) {
    opened.file = to_string(name);
    fd_ = open_in(where_.directory, opened.file, append_flags | O_CREAT | O_EXCL);
    if (fd_ || errno != EEXIST)
      break;
  }
  // Held for life: so others know that this file has a living writer.
  if (!fd_ || (!where_.shared && !lock_file(fd_.get(), true))) {
    note(&telemetry_counters::open_errors, "cannot create " + opened.file);
    fd_.reset();
    return false;
  }
  opened_ = name.opened;
  current_ = opened.file;
  size_ = 0;
  sync_telemetry_directory(where_.directory);
  return true;
}

// The newest unsealed file is the one in use; older ones were left by a process that died between
// creating a file and sealing the one before.
bool telemetry_file::open_shared(std::uint64_t adding, wall_time now) {
  const auto listed = list_telemetry(where_.directory);
  std::string newest;
  if (listed)
    for (const auto& one : *listed) {
      const auto name = parse_telemetry_file_name(one.file);
      if (one.stream != where_.stream || !one.open || !name || name->pid != 0 || one.file == last_)
        continue;
      if (!newest.empty())
        if (const auto older = open_in(where_.directory, newest, append_flags))
          ::fchmod(older.get(), 0440);
      newest = one.file;
      opened_ = one.opened;
    }
  if (newest.empty())
    return open_new(now);
  fd_ = open_in(where_.directory, newest, append_flags);
  current_ = newest;
  if (fd_ && usable(adding, now)) {
    ++files_;
    return true;
  }
  if (fd_)
    ::fchmod(fd_.get(), 0440);
  fd_.reset();
  return open_new(now);
}

bool telemetry_file::write_first_line(const telemetry_opened& opened) {
  const auto line = first_line_ ? first_line_(opened) : std::string{};
  if (line.empty())
    return true;
  const std::size_t ends[] = {line.size()};
  if (put(line, ends) == 1)
    return true;
  // An empty file says nothing and would stand in the way of retention.
  if (size_ == 0)
    ::unlink((where_.directory + '/' + current_).c_str());
  let_go();
  return false;
}

std::size_t telemetry_file::put(std::string_view batch, std::span<const std::size_t> ends) {
  std::size_t written = 0;
  while (written < batch.size()) {
    const auto rest = batch.substr(written);
    const auto put = write_(fd_.get(), rest.data(), rest.size());
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0) {
      if (put == 0)
        errno = ENOSPC;
      note(&telemetry_counters::write_errors, "cannot write " + current_);
      break;
    }
    written += static_cast<std::size_t>(put);
  }
  dirty_ = dirty_ || written != 0;
  const auto whole =
      static_cast<std::size_t>(std::upper_bound(ends.begin(), ends.end(), written) - ends.begin());
  const auto kept = whole == 0 ? 0 : ends[whole - 1];
  if (written != kept) {
    // The file is ours (or locked), so the half of a line that is in it can be taken back.
    if (::ftruncate(fd_.get(), static_cast<off_t>(size_ + kept)) == 0) {
      ++counters_.repaired;
    } else {
      // The torn line stays, but nothing will be appended to it.
      last_ = current_;
      let_go();
      return whole;
    }
  }
  size_ += kept;
  return whole;
}

bool telemetry_file::sync() {
  if (!dirty_ || !fd_)
    return true;
  dirty_ = false;
  ++counters_.syncs;
  if (::fdatasync(fd_.get()) == 0)
    return true;
  note(&telemetry_counters::sync_errors, "cannot sync " + current_);
  // After a failed sync nobody knows what of this file is on disk; a new one starts clean.
  rotate_ = true;
  return false;
}

std::string telemetry_file::reserve_name() const {
  return '.' + where_.stream + '.' + std::to_string(where_.pid) + ".reserve";
}

void telemetry_file::keep_reserve() {
  reserve_kept_ = true;
  if (limits_.reserve_bytes == 0)
    return;
  if (!reserve_) {
    reserve_ = open_in(where_.directory, reserve_name(), O_RDWR | O_CREAT);
    if (reserve_)
      static_cast<void>(lock_file(reserve_.get(), false)); // unlocked ones are removed by a prune
  }
  if (reserve_)
    reserve_kept_ =
        ::posix_fallocate(reserve_.get(), 0, static_cast<off_t>(limits_.reserve_bytes)) == 0;
}

void telemetry_file::release_reserve() {
  if (reserve_ && ::ftruncate(reserve_.get(), 0) == 0)
    reserve_kept_ = false;
}

void telemetry_file::let_go() {
  fd_.reset();
  current_.clear();
  dirty_ = false;
}

void telemetry_file::close() {
  if (fd_)
    sync();
  let_go();
  if (reserve_) {
    ::unlink((where_.directory + '/' + reserve_name()).c_str());
    reserve_.reset();
    reserve_kept_ = false;
  }
}

} // namespace holdfast::persistence
