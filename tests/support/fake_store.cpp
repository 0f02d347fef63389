// SPDX-License-Identifier: Apache-2.0
// Prepares, commits and reads in memory, by the same rules as the store on disk.
#include "tests/support/fake_store.hpp"

#include "persistence/canonical.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace holdfast::test {

using namespace persistence;

namespace {

struct fake_prepared final : prepared {
  std::vector<draft> drafts;
  std::vector<recorded_event> records;
  std::vector<digest> identities;
};

std::optional<fault> next(std::deque<std::optional<fault>>& faults) {
  if (faults.empty())
    return std::nullopt;
  auto first = faults.front();
  faults.pop_front();
  return first;
}

class fake_reader final : public reader {
public:
  explicit fake_reader(std::shared_ptr<fake_disk> disk) : disk_{std::move(disk)} {}

  result<journal_head> head() const override {
    return journal_head{.last = disk_->head(), .floor = disk_->floor};
  }

  result<recorded_event> record(sequence at) const override {
    if (at.value == 0 || at > disk_->head())
      return fault{fault_code::not_found, "no such record", {}};
    return disk_->records[at.value - 1];
  }

  result<event_page> events(const event_query& query) const override {
    disk_->queries.push_back(query);
    if (auto problem = next(disk_->read_faults))
      return *problem;
    event_page page;
    page.head = disk_->head();
    const auto last = std::min(query.to.value_or(page.head), page.head);
    auto at = std::max(query.from, sequence{1});
    for (; at <= last && page.events.size() < query.limit; ++at) {
      const auto& one = disk_->records[at.value - 1];
      if ((query.internal || one.kind == record_kind::event)
          && takes_stream(query.stream, one.stream) && (!query.where || query.where(one)))
        page.events.push_back(one);
    }
    page.next = at;
    return page;
  }

  result<void> scan(sequence from, sequence to,
                    const std::function<bool(const recorded_event&)>& take) const override {
    if (auto problem = next(disk_->read_faults))
      return *problem;
    for (auto at = std::max(from, sequence{1}); at <= std::min(to, disk_->head()); ++at)
      if (!take(disk_->records[at.value - 1]))
        break;
    return {};
  }

  /// The fake keeps no encoded records, so the views have names and places only.
  result<void>
  scan_views(sequence from, sequence to,
             const std::function<result<bool>(sequence, const record_view&)>& take) const override {
    if (auto problem = next(disk_->read_faults))
      return *problem;
    for (auto at = std::max(from, sequence{1}); at <= std::min(to, disk_->head()); ++at) {
      const auto& one = disk_->records[at.value - 1];
      record_view seen;
      seen.kind = one.kind;
      seen.stream = one.stream;
      seen.type = one.type;
      const auto more = take(at, seen);
      if (!more)
        return more.error();
      if (!*more)
        break;
    }
    return {};
  }
  result<void> raise(sequence at, const record_view&, recorded_event& into) const override {
    auto found = record(at);
    if (!found)
      return found.error();
    into = std::move(*found);
    return {};
  }

  result<sequence> at_time(wall_time when) const override {
    auto at = sequence{1};
    while (at <= disk_->head() && disk_->records[at.value - 1].recorded < when)
      ++at;
    return at;
  }

  result<std::vector<checkpoint_info>> checkpoints(const std::string& owner) const override {
    std::vector<checkpoint_info> found;
    for (auto one = disk_->checkpoints.rbegin(); one != disk_->checkpoints.rend(); ++one)
      if (owner.empty() || one->info.owner == owner)
        found.push_back(one->info);
    return found;
  }

  result<checkpoint> newest_checkpoint(const std::string& owner, sequence at,
                                       std::vector<checkpoint_info>* damaged) const override {
    for (auto one = disk_->checkpoints.rbegin(); one != disk_->checkpoints.rend(); ++one) {
      if (one->info.owner != owner || one->info.covered > at)
        continue;
      if (disk_->damaged_checkpoints.count(one->info.covered) == 0)
        return *one;
      if (damaged != nullptr)
        damaged->push_back(one->info);
    }
    return fault{fault_code::not_found, "no checkpoint", {}};
  }

