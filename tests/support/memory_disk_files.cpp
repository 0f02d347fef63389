// SPDX-License-Identifier: Apache-2.0
// The disk as the store uses it: files, directories and locks.
#include "tests/support/memory_disk.hpp"

#include "tests/support/memory_node.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace holdfast::testing {

using persistence::open_mode;
namespace fs = std::filesystem;

class memory_file final : public persistence::file {
public:
  memory_file(memory_disk& disk, std::shared_ptr<memory_disk::node> target, fs::path path,
              bool writable)
      : disk_{disk}, node_{std::move(target)}, path_{std::move(path)}, life_{disk.life_},
        writable_{writable} {}

  result<std::size_t> read(std::uint64_t offset, std::span<char> into) const override {
    const std::lock_guard held{disk_.mutex_};
    if (auto met = meet(operation::read))
      return *met;
    if (offset >= node_->live.size())
      return std::size_t{0};
    return node_->live.copy(into.data(), into.size(), offset);
  }

  result<void> write(std::uint64_t offset, std::string_view data) override {
    const std::lock_guard held{disk_.mutex_};
    if (!writable_)
      return problem(EBADF, path_);
    const auto some = [&] {
      return data.substr(0, data.empty() ? 0 : disk_.chance_() % data.size());
    };
    if (auto met = meet(operation::write)) {
      if (!dead())
        node_->write(offset, some());
      return *met;
    }
    const auto size = node_->live.size();
    if (offset + data.size() > size && !disk_.room_for(offset + data.size() - size)) {
      node_->write(offset, data.substr(0, offset < size ? size - offset : 0));
      return problem(ENOSPC, path_);
    }
    node_->write(offset, data);
    return {};
  }

  result<void> sync() override {
    const std::lock_guard held{disk_.mutex_};
    if (auto met = meet(operation::sync))
      return *met;
    if (!disk_.lies_about(path_))
      node_->sync();
    return {};
  }

  result<std::uint64_t> size() const override {
    const std::lock_guard held{disk_.mutex_};
    if (dead())
      return problem(EIO, path_);
    return std::uint64_t{node_->live.size()};
  }

  result<void> truncate(std::uint64_t size) override { return resize(size, false); }
  result<void> preallocate(std::uint64_t size) override { return resize(size, true); }

private:
  bool dead() const { return life_ != disk_.life_ || disk_.stopped_; }
  std::optional<fault> meet(operation kind) const {
    return dead() ? problem(EIO, path_) : disk_.meet(kind, path_);
  }
  result<void> resize(std::uint64_t size, bool durably) {
    const std::lock_guard held{disk_.mutex_};
    if (auto met = meet(operation::truncate))
      return *met;
    if (size > node_->live.size() && !disk_.room_for(size - node_->live.size()))
      return problem(ENOSPC, path_);
    node_->resize(size);
    if (durably)
      node_->sync();
    return {};
  }

  memory_disk& disk_;
  std::shared_ptr<memory_disk::node> node_;
  fs::path path_;
  std::uint64_t life_;
  bool writable_;
};

class memory_lock final : public persistence::file_lock {
public:
  memory_lock(memory_disk& disk, fs::path path, std::uint64_t number)
      : disk_{disk}, path_{std::move(path)}, number_{number} {}
  ~memory_lock() override {
    const std::lock_guard held{disk_.mutex_};
    if (const auto found = disk_.locks_.find(path_);
        found != disk_.locks_.end() && found->second.first == number_)
      disk_.locks_.erase(found);
  }

private:
  memory_disk& disk_;
  fs::path path_;
  std::uint64_t number_;
};

result<std::unique_ptr<persistence::file>> memory_disk::open(const fs::path& path, open_mode mode) {
  const std::lock_guard held{mutex_};
  if (auto met = meet(operation::open, path))
    return *met;
  auto found = find(path);
  if (found && found->directory)
    return problem(EISDIR, path);
  if (!found) {
    const auto directory = parent_of(path);
    if (mode != open_mode::create || !directory)
      return problem(ENOENT, path);
    if (auto met = meet(operation::write, path))
      return *met;
    found = std::make_shared<node>();
    directory->change_entries({{path.filename().string(), found}});
  }
  return std::unique_ptr<persistence::file>{
      std::make_unique<memory_file>(*this, found, path, mode != open_mode::read)};
}

result<bool> memory_disk::exists(const fs::path& path) const {
  const std::lock_guard held{mutex_};
  if (stopped_)
    return problem(EIO, path);
  return find(path) != nullptr;
}

