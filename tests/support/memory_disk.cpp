// SPDX-License-Identifier: Apache-2.0
// When the disk fails, what is left of it when the world ends, and what tests do around its rules.
#include "tests/support/memory_disk.hpp"

#include "tests/support/memory_node.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace holdfast::testing {

namespace fs = std::filesystem;

namespace {

bool changes_something(operation kind) {
  return kind != operation::read && kind != operation::open;
}

} // namespace

fault problem(int error, const fs::path& path) {
  const auto code = error == ENOSPC || error == EDQUOT                    ? fault_code::no_space
                    : error == EACCES || error == EPERM || error == EROFS ? fault_code::denied
                    : error == ENOENT                                     ? fault_code::not_found
                                                                          : fault_code::failed;
  return {code, path.string() + ": " + std::generic_category().message(error), "it is a test"};
}

memory_disk::memory_disk(std::uint64_t seed) : chance_{seed}, root_{std::make_shared<node>()} {
  root_->directory = true;
}

memory_disk::~memory_disk() = default;

std::shared_ptr<memory_disk::node> memory_disk::find(const fs::path& path) const {
  auto at = root_;
  for (const auto& part : path.relative_path()) {
    if (part.empty() || part == ".")
      continue;
    if (!at->directory)
      return nullptr;
    const auto found = at->live_entries.find(part.string());
    if (found == at->live_entries.end())
      return nullptr;
    at = found->second;
  }
  return at;
}

std::shared_ptr<memory_disk::node> memory_disk::parent_of(const fs::path& path) const {
  auto found = find(path.parent_path());
  return found && found->directory ? found : nullptr;
}

std::optional<fault> memory_disk::meet(operation kind, const fs::path& path) const {
  if (stopped_)
    return problem(EIO, path);
  if (changes_something(kind))
    ++changes_;
  for (auto planned = failures_.begin(); planned != failures_.end(); ++planned) {
    const auto counts =
        planned->kind == kind || (planned->kind == operation::any && changes_something(kind));
    if (!counts || path.string().find(planned->path_part) == std::string::npos)
      continue;
    if (planned->nth > 1) {
      --planned->nth;
      continue;
    }
    auto met = problem(planned->error, path);
    if (!planned->for_ever)
      failures_.erase(planned);
    return met;
  }
  return std::nullopt;
}

bool memory_disk::room_for(std::uint64_t growth) const {
  if (full_)
    return false;
  if (capacity_ == UINT64_MAX)
    return true;
  std::uint64_t used = 0;
  const std::function<void(const node&)> add = [&](const node& from) {
    used += from.live.size();
    for (const auto& [name, child] : from.live_entries)
      add(*child);
  };
  add(*root_);
  return used + growth <= capacity_;
}

std::shared_ptr<memory_disk::node>
memory_disk::cloned(const std::shared_ptr<node>& from,
                    std::map<const node*, std::shared_ptr<node>>& made) const {
  if (!from)
    return nullptr;
  if (const auto known = made.find(from.get()); known != made.end())
    return known->second;
  auto copied = std::make_shared<node>();
  made.emplace(from.get(), copied);
  copied->directory = from->directory;
  copied->live = from->live;
  copied->durable = from->durable;
  copied->unsynced_pages = from->unsynced_pages;
  for (const auto& [name, child] : from->live_entries)
    copied->live_entries.emplace(name, cloned(child, made));
  for (const auto& [name, child] : from->durable_entries)
    copied->durable_entries.emplace(name, cloned(child, made));
  for (const auto& unsynced : from->unsynced_changes) {
    auto& target = copied->unsynced_changes.emplace_back();
    for (const auto& [name, child] : unsynced)
      target.emplace_back(name, cloned(child, made));
  }
  return copied;
}

