// SPDX-License-Identifier: Apache-2.0
// Moves calls from the rings into files.
#include "persistence/telemetry_writer.hpp"

#include "persistence/telemetry_audit.hpp"
#include "persistence/telemetry_ring.hpp"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <mutex>
#include <thread>

namespace holdfast::persistence {
namespace {

constexpr auto idle_wait = std::chrono::seconds{60}; // only a bound: calls wake the writer

// Whose a record of a batch is; where it ends stands beside it.
struct batch_mark {
  std::uint64_t seq;
  severity level;
};

bool is_grave(severity level) {
  return level >= severity::error;
}

} // namespace

struct telemetry_writer::core {
  explicit core(telemetry_options chosen)
      : options{std::move(chosen)}, routine{options.limits.routine_bytes},
        warnings{options.limits.warn_bytes}, errors{options.limits.error_bytes},
        printer{new_telemetry_origin(), options.redaction, options.limits},
        file{{options.directory, options.name, printer.origin().pid, options.shared},
             options.limits,
             options.write,
             [this](const telemetry_opened& opened) { return first_line(opened); }},
        audit{options.directory, printer.origin(), options.redaction, options.limits,
              options.write} {}

  telemetry_ring& ring_of(severity level) {
    return is_grave(level) ? errors : level == severity::warn ? warnings : routine;
  }

  void log(const telemetry_call& call);
  bool write_audit(const telemetry_call& call, bool synced);
  void wake();

  struct pass {
    bool moved;
    bool dirty;
  };
  pass drain(bool sync_now);
  void take_all(wall_time now);
  void tell_shed(wall_time now);
  void write_batch(wall_time now);
  void lose(std::size_t from, wall_time now);
  std::size_t append(std::string_view lines, std::span<const std::size_t> line_ends, wall_time now);
  void sync_if_due(instant now, bool sync_now);
  bool finish();

  /// Runs `act`; an exception becomes a counter.
  template <class Act>
  bool guard(const Act& act) noexcept;

  void run();
  std::string first_line(const telemetry_opened& opened);

