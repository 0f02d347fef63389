// SPDX-License-Identifier: Apache-2.0
// A preloaded library that fails, tears or kills a process at the N-th file operation it makes.
//
// HOLDFAST_FAULT holds rules separated by '|', each a list of `name=value` separated by ';':
//   ops=write,sync,rename,unlink,truncate,allocate,create,read   which operations (default: all but
//   read) path=TEXT      only files whose path contains TEXT when=N         from the N-th matching
//   operation on, counted over all threads (default 1) last=M         up to the M-th (default: the
//   same as when; 0: for ever) while=FILE     only while FILE exists action=kill | tear | eio |
//   enospc | erofs | hang   kill before it; write half of it, then kill; fail; wait until FILE is
//   gone
// HOLDFAST_FAULT_COUNT=FILE: the number of matching operations of the first rule is kept there.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

enum operation : unsigned {
  op_write = 1,
  op_sync = 2,
  op_rename = 4,
  op_unlink = 8,
  op_truncate = 16,
  op_allocate = 32,
  op_create = 64,
  op_read = 128
};

enum class action { kill, tear, eio, enospc, erofs, hang };

struct rule {
  unsigned ops = 127;
  std::string path;
  std::uint64_t when = 1;
  std::uint64_t last = 1;
  std::string only_while;
  action what = action::kill;
  std::atomic<std::uint64_t> seen{0};
};

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

unsigned operation_named(std::string_view name) {
  if (name == "write")
    return op_write;
  if (name == "sync")
    return op_sync;
  if (name == "rename")
    return op_rename;
  if (name == "unlink")
    return op_unlink;
  if (name == "truncate")
    return op_truncate;
  if (name == "allocate")
    return op_allocate;
  if (name == "create")
    return op_create;
  if (name == "read")
    return op_read;
  std::fprintf(stderr, "HOLDFAST_FAULT: unknown operation '%.*s'\n", static_cast<int>(name.size()),
               name.data());
  std::abort();
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts{""};
  for (const char letter : text)
    if (letter == separator)
      parts.emplace_back();
    else
      parts.back() += letter;
  return parts;
}

void set(rule& made, const std::string& name, const std::string& value) {
  if (name == "ops") {
    made.ops = 0;
    for (const auto& one : split(value, ','))
      made.ops |= operation_named(one);
  } else if (name == "path") {
    made.path = value;
  } else if (name == "when") {
    made.when = std::strtoull(value.c_str(), nullptr, 10);
    made.last = made.when;
  } else if (name == "last") {
    made.last = value == "0" ? UINT64_MAX : std::strtoull(value.c_str(), nullptr, 10);
  } else if (name == "while") {
    made.only_while = value;
  } else if (name == "action") {
    made.what = value == "tear"     ? action::tear
                : value == "eio"    ? action::eio
                : value == "enospc" ? action::enospc
                : value == "erofs"  ? action::erofs
                : value == "hang"   ? action::hang
                                    : action::kill;
  } else {
    std::fprintf(stderr, "HOLDFAST_FAULT: unknown setting '%s'\n", name.c_str());
    std::abort();
  }
}

/// The rules live for ever: threads of the program may outlive static destruction.
std::vector<rule*>& rules() {
  static auto* made = [] {
    auto* list = new std::vector<rule*>;
    const char* text = std::getenv("HOLDFAST_FAULT");
    if (text == nullptr)
      return list;
    for (const auto& one : split(text, '|')) {
      auto* next_rule = new rule;
      for (const auto& setting : split(one, ';'))
        if (const auto equals = setting.find('='); equals != std::string::npos)
          set(*next_rule, setting.substr(0, equals), setting.substr(equals + 1));
      list->push_back(next_rule);
    }
    return list;
  }();
  return *made;
}

/// A counter shared with the test through a file, so that it outlives a SIGKILL.
std::atomic<std::uint64_t>* shared_count() {
  static auto* mapped = []() -> std::atomic<std::uint64_t>* {
    const char* path = std::getenv("HOLDFAST_FAULT_COUNT");
    if (path == nullptr)
      return nullptr;
    const int fd = next<int (*)(const char*, int, ...)>("open")(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || next<int (*)(int, off_t)>("ftruncate")(fd, 8) != 0)
      std::abort();
    void* memory = mmap(nullptr, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return static_cast<std::atomic<std::uint64_t>*>(memory);
  }();
  return mapped;
}

std::string path_of(int fd) {
  char link[64];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  char path[4096];
  const auto length = readlink(link, path, sizeof path);
  return length < 0 ? std::string{} : std::string(path, static_cast<std::size_t>(length));
}

struct verdict {
  int error = 0; ///< The errno to fail with; 0: perform it.
  bool tear = false;
};

[[noreturn]] void die() {
  kill(getpid(), SIGKILL);
  for (;;)
    pause();
}

verdict judge(unsigned op, const std::string& path) {
  bool first = true;
  for (auto* one : rules()) {
    const bool counted = std::exchange(first, false);
    if ((one->ops & op) == 0 || path.find(one->path) == std::string::npos)
      continue;
    if (!one->only_while.empty() && access(one->only_while.c_str(), F_OK) != 0)
      continue;
    const auto number = one->seen.fetch_add(1) + 1;
    if (auto* count = counted ? shared_count() : nullptr)
      count->store(number);
    if (number < one->when || number > one->last)
      continue;
    switch (one->what) {
    case action::kill:
      die();
    case action::tear:
      if ((op & op_write) == 0)
        die();
      return {.error = 0, .tear = true};
    case action::eio:
      return {.error = EIO};
    case action::enospc:
      return {.error = ENOSPC};
    case action::erofs:
      return {.error = EROFS};
    case action::hang:
      while (access(one->only_while.c_str(), F_OK) == 0)
        poll(nullptr, 0, 10);
      return {};
    }
  }
  return {};
}

bool regular(int fd) {
  struct stat found {};
  return !rules().empty() && fstat(fd, &found) == 0
         && (S_ISREG(found.st_mode) || S_ISDIR(found.st_mode));
}

verdict judge_fd(unsigned op, int fd) {
  return regular(fd) ? judge(op, path_of(fd)) : verdict{};
}

verdict judge_path(unsigned op, const char* path) {
  if (rules().empty())
    return {};
  std::string whole = path;
  if (!whole.starts_with('/')) {
    char here[4096];
    if (getcwd(here, sizeof here) != nullptr)
      whole = std::string(here) + "/" + whole;
  }
  return judge(op, whole);
}

int fail(int error) {
  errno = error;
  return -1;
}

/// Performs what is allowed, and fails what is not.
template <class Perform>
auto as_ruled(const verdict& ruled, Perform perform) {
  return ruled.error != 0 ? static_cast<decltype(perform())>(fail(ruled.error)) : perform();
}

/// The same for a write of so many bytes or parts, which may also be torn: `half` of it, and death.
template <class Perform, class Count>
ssize_t written_as_ruled(int fd, Count whole, Count half, Perform perform) {
  const auto ruled = judge_fd(op_write, fd);
  if (ruled.tear) {
    perform(half);
    die();
  }
  return as_ruled(ruled, [&] { return perform(whole); });
}

/// Half of a list of parts: at least one.
int half_of(int count) {
  return count > 1 ? count / 2 : 1;
}

} // namespace

