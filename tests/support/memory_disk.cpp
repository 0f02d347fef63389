// SPDX-License-Identifier: Apache-2.0
// Keeps two versions of everything: what is there, and what would be there after a power loss.
#include "tests/support/memory_disk.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace holdfast::testing {

using persistence::open_mode;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t page_bytes = 4096;
constexpr std::uint64_t sector_bytes = 512;

fault problem(int error, const fs::path& path) {
  const auto code = error == ENOSPC || error == EDQUOT                    ? fault_code::no_space
                    : error == EACCES || error == EPERM || error == EROFS ? fault_code::denied
                    : error == ENOENT                                     ? fault_code::not_found
                                                                          : fault_code::failed;
  return {code, path.string() + ": " + std::generic_category().message(error), "it is a test"};
}

bool changes_something(operation kind) {
  return kind != operation::read && kind != operation::open;
}

} // namespace

/// A file or a directory.
struct memory_disk::node {
  bool directory = false;
  std::string live;
  std::string durable;
  std::set<std::uint64_t> unsynced_pages;
  entries live_entries;
  entries durable_entries;
  std::vector<change> unsynced_changes;

  void write(std::uint64_t offset, std::string_view data) {
    if (data.empty())
      return;
    if (offset + data.size() > live.size())
      live.resize(offset + data.size());
    data.copy(live.data() + offset, data.size());
    for (auto page = offset / page_bytes; page <= (offset + data.size() - 1) / page_bytes; ++page)
      unsynced_pages.insert(page);
  }

  void resize(std::uint64_t size) {
    const auto before = live.size();
    live.resize(size);
    for (auto page = std::min<std::uint64_t>(before, size) / page_bytes;
         page <= std::max<std::uint64_t>(before, size) / page_bytes; ++page)
      unsynced_pages.insert(page);
  }

  void keep_page(std::uint64_t page, std::uint64_t bytes = page_bytes) {
    const auto begin = page * page_bytes;
    if (begin >= std::min(live.size(), durable.size()))
      return;
    const auto size = std::min({bytes, live.size() - begin, durable.size() - begin});
    std::copy_n(live.data() + begin, size, durable.data() + begin);
  }

  void sync() {
    durable.resize(live.size());
    for (const auto page : unsynced_pages)
      keep_page(page);
    unsynced_pages.clear();
  }

  void change_entries(change made) {
    apply(live_entries, made);
    unsynced_changes.push_back(std::move(made));
  }

  static void apply(entries& to, const change& made) {
    for (const auto& [name, target] : made) {
      if (target)
        to[name] = target;
      else
        to.erase(name);
    }
  }

  void sync_entries(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      apply(durable_entries, unsynced_changes[i]);
    unsynced_changes.erase(unsynced_changes.begin(),
                           unsynced_changes.begin() + static_cast<std::ptrdiff_t>(count));
  }

  /// Some of the pages that were not synced reach the disk, in part or whole, in any order.
  void tear(std::mt19937_64& chance) {
    if (durable.size() != live.size() && chance() % 2 == 0)
      durable.resize(live.size());
    for (const auto page : unsynced_pages)
      if (const auto lot = chance() % 4; lot > 1)
        keep_page(page, lot == 2 ? page_bytes : chance() % 8 * sector_bytes);
    sync_entries(chance() % (unsynced_changes.size() + 1));
  }
};

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
