// SPDX-License-Identifier: Apache-2.0
// Writes batches into the mirror's segments and makes them durable beside RocksDB's own log.
#include "persistence/mirror.hpp"

#include "persistence/crc32c.hpp"
#include "persistence/mirror_record.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace holdfast::persistence {
namespace {

/// Up to here header and payload are joined for one write; beyond, copying costs more than a call.
constexpr std::size_t joined_bytes_max = 64U << 10U;

std::filesystem::path segment_path(const mirror_options& options, std::size_t number) {
  return options.directory / std::to_string(number);
}

/// Does one thing at a time on a thread of its own, or on the caller's.
class worker {
public:
  explicit worker(bool inline_thread) {
    if (!inline_thread)
      thread_ = std::thread{[this] { run(); }};
  }
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;
  ~worker() {
    if (!thread_.joinable())
      return;
    {
      const std::lock_guard held{mutex_};
      ending_ = true;
    }
    woken_.notify_all();
    thread_.join();
  }

  void start(std::function<result<void>()> work) {
    if (!thread_.joinable()) {
      outcome_ = work();
      return;
    }
    {
      const std::lock_guard held{mutex_};
      assert(!work_);
      work_ = std::move(work);
    }
    woken_.notify_all();
  }

  result<void> wait() {
    std::unique_lock held{mutex_};
    woken_.wait(held, [this] { return !work_; });
    return std::exchange(outcome_, {});
  }

private:
  void run() {
    std::unique_lock held{mutex_};
    while (true) {
      woken_.wait(held, [this] { return work_ || ending_; });
      if (!work_)
        return;
      held.unlock();
      auto outcome = work_();
      held.lock();
      outcome_ = std::move(outcome);
      work_ = nullptr;
      woken_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable woken_;
  std::function<result<void>()> work_;
  result<void> outcome_;
  bool ending_ = false;
  std::thread thread_;
};

struct segment {
  std::unique_ptr<file> opened;
  std::uint64_t size = 0;
  std::atomic<std::uint64_t> written = 0; ///< Where the next batch goes.
  std::atomic<std::uint64_t> last = 0;    ///< The newest record in it.
  bool unsynced = false;
};

class segmented_mirror final : public mirror {
public:
  segmented_mirror(mirror_options options, std::uint64_t epoch,
                   std::array<std::unique_ptr<file>, 2> opened,
                   const std::array<std::uint64_t, 2>& sizes)
      : options_{std::move(options)},
        generation_{(epoch << 32U) | 1U}, worker_{options_.inline_threads} {
    for (std::size_t number = 0; number < 2; ++number) {
      segments_[number].opened = std::move(opened[number]);
      segments_[number].size = sizes[number];
    }
  }

  bool fits(std::size_t payload_bytes) const override {
    return has_room(payload_bytes) || recyclable(segments_[1 - current_]);
  }

  result<void> start(const mirror_batch& batch) override {
    assert(batch.first <= batch.last && batch.first.value > 0);
    if (failed_)
      return *failed_;
    if (batch.payload.size() > mirror_batch_bytes_max)
      return fault{fault_code::invalid, "a batch of " + std::to_string(batch.payload.size())
                                            + " bytes is larger than the mirror takes ("
                                            + std::to_string(mirror_batch_bytes_max) + ")"};
    if (!has_room(batch.payload.size())) {
      if (!recyclable(segments_[1 - current_]))
        return fault{fault_code::conflict, "both segments of the mirror hold records that are "
                                           "beyond the anchor"};
      if (auto switched = change_segment(); !switched)
        return fail(switched.error());
    }
    auto& into = segments_[current_];
    if (auto put = write(into, batch); !put)
      return fail(put.error());
    into.written += mirror_footprint(batch.payload.size());
    into.last = batch.last.value;
    into.unsynced = true;
    ++batches_;
    bytes_ += mirror_footprint(batch.payload.size());
    return batch.level == durability::power ? start_sync() : result<void>{};
  }

  result<void> start_sync() override {
    if (failed_)
      return *failed_;
    auto& into = segments_[current_];
    if (!into.unsynced)
      return {};
    into.unsynced = false;
    ++syncs_;
    worker_.start([target = into.opened.get()] { return target->sync(); });
    return {};
  }

  result<void> wait() override {
    if (failed_)
      return *failed_;
    if (auto done = worker_.wait(); !done)
      return fail(done.error());
    return {};
  }

  void recycle(sequence anchor) override { anchor_ = anchor.value; }

  std::uint64_t used() const override {
    std::uint64_t sum = 0;
    for (const auto& one : segments_)
      if (!recyclable(one))
        sum += one.written;
    return sum;
  }

  std::uint64_t capacity() const override { return 2 * options_.segment_bytes; }

  mirror_stats stats() const override {
    return {.batches = batches_, .bytes = bytes_, .syncs = syncs_, .switches = switches_};
  }

private:
  bool has_room(std::size_t payload_bytes) const {
    const auto& into = segments_[current_];
    // An empty segment takes any batch and grows for it.
    return into.written == 0 || into.written + mirror_footprint(payload_bytes) <= into.size;
  }

  bool recyclable(const segment& one) const { return one.last <= anchor_; }

  /// Goes on at the beginning of the other segment. What is not yet durable in this one is made so
  /// first: a later sync reaches only the other.
  result<void> change_segment() {
    auto& from = segments_[current_];
    if (from.unsynced) {
      if (auto synced = from.opened->sync(); !synced)
        return synced;
      from.unsynced = false;
      ++syncs_;
    }
    current_ = 1 - current_;
    segments_[current_].written = 0;
    ++generation_;
    ++switches_;
    return {};
  }

  result<void> write(segment& into, const mirror_batch& batch) {
    const auto header =
        encode_mirror_header({.level = batch.level,
                              .instance = options_.instance,
                              .generation = generation_,
                              .position = into.written,
                              .first = batch.first,
                              .last = batch.last,
                              .before = batch.before,
                              .after = batch.after,
                              .payload_bytes = static_cast<std::uint32_t>(batch.payload.size()),
                              .payload_crc = crc32c(batch.payload)});
    const std::string_view front{header.data(), header.size()};
    if (batch.payload.size() <= joined_bytes_max) {
      joined_.assign(front);
      joined_ += batch.payload;
      return into.opened->write(into.written, joined_);
    }
    if (auto put = into.opened->write(into.written + mirror_header_bytes, batch.payload); !put)
      return put;
    return into.opened->write(into.written, front);
  }

  fault fail(const fault& why) {
    failed_ = why;
    return why;
  }

  mirror_options options_;
  std::array<segment, 2> segments_;
  std::size_t current_ = 0;
  std::uint64_t generation_;
  std::atomic<std::uint64_t> anchor_ = 0;
  std::optional<fault> failed_;
  std::string joined_;
  std::atomic<std::uint64_t> batches_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<std::uint64_t> syncs_ = 0;
  std::atomic<std::uint64_t> switches_ = 0;
  worker worker_; // Last: it ends before the files it syncs are closed.
};

/// Makes the segment when it is missing and longer when it is short.
result<std::unique_ptr<file>> ready_segment(disk& files, const mirror_options& options,
                                            std::size_t number, std::uint64_t& size) {
  auto opened = files.open(segment_path(options, number), open_mode::create);
  if (!opened)
    return opened;
  const auto found = (*opened)->size();
  if (!found)
    return found.error();
  size = std::max(*found, options.segment_bytes);
  if (*found < options.segment_bytes)
    if (auto grown = (*opened)->preallocate(options.segment_bytes); !grown)
      return grown.error();
  return opened;
}

} // namespace

result<void> create_mirror(disk& files, const mirror_options& options) {
  std::uint64_t size = 0;
  for (std::size_t number = 0; number < 2; ++number)
    if (auto made = ready_segment(files, options, number, size); !made)
      return made.error();
  return files.sync_directory(options.directory);
}

result<void> clear_mirror(disk& files, const mirror_options& options) {
  for (std::size_t number = 0; number < 2; ++number) {
    auto opened = files.open(segment_path(options, number), open_mode::create);
    if (!opened)
      return opened.error();
    // Empty and then zero throughout, so that no header of an earlier lap is left.
    if (auto emptied = (*opened)->truncate(0); !emptied)
      return emptied;
    if (auto filled = (*opened)->preallocate(options.segment_bytes); !filled)
      return filled;
  }
  return files.sync_directory(options.directory);
}

result<std::unique_ptr<mirror>> mirror::open(disk& files, const mirror_options& options,
                                             std::uint64_t epoch) {
  std::array<std::unique_ptr<file>, 2> opened;
  std::array<std::uint64_t, 2> sizes{};
  for (std::size_t number = 0; number < 2; ++number) {
    auto one = ready_segment(files, options, number, sizes[number]);
    if (!one)
      return one.error();
    opened[number] = *std::move(one);
  }
  if (auto synced = files.sync_directory(options.directory); !synced)
    return synced.error();
  return std::unique_ptr<mirror>{
      std::make_unique<segmented_mirror>(options, epoch, std::move(opened), sizes)};
}

} // namespace holdfast::persistence