extern "C" {

ssize_t write(int fd, const void* data, size_t size) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t)>("write");
  return written_as_ruled(fd, size, size / 2, [&](size_t part) { return real(fd, data, part); });
}

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t offset) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  return written_as_ruled(fd, size, size / 2,
                          [&](size_t part) { return real(fd, data, part, offset); });
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  return pwrite64(fd, data, size, offset);
}

ssize_t writev(int fd, const iovec* parts, int count) {
  static const auto real = next<ssize_t (*)(int, const iovec*, int)>("writev");
  return written_as_ruled(fd, count, half_of(count),
                          [&](int some) { return real(fd, parts, some); });
}

ssize_t pwritev64(int fd, const iovec* parts, int count, off64_t offset) {
  static const auto real = next<ssize_t (*)(int, const iovec*, int, off64_t)>("pwritev64");
  return written_as_ruled(fd, count, half_of(count),
                          [&](int some) { return real(fd, parts, some, offset); });
}

ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) {
  return pwritev64(fd, parts, count, offset);
}

ssize_t pread64(int fd, void* data, size_t size, off64_t offset) {
  static const auto real = next<ssize_t (*)(int, void*, size_t, off64_t)>("pread64");
  return as_ruled(judge_fd(op_read, fd), [&] { return real(fd, data, size, offset); });
}

ssize_t pread(int fd, void* data, size_t size, off_t offset) {
  return pread64(fd, data, size, offset);
}

int fdatasync(int fd) {
  static const auto real = next<int (*)(int)>("fdatasync");
  return as_ruled(judge_fd(op_sync, fd), [&] { return real(fd); });
}

int fsync(int fd) {
  static const auto real = next<int (*)(int)>("fsync");
  return as_ruled(judge_fd(op_sync, fd), [&] { return real(fd); });
}

int ftruncate64(int fd, off64_t size) {
  static const auto real = next<int (*)(int, off64_t)>("ftruncate64");
  return as_ruled(judge_fd(op_truncate, fd), [&] { return real(fd, size); });
}

int ftruncate(int fd, off_t size) {
  return ftruncate64(fd, size);
}

int fallocate64(int fd, int mode, off64_t offset, off64_t size) {
  static const auto real = next<int (*)(int, int, off64_t, off64_t)>("fallocate64");
  return as_ruled(judge_fd(op_allocate, fd), [&] { return real(fd, mode, offset, size); });
}

int fallocate(int fd, int mode, off_t offset, off_t size) {
  return fallocate64(fd, mode, offset, size);
}

int rename(const char* from, const char* to) {
  static const auto real = next<int (*)(const char*, const char*)>("rename");
  return as_ruled(judge_path(op_rename, to), [&] { return real(from, to); });
}

int unlink(const char* path) {
  static const auto real = next<int (*)(const char*)>("unlink");
  return as_ruled(judge_path(op_unlink, path), [&] { return real(path); });
}

int mkdir(const char* path, mode_t mode) {
  static const auto real = next<int (*)(const char*, mode_t)>("mkdir");
  return as_ruled(judge_path(op_create, path), [&] { return real(path, mode); });
}

int open64(const char* path, int flags, ...) {
  static const auto real = next<int (*)(const char*, int, ...)>("open64");
  mode_t mode = 0;
  if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
    va_list more;
    va_start(more, flags);
    mode = va_arg(more, mode_t);
    va_end(more);
  }
  if ((flags & O_CREAT) != 0)
    if (const auto ruled = judge_path(op_create, path); ruled.error != 0)
      return fail(ruled.error);
  return real(path, flags, mode);
}

int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
    va_list more;
    va_start(more, flags);
    mode = va_arg(more, mode_t);
    va_end(more);
  }
  return open64(path, flags, mode);
}

} // extern "C"