  const telemetry_options options;
  telemetry_ring routine;
  telemetry_ring warnings;
  telemetry_ring errors;
  std::atomic<std::uint64_t> seq{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> dropped{0};
  std::atomic<std::uint64_t> direct{0};
  std::atomic<bool> closed{false};

  std::mutex writing; // the file and everything down to `last_sync`
  telemetry_printer printer;
  telemetry_file file;
  std::array<telemetry_waiting, 3> taken;
  telemetry_record record;
  std::string batch;
  std::vector<std::size_t> ends;
  std::vector<batch_mark> marks;
  std::string aside; // lines that travel outside the batch
  std::array<telemetry_shed, 7> shed;
  std::optional<std::uint64_t> first_line_seq;
  wall_time batch_time;
  bool grave = false; // an error is written and not yet synced
  std::optional<instant> last_sync;
  std::uint64_t written = 0;
  std::uint64_t bytes = 0;

  std::mutex auditing;
  telemetry_audit audit;

  mutable std::mutex counting;
  telemetry_counters counters;

  std::mutex sleeping;
  std::condition_variable woken;
  std::atomic<bool> asleep{false};
  bool urgent = false;
  bool stopping = false;
  std::thread thread;
  bool finished = false;
  std::condition_variable ended;
};

template <class Act>
bool telemetry_writer::core::guard(const Act& act) noexcept {
  try {
    act();
    return true;
  } catch (const std::exception&) { // memory is at its end, or a redaction failed
    const std::lock_guard lock{counting};
    ++counters.write_errors;
    counters.last_error.assign("exception"); // fits in the string itself
    return false;
  }
}

void telemetry_writer::core::log(const telemetry_call& call) {
  if (closed.load(std::memory_order_relaxed)) {
    ++dropped;
    return;
  }
  const auto number = ++seq;
  auto& ring = ring_of(call.level);
  const auto time = call.time.us == 0 ? options.now().wall : call.time;
  const auto wait =
      call.level == severity::warn ? options.limits.warn_wait : std::chrono::milliseconds{0};
  auto done = ring.push(call, number, time, options.limits, wait);
  if (done == telemetry_ring::outcome::full && is_grave(call.level)) {
    ++direct;
    drain(false);
    done = ring.push(call, number, time, options.limits, wait);
  }
  if (done == telemetry_ring::outcome::full) {
    ring.shed(call.level, number);
    ++dropped;
  } else {
    ++accepted;
  }
  if (done != telemetry_ring::outcome::taken || call.level >= severity::warn) {
    wake();
    return;
  }
  // Pairs with the fence in `run`: either it sees the call, or this sees it asleep.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (asleep.load(std::memory_order_relaxed))
    wake();
}

void telemetry_writer::core::wake() {
  {
    const std::lock_guard lock{sleeping};
    if (urgent)
      return;
    urgent = true;
  }
  woken.notify_one();
}

bool telemetry_writer::core::write_audit(const telemetry_call& call, bool synced) {
  const auto now = options.now().wall;
  const std::lock_guard lock{auditing};
  const bool done = !closed && audit.append(call, now, synced);
  const std::lock_guard count{counting};
  ++(done ? counters.audited : counters.audit_failed);
  audit.report(counters);
  return done;
}

std::string telemetry_writer::core::first_line(const telemetry_opened& opened) {
  if (!first_line_seq)
    first_line_seq = ++seq;
  telemetry_record line{.seq = *first_line_seq,
                        .level = severity::info,
                        .time = batch_time,
                        .logger = "telemetry",
                        .message = "file opened"};
  line.fields.push_back({"file", std::string_view{opened.file}});
  if (!opened.after.empty())
    line.fields.push_back({"after", std::string_view{opened.after}});
  for (const auto& torn : opened.torn) {
    line.fields.push_back({"torn", std::string_view{torn.file}});
    line.fields.push_back({"torn_bytes", torn.bytes});
  }
  std::string out;
  printer.print(out, line);
  return out;
}

// One pass: what waits now, oldest number first.
telemetry_writer::core::pass telemetry_writer::core::drain(bool sync_now) {
  const std::lock_guard lock{writing};
  const auto now = options.now();
  batch_time = now.wall;
  errors.swap(taken[0]);
  warnings.swap(taken[1]);
  routine.swap(taken[2]);
  const bool moved =
      std::any_of(taken.begin(), taken.end(), [](const auto& ring) { return !ring.calls.empty(); });
  tell_shed(now.wall);
  take_all(now.wall);
  sync_if_due(now.steady, sync_now);
  const std::lock_guard count{counting};
  file.report(counters);
  counters.written = written;
  counters.bytes = bytes;
  return {moved, file.dirty()};
}

std::size_t telemetry_writer::core::append(std::string_view lines,
                                           std::span<const std::size_t> line_ends, wall_time now) {
  const auto done = file.append(lines, line_ends, now);
  if (file.took_first_line())
    first_line_seq.reset();
  return done;
}

// A notice that cannot be written joins what it tells, and is told with it the next time.
void telemetry_writer::core::tell_shed(wall_time now) {
  for (std::size_t level = 0; level < shed.size(); ++level) {
    for (const auto& ring : taken)
      shed[level].add(ring.shed[level]);
    if (shed[level].count == 0)
      continue;
    const auto number = ++seq;
    aside.clear();
    printer.print(aside, number, static_cast<severity>(level), shed[level], now);
    const std::size_t end[] = {aside.size()};
    if (append(aside, end, now) == 1)
      shed[level] = {};
    else
      shed[level].add(number);
  }
}

void telemetry_writer::core::take_all(wall_time now) {
  std::array<telemetry_unpacker, 3> from{telemetry_unpacker{taken[0].calls},
                                         telemetry_unpacker{taken[1].calls},
                                         telemetry_unpacker{taken[2].calls}};
  for (;;) {
    telemetry_unpacker* oldest = nullptr;
    for (auto& ring : from)
      if (!ring.done() && (oldest == nullptr || ring.next_seq() < oldest->next_seq()))
        oldest = &ring;
    if (oldest == nullptr)
      break;
    oldest->next(record);
    printer.print(batch, record);
    ends.push_back(batch.size());
    marks.push_back({record.seq, record.level});
    if (batch.size() >= options.limits.batch_bytes)
      write_batch(now);
  }
  write_batch(now);
}

void telemetry_writer::core::write_batch(wall_time now) {
  if (batch.empty())
    return;
  const auto done = append(batch, ends, now);
  if (done != 0) {
    written += done;
    bytes += ends[done - 1];
  }
  for (std::size_t one = 0; one < done; ++one)
    grave = grave || is_grave(marks[one].level);
  if (done != ends.size())
    lose(done, now);
  batch.clear();
  ends.clear();
  marks.clear();
}

// The disk would not take the rest of the batch: errors get the space kept for them, others are
// shed. Nothing waits for room, or a full disk would fill the memory too.
void telemetry_writer::core::lose(std::size_t from, wall_time now) {
  bool rescue = std::any_of(marks.begin() + static_cast<std::ptrdiff_t>(from), marks.end(),
                            [](const batch_mark& mark) { return is_grave(mark.level); });
  if (rescue)
    file.release_reserve();
  for (auto one = from; one < marks.size(); ++one) {
    const auto begin = one == 0 ? 0 : ends[one - 1];
    const auto line = std::string_view{batch}.substr(begin, ends[one] - begin);
    const std::size_t end[] = {line.size()};
    if (rescue && is_grave(marks[one].level)) {
      rescue = append(line, end, now) == 1;
      if (rescue) {
        grave = true;
        ++written;
        bytes += line.size();
        continue;
      }
    }
    shed[static_cast<std::size_t>(marks[one].level)].add(marks[one].seq);
    ++dropped;
  }
}

void telemetry_writer::core::sync_if_due(instant now, bool sync_now) {
  if (!last_sync)
    last_sync = now;
  if (!sync_now && !grave && now - *last_sync < options.limits.sync_interval)
    return;
  file.sync();
  grave = false;
  last_sync = now;
}

void telemetry_writer::core::run() {
  pass last{true, true};
  std::unique_lock lock{sleeping};
  while (!stopping) {
    const auto called = [this] { return urgent || stopping; };
    if (last.moved) {
      woken.wait_for(lock, options.limits.linger, called);
    } else {
      asleep = true;
      std::atomic_thread_fence(std::memory_order_seq_cst);
      const std::chrono::milliseconds patience =
          last.dirty ? options.limits.sync_interval : idle_wait;
      if (routine.empty())
        woken.wait_for(lock, patience, called);
      asleep = false;
    }
    urgent = false;
    lock.unlock();
    guard([this, &last] { last = drain(false); });
    lock.lock();
  }
  lock.unlock();
  static_cast<void>(finish());
  lock.lock();
  finished = true;
  ended.notify_all();
}

// The second drain tells what the first could not write, if the disk has room again.
bool telemetry_writer::core::finish() {
  return guard([this] {
    drain(true);
    drain(true);
    {
      const std::lock_guard lock{writing};
      file.close();
    }
    const std::lock_guard lock{auditing};
    audit.close();
  });
}

telemetry_writer::telemetry_writer(telemetry_options options)
    : core_{std::make_shared<core>(std::move(options))} {
  assert(core_->options.now);
  assert(core_->options.name != audit_stream);
}

telemetry_writer::~telemetry_writer() {
  static_cast<void>(stop(std::chrono::seconds{2}));
}

void telemetry_writer::log(const telemetry_call& call) noexcept {
  if (call.level >= severity::audit)
    static_cast<void>(audit(call));
  else
    core_->guard([this, &call] { core_->log(call); });
}

bool telemetry_writer::audit(const telemetry_call& call) noexcept {
  bool done = false;
  core_->guard([this, &call, &done] { done = core_->write_audit(call, true); });
  return done;
}

bool telemetry_writer::audit_unsynced(const telemetry_call& call) noexcept {
  bool done = false;
  core_->guard([this, &call, &done] { done = core_->write_audit(call, false); });
  return done;
}

void telemetry_writer::sync_audit() noexcept {
  core_->guard([this] {
    const std::lock_guard lock{core_->auditing};
    static_cast<void>(core_->audit.sync()); // what fails is counted, and the next sync tries again
    const std::lock_guard count{core_->counting};
    core_->audit.report(core_->counters);
  });
}

void telemetry_writer::start() {
  const std::lock_guard lock{core_->sleeping};
  if (!core_->thread.joinable() && !core_->closed)
    core_->thread = std::thread{[shared = core_] { shared->run(); }};
}

void telemetry_writer::drain() noexcept {
  core_->drain(false);
}

void telemetry_writer::flush() noexcept {
  core_->drain(true);
}

void telemetry_writer::rotate() noexcept {
  {
    const std::lock_guard lock{core_->writing};
    core_->file.rotate();
  }
  const std::lock_guard lock{core_->auditing};
  core_->audit.rotate();
}

bool telemetry_writer::stop(std::chrono::milliseconds within) noexcept {
  core_->closed = true;
  std::unique_lock lock{core_->sleeping};
  auto thread = std::move(core_->thread);
  if (!thread.joinable()) {
    const bool before = std::exchange(core_->finished, true);
    lock.unlock();
    return before || core_->finish();
  }
  core_->stopping = true;
  core_->woken.notify_all();
  const bool ended = core_->ended.wait_for(lock, within, [this] { return core_->finished; });
  lock.unlock();
  if (ended)
    thread.join();
  else
    thread.detach(); // it shares the core, and ends once the disk lets it go
  return ended;
}

telemetry_counters telemetry_writer::counters() const {
  const std::lock_guard lock{core_->counting};
  auto made = core_->counters;
  made.accepted = core_->accepted;
  made.dropped = core_->dropped;
  made.direct = core_->direct;
  return made;
}

const std::string& telemetry_writer::directory() const {
  return core_->options.directory;
}

} // namespace holdfast::persistence