  result<std::vector<consumer_info>> consumers() const override { return disk_->consumers; }

  result<consumer_info> consumer(const std::string& name) const override {
    for (const auto& one : disk_->consumers)
      if (one.consumer == name)
        return one;
    return fault{fault_code::not_found, "no such consumer", {}};
  }

  result<value> control(const std::string& name) const override {
    const auto found = disk_->controls.find(name);
    if (found == disk_->controls.end())
      return fault{fault_code::not_found, "no such control value", {}};
    return found->second;
  }

  result<std::vector<std::pair<std::string, value>>>
  controls(const std::string& prefix) const override {
    std::vector<std::pair<std::string, value>> found;
    for (const auto& one : disk_->controls)
      if (one.first.starts_with(prefix))
        found.emplace_back(one);
    return found;
  }

  result<void> scan_retired(
      const std::function<result<void>(const digest&, const seen_value&)>&) const override {
    return fault{fault_code::unsupported, "the fake forks nothing", {}};
  }

  result<void> catch_up() override { return {}; }

private:
  std::shared_ptr<fake_disk> disk_;
};

digest state_digest(const std::string& state) {
  const auto made = make_checkpoint({.owner = "any", .reason = {}, .state = state}, {});
  const auto body = decode_canonical(made.body);
  assert(body);
  digest sha{};
  const auto* raw = body->find("sha256")->as<bytes>();
  std::copy(raw->data.begin(), raw->data.end(), sha.begin());
  return sha;
}

class fake_store final : public store {
public:
  explicit fake_store(std::shared_ptr<fake_disk> disk)
      : disk_{std::move(disk)}, reader_{disk_}, next_{disk_->head()} {}

  std::unique_ptr<prepared> prepare(std::vector<draft> drafts, wall_time now) override {
    auto made = std::make_unique<fake_prepared>();
    disk_->batches.push_back(drafts.size());
    made->first = next_ + 1;
    for (const auto& one : drafts) {
      made->level = std::max(made->level, one.level);
      made->answers.push_back(place(one, *made, now));
    }
    for (auto& one : made->answers)
      one.level = made->level;
    made->last = next_;
    made->drafts = std::move(drafts);
    return made;
  }

  result<void> commit(prepared& batch, wall_time now) override {
    auto& held = dynamic_cast<fake_prepared&>(batch);
    ++disk_->commits;
    if (failed_)
      return *failed_;
    failed_ = next(disk_->commit_faults);
    if (!failed_ || disk_->failed_commits_land)
      land(held, now);
    return failed_ ? result<void>{*failed_} : result<void>{};
  }

  void settle(const prepared& batch) override {
    for (const auto& identity : dynamic_cast<const fake_prepared&>(batch).identities)
      in_flight_.erase(identity);
  }

  result<void> sync() override {
    ++disk_->syncs;
    return failed_ ? result<void>{*failed_} : result<void>{};
  }

  result<sequence> advance_anchor(wall_time) override {
    ++disk_->anchors;
    disk_->anchor_due = false;
    return disk_->head();
  }

  bool anchor_due() const override { return disk_->anchor_due; }

  result<void> save_frontier(wall_time) override {
    ++disk_->frontiers;
    return disk_->frontier_fault ? result<void>{*disk_->frontier_fault} : result<void>{};
  }

  result<void> raise_floor(sequence floor, bool forced, const std::string&, wall_time) override {
    if (auto may = may_raise_floor(floor, forced); !may)
      return may;
    disk_->floor = floor;
    return {};
  }

  result<void> may_raise_floor(sequence floor, bool forced) const override {
    if (floor > disk_->head() && !forced)
      return fault{fault_code::conflict, "beyond the anchor", {}};
    return {};
  }

  result<integrity_report> scrub(sequence from, sequence to, bool) const override {
    return integrity_report{.from = from, .to = to, .damage = {}};
  }