result<std::vector<std::string>> memory_disk::list(const fs::path& directory) const {
  const std::lock_guard held{mutex_};
  if (auto met = meet(operation::read, directory))
    return *met;
  const auto found = find(directory);
  if (!found)
    return problem(ENOENT, directory);
  if (!found->directory)
    return problem(ENOTDIR, directory);
  std::vector<std::string> names;
  for (const auto& [name, child] : found->live_entries)
    names.push_back(name);
  return names;
}

result<void> memory_disk::make_directories(const fs::path& directory) {
  const std::lock_guard held{mutex_};
  auto at = root_;
  for (const auto& part : directory.relative_path()) {
    if (part.empty())
      continue;
    const auto found = at->live_entries.find(part.string());
    if (found != at->live_entries.end()) {
      at = found->second;
      if (!at->directory)
        return problem(ENOTDIR, directory);
      continue;
    }
    if (auto met = meet(operation::make_directory, directory))
      return *met;
    auto made = std::make_shared<node>();
    made->directory = true;
    at->change_entries({{part.string(), made}});
    at = made;
  }
  return {};
}

result<void> memory_disk::rename(const fs::path& from, const fs::path& to) {
  const std::lock_guard held{mutex_};
  if (auto met = meet(operation::rename, from))
    return *met;
  const auto moved = find(from);
  const auto source = parent_of(from);
  const auto target = parent_of(to);
  if (!moved || !source || !target)
    return problem(ENOENT, from);
  if (const auto replaced = find(to); replaced && replaced->directory != moved->directory)
    return problem(replaced->directory ? EISDIR : ENOTDIR, to);
  if (source == target) {
    source->change_entries({{from.filename().string(), nullptr}, {to.filename().string(), moved}});
    return {};
  }
  target->change_entries({{to.filename().string(), moved}});
  source->change_entries({{from.filename().string(), nullptr}});
  return {};
}

result<void> memory_disk::remove(const fs::path& path) {
  const std::lock_guard held{mutex_};
  if (auto met = meet(operation::remove, path))
    return *met;
  const auto found = find(path);
  const auto directory = parent_of(path);
  if (!found || !directory)
    return problem(ENOENT, path);
  if (!found->live_entries.empty())
    return problem(ENOTEMPTY, path);
  directory->change_entries({{path.filename().string(), nullptr}});
  return {};
}

result<void> memory_disk::remove_all(const fs::path& path) {
  const std::lock_guard held{mutex_};
  if (auto met = meet(operation::remove, path))
    return *met;
  if (find(path) && parent_of(path))
    parent_of(path)->change_entries({{path.filename().string(), nullptr}});
  return {};
}

result<void> memory_disk::copy(const fs::path& from, const fs::path& to) {
  const auto source = open(from, open_mode::read);
  if (!source)
    return source.error();
  auto target = open(to, open_mode::create);
  if (!target)
    return target.error();
  if (auto emptied = (*target)->truncate(0); !emptied)
    return emptied;
  const auto size = (*source)->size();
  if (!size)
    return size.error();
  std::string bytes(*size, '\0');
  if (const auto got = (*source)->read(0, bytes); !got)
    return got.error();
  return (*target)->write(0, bytes);
}

result<void> memory_disk::sync_directory(const fs::path& directory) {
  const std::lock_guard held{mutex_};
  if (auto met = meet(operation::sync_directory, directory))
    return *met;
  const auto found = find(directory);
  if (!found || !found->directory)
    return problem(ENOENT, directory);
  found->sync_entries(found->unsynced_changes.size());
  return {};
}

result<std::uint64_t> memory_disk::free_bytes(const fs::path&) const {
  const std::lock_guard held{mutex_};
  if (full_)
    return std::uint64_t{0};
  for (std::uint64_t bytes = 1ULL << 40U; bytes > 0; bytes /= 2)
    if (room_for(bytes))
      return bytes;
  return std::uint64_t{0};
}

result<std::unique_ptr<persistence::file_lock>> memory_disk::lock(const fs::path& path,
                                                                  std::string_view owner) {
  if (auto opened = open(path, open_mode::create); !opened)
    return opened.error();
  const std::lock_guard held{mutex_};
  if (const auto found = locks_.find(path); found != locks_.end())
    return fault{fault_code::conflict, path.string() + " is held by " + found->second.second,
                 "stop that process, or choose another data directory"};
  locks_[path] = {++lock_counter_, std::string{owner}};
  return std::unique_ptr<persistence::file_lock>{
      std::make_unique<memory_lock>(*this, path, lock_counter_)};
}

result<std::optional<std::string>> memory_disk::lock_owner(const fs::path& path) const {
  const std::lock_guard held{mutex_};
  if (const auto found = locks_.find(path); found != locks_.end())
    return std::optional{found->second.second};
  return std::optional<std::string>{};
}

} // namespace holdfast::testing
