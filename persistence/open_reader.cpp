// SPDX-License-Identifier: Apache-2.0
// Opens a store for reading only: beside its writer, or stopped; and verifies a stopped one.
#include "persistence/inspect.hpp"
#include "persistence/live.hpp"
#include "persistence/recovery.hpp"
#include "persistence/walk.hpp"

#include <mutex>
#include <utility>

namespace holdfast::persistence {
namespace {

/// An open database and the reader over it.
struct view {
  view(std::unique_ptr<rocks> opened, const upcasters& raise)
      : db{std::move(opened)}, inner{make_reader(*db, raise, nullptr)} {}

  std::unique_ptr<rocks> db;
  std::unique_ptr<reader> inner;
};

result<std::unique_ptr<rocks>> open_beside(const rocks_settings& settings) {
  // The writer may remove a table between the list and the opening; it does not do so for ever.
  constexpr int attempts_max = 5;
  for (int attempt = 1;; ++attempt) {
    auto db = rocks::open(opening::follow, settings);
    if (db || attempt == attempts_max)
      return db;
  }
}

/// The database as it was proved: only that says everything, and nothing that is not so.
result<std::unique_ptr<rocks>> open_as_found(const store_options& options, const finding* found) {
  auto settings = settings_of(options);
  if (found == nullptr)
    return rocks::open(opening::read, settings);
  settings.mended = found->mended ? &*found->mended : nullptr;
  const auto torn = found->step == next_step::serve_before_hole;
  return rocks::open(torn ? opening::salvage : opening::read, settings);
}

/// A reader with the database it reads. A call goes on with the view that it began with.
class owning_reader final : public reader {
public:
  owning_reader(std::unique_ptr<rocks> db, const store_options& options, bool follows)
      : settings_{settings_of(options)}, raise_{options.raise}, follows_{follows},
        view_{std::make_shared<view>(std::move(db), raise_)} {}

  result<journal_head> head() const override { return now()->inner->head(); }
  result<recorded_event> record(sequence at) const override { return now()->inner->record(at); }
  result<event_page> events(const event_query& query) const override {
    return now()->inner->events(query);
  }
  result<void> scan(sequence from, sequence to,
                    const std::function<bool(const recorded_event&)>& take) const override {
    return now()->inner->scan(from, to, take);
  }
  result<void>
  scan_views(sequence from, sequence to,
             const std::function<result<bool>(sequence, const record_view&)>& take) const override {
    return now()->inner->scan_views(from, to, take);
  }
  result<void> raise(sequence at, const record_view& record, recorded_event& into) const override {
    return now()->inner->raise(at, record, into);
  }
  result<sequence> at_time(wall_time when) const override { return now()->inner->at_time(when); }
  result<std::vector<checkpoint_info>> checkpoints(const std::string& owner) const override {
    return now()->inner->checkpoints(owner);
  }
  result<checkpoint> newest_checkpoint(const std::string& owner, sequence at,
                                       std::vector<checkpoint_info>* damaged) const override {
    return now()->inner->newest_checkpoint(owner, at, damaged);
  }
  result<std::vector<consumer_info>> consumers() const override {
    return now()->inner->consumers();
  }
  result<consumer_info> consumer(const std::string& name) const override {
    return now()->inner->consumer(name);
  }
  result<value> control(const std::string& name) const override {
    return now()->inner->control(name);
  }
  result<std::vector<std::pair<std::string, value>>>
  controls(const std::string& prefix) const override {
    return now()->inner->controls(prefix);
  }

  result<void> scan_retired(
      const std::function<result<void>(const digest&, const seen_value&)>& take) const override {
    return now()->inner->scan_retired(take);
  }

  result<void> catch_up() override {
    if (!follows_)
      return {};
    const auto current = now();
    if (const auto caught = current->db->db().TryCatchUpWithPrimary(); !caught.ok())
      return from(caught, "catch up with the writer");
    // After a flush a secondary still prefers the old values in its memory to the new ones in the
    // tables (7.8.3); a record beyond the head gives that away.
    const auto head = head_of(*current->db);
    if (!head)
      return head.error();
    const auto beyond = source_of(*current->db);
    beyond->seek(head->last + 1);
    if (!beyond->valid())
      return beyond->status();
    auto again = open_beside(settings_);
    if (!again)
      return again.error();
    const std::lock_guard guard{mutex_};
    view_ = std::make_shared<view>(std::move(*again), raise_);
    return {};
  }

private:
  std::shared_ptr<view> now() const {
    const std::lock_guard guard{mutex_};
    return view_;
  }

  const rocks_settings settings_;
  const upcasters raise_;
  const bool follows_;
  mutable std::mutex mutex_;
  std::shared_ptr<view> view_;
};

} // namespace

result<std::unique_ptr<reader>> open_reader(const store_options& options) {
  const auto owner = options.files->lock_owner(store_paths{options.directory}.lock);
  if (!owner)
    return owner.error();
  if (*owner) {
    auto db = open_beside(settings_of(options));
    if (!db)
      return db.error();
    return std::unique_ptr<reader>{std::make_unique<owning_reader>(std::move(*db), options, true)};
  }
  recovery_report unread;
  const auto found = examine(options, unread);
  if (!found)
    return found.error();
  // A batch that only the mirror has was interrupted before it was acknowledged, so the log alone
  // says everything; but what was lost from the log only a start can put back.
  if (found->step == next_step::repair || found->step == next_step::repair_without_log)
    return fault{fault_code::corrupt,
                 options.directory.string()
                     + ": the log is damaged and can be repaired from the mirror: "
                     + found->known.log.problem.value_or(fault{.what = "it ended early"}).what,
                 "start Holdfast on it once"};
  auto db = open_as_found(options, &*found);
  if (!db)
    return db.error();
  return std::unique_ptr<reader>{std::make_unique<owning_reader>(std::move(*db), options, false)};
}

result<integrity_report> verify_stopped(const store_options& options, bool deep) {
  recovery_report unread;
  const auto found = examine(options, unread);
  auto db = open_as_found(options, found ? &*found : nullptr);
  if (!db)
    db = rocks::open(opening::diagnose, settings_of(options));
  if (!db)
    return found ? db.error() : found.error();
  auto report = inspect(**db, sequence{1}, sequence{UINT64_MAX}, deep);
  if (!report)
    return report;
  if (!found)
    report->damage.insert(report->damage.begin(), found.error());
  return report;
}

result<integrity_report> live_store::scrub(sequence from, sequence to, bool deep) const {
  return inspect(*db_, from, std::min(to, sequence{visible_.load()}), deep);
}

} // namespace holdfast::persistence