  const reader& read() const override { return reader_; }

  store_stats stats() const override {
    store_stats told;
    told.free_bytes = disk_->free_bytes;
    told.failed = failed_.has_value();
    return told;
  }

  result<void> close(wall_time) override {
    ++disk_->closes;
    return {};
  }

private:
  append_answer place(const draft& one, fake_prepared& into, wall_time now) {
    if (!one.refusal.empty())
      return {.what = outcome::rejected, .error = one.refusal};
    if (one.kind == record_kind::event) {
      if (const auto known = disk_->seen.find(one.identity); known != disk_->seen.end())
        return {.what = outcome::duplicate, .at = known->second, .error = {}};
      if (const auto known = in_flight_.find(one.identity); known != in_flight_.end())
        return {.what = outcome::duplicate, .at = known->second, .error = {}};
    }
    ++next_;
    if (one.kind == record_kind::event) {
      in_flight_.emplace(one.identity, next_);
      into.identities.push_back(one.identity);
    }
    auto body = decode_canonical(one.body);
    assert(body);
    into.records.push_back({.at = next_,
                            .kind = one.kind,
                            .level = one.level,
                            .stream = one.stream,
                            .type = one.type,
                            .schema = one.schema,
                            .key = one.key,
                            .time = one.time,
                            .recorded = now,
                            .causation = one.causation,
                            .content = one.content,
                            .body = std::move(*body),
                            .trace = trace_text(one.trace)});
    if (const auto* taken = std::get_if<state_attachment>(&one.with))
      states_.emplace_back(next_, *taken);
    if (const auto* set = std::get_if<control_attachment>(&one.with))
      set_.emplace_back(set->name, *decode_canonical(set->value));
    return {.what = outcome::stored, .at = next_, .first_seen = now, .error = {}};
  }

  void land(const fake_prepared& batch, wall_time now) {
    for (const auto& one : batch.records) {
      disk_->records.push_back(one);
      assert(one.at == disk_->head());
    }
    for (const auto& identity : batch.identities)
      disk_->seen.emplace(identity, in_flight_.at(identity));
    while (!states_.empty() && states_.front().first <= batch.last) {
      keep(states_.front().first, states_.front().second, now);
      states_.pop_front();
    }
    for (auto& [name, held] : std::exchange(set_, {}))
      disk_->controls[name] = held;
  }

  void keep(sequence record, const state_attachment& taken, wall_time now) {
    sequence parent;
    for (const auto& one : disk_->checkpoints)
      if (one.info.owner == taken.owner)
        parent = one.info.covered;
    disk_->checkpoints.push_back({.info = {.owner = taken.owner,
                                           .covered = taken.covered,
                                           .record = record,
                                           .schema = taken.schema,
                                           .size = taken.state.size(),
                                           .state_sha = state_digest(taken.state),
                                           .parent = parent,
                                           .time = now,
                                           .reason = taken.reason},
                                  .state = *decode_canonical(taken.state)});
  }

  std::shared_ptr<fake_disk> disk_;
  fake_reader reader_;
  sequence next_;
  std::map<digest, sequence> in_flight_;
  std::deque<std::pair<sequence, state_attachment>> states_;
  std::vector<std::pair<std::string, value>> set_;
  std::optional<fault> failed_;
};

} // namespace

result<std::shared_ptr<store>> open_fake(std::shared_ptr<fake_disk> disk) {
  ++disk->opens;
  if (auto problem = next(disk->open_faults))
    return *problem;
  return std::shared_ptr<store>{std::make_shared<fake_store>(std::move(disk))};
}

std::shared_ptr<reader> read_fake(std::shared_ptr<fake_disk> disk) {
  return std::make_shared<fake_reader>(std::move(disk));
}

sequence put(fake_disk& disk, const std::string& stream, value body) {
  recorded_event one;
  one.at = disk.head() + 1;
  one.stream = stream;
  one.type = "event";
  one.body = std::move(body);
  disk.records.push_back(std::move(one));
  return disk.head();
}

} // namespace holdfast::test