std::unique_ptr<memory_disk> memory_disk::after(ending how) const {
  const std::lock_guard held{mutex_};
  auto next = std::make_unique<memory_disk>();
  std::map<const node*, std::shared_ptr<node>> made;
  next->root_ = cloned(root_, made);
  next->chance_ = chance_;
  next->capacity_ = capacity_;
  next->full_ = full_;
  next->survive(how);
  // The next ending draws other lots.
  chance_.discard(1);
  return next;
}

void memory_disk::crash(ending how) {
  const std::lock_guard held{mutex_};
  survive(how);
}

void memory_disk::survive(ending how) {
  ++life_;
  locks_.clear();
  failures_.clear();
  stopped_ = false;
  if (how == ending::kill)
    return;
  std::set<const node*> visited;
  const std::function<void(node&)> settle = [&](node& from) {
    if (!visited.insert(&from).second)
      return;
    if (how == ending::torn_power)
      from.tear(chance_);
    from.live = from.durable;
    from.unsynced_pages.clear();
    from.live_entries = from.durable_entries;
    from.unsynced_changes.clear();
    for (const auto& [name, child] : from.live_entries)
      settle(*child);
  };
  settle(*root_);
}

void memory_disk::fail_at(failure planned) {
  const std::lock_guard held{mutex_};
  failures_.push_back(std::move(planned));
}

void memory_disk::stop() {
  const std::lock_guard held{mutex_};
  stopped_ = true;
}

void memory_disk::mend() {
  const std::lock_guard held{mutex_};
  failures_.clear();
}

void memory_disk::set_full(bool full) {
  const std::lock_guard held{mutex_};
  full_ = full;
}

void memory_disk::lie_about(std::string path_part) {
  const std::lock_guard held{mutex_};
  lies_.push_back(std::move(path_part));
}

bool memory_disk::lies_about(const fs::path& path) const {
  return std::any_of(lies_.begin(), lies_.end(), [&](const std::string& part) {
    return path.string().find(part) != std::string::npos;
  });
}

void memory_disk::set_capacity(std::uint64_t bytes) {
  const std::lock_guard held{mutex_};
  capacity_ = bytes;
}

std::uint64_t memory_disk::changes() const {
  const std::lock_guard held{mutex_};
  return changes_;
}

std::string memory_disk::content(const fs::path& path) const {
  const std::lock_guard held{mutex_};
  const auto found = find(path);
  if (!found || found->directory)
    throw std::invalid_argument{"no such file: " + path.string()};
  return found->live;
}

void memory_disk::put(const fs::path& path, std::string_view content) {
  const std::lock_guard held{mutex_};
  auto at = root_;
  for (const auto& part : path.relative_path().parent_path()) {
    auto& child = at->live_entries[part.string()];
    if (!child) {
      child = std::make_shared<node>();
      child->directory = true;
    }
    at->durable_entries[part.string()] = child;
    at = child;
  }
  auto& target = at->live_entries[path.filename().string()];
  if (!target)
    target = std::make_shared<node>();
  at->durable_entries[path.filename().string()] = target;
  target->live = content;
  target->durable = content;
  target->unsynced_pages.clear();
}

void memory_disk::flip(const fs::path& path, std::uint64_t bit) {
  auto bytes = content(path);
  auto& byte = bytes.at(bit / 8);
  byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << (bit % 8)));
  put(path, bytes);
}

void memory_disk::erase(const fs::path& path) {
  const std::lock_guard held{mutex_};
  const auto directory = parent_of(path);
  if (!directory || directory->live_entries.erase(path.filename().string()) == 0)
    throw std::invalid_argument{"no such file: " + path.string()};
  directory->durable_entries.erase(path.filename().string());
}

std::vector<fs::path> memory_disk::files() const {
  const std::lock_guard held{mutex_};
  std::vector<fs::path> found;
  const std::function<void(const node&, const fs::path&)> add = [&](const node& from,
                                                                    const fs::path& path) {
    if (!from.directory)
      found.push_back(path);
    for (const auto& [name, child] : from.live_entries)
      add(*child, path / name);
  };
  add(*root_, "/");
  return found;
}

} // namespace holdfast::testing
