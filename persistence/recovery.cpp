// SPDX-License-Identifier: Apache-2.0
// Gathers the evidence of a start and performs the decision.
#include "persistence/recovery.hpp"

#include "persistence/quarantine.hpp"
#include "persistence/walk.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

namespace holdfast::persistence {
namespace {

/// Phases with their times, for the report.
class stopwatch {
public:
  stopwatch(const store_options& options, recovery_report& report)
      : ticks_{options.ticks}, report_{report}, last_{read()} {}

  void lap(const char* phase) {
    const auto now = read();
    report_.phases.emplace_back(phase,
                                std::chrono::duration_cast<std::chrono::microseconds>(now - last_));
    last_ = now;
  }

private:
  instant read() const { return ticks_ ? ticks_() : instant{}; }

  const std::function<instant()>& ticks_;
  recovery_report& report_;
  instant last_;
};

/// A fault of the machine, not of the store: another try may go well, so it decides nothing.
bool passing(const fault& problem) {
  return problem.code == fault_code::no_space || problem.code == fault_code::busy
         || problem.code == fault_code::timed_out;
}

class examiner {
public:
  examiner(const store_options& options, finding& found)
      : options_{options}, found_{found}, mirror_{mirror_of(options, found.claimed.instance)} {}

  /// As it is; and where that fails, through the list of files without its damaged end.
  result<void> run() {
    if (const auto looked = look(); !looked || found_.step != next_step::refuse)
      return looked;
    auto mended = mend_catalog(*options_.files, store_paths{options_.directory}.db);
    if (!mended || !*mended)
      return {};
    auto as_it_is = found_.known;
    found_.mended = std::move(*mended);
    found_.known.log = {};
    found_.known.log_and_mirror = {};
    found_.known.tables_and_mirror = {};
    found_.known.log_before_hole = {};
    if (const auto looked = look(); !looked)
      return looked;
    if (found_.step == next_step::refuse) {
      found_.known = std::move(as_it_is); // it says best what is wrong
      found_.mended.reset();
    }
    return {};
  }

private:
  result<void> look() {
    for (;;) {
      found_.step = decide(found_.known);
      const auto tried = [&]() -> result<void> {
        switch (found_.step) {
        case next_step::try_log:
          return attempt_with(opening::read, false, found_.known.log);
        case next_step::try_log_and_mirror:
          return attempt_with(opening::read, true, found_.known.log_and_mirror);
        case next_step::try_tables_and_mirror:
          return attempt_with(opening::read_tables, true, found_.known.tables_and_mirror);
        case next_step::try_log_before_hole:
          return attempt_with(opening::salvage, false, found_.known.log_before_hole);
        default:
          return {};
        }
      }();
      if (!tried)
        return tried;
      if (found_.step >= next_step::serve)
        return {};
    }
  }

  /// Fills `into`; a fault only for what says nothing about the store.
  result<void> attempt_with(opening how, bool with_mirror, attempt& into) {
    into.made = true;
    auto proved = look_at(how, with_mirror);
    if (proved) {
      into.head = proved->head.last;
      found_.proved = *proved;
      return {};
    }
    if (passing(proved.error()))
      return proved.error();
    into.problem = proved.error();
    return {};
  }

  result<proof> look_at(opening how, bool with_mirror) {
    if (with_mirror)
      if (const auto read = read_added(how); !read)
        return read.error();
    auto settings = settings_of(options_);
    settings.mended = found_.mended ? &*found_.mended : nullptr;
    const auto db = rocks::open(how, settings);
    if (!db)
      return db.error();
    auto proved = prove(**db, found_.claimed, with_mirror ? &found_.added : nullptr);
    found_.live_tables.clear();
    for (std::size_t i = 0; i < family_names.size(); ++i)
      if (const auto tables = (*db)->tables(static_cast<family>(i)))
        for (const auto& one : *tables)
          found_.live_tables.insert(one.path);
    return proved;
  }

  /// On top of a sound log only what it lacks; else everything the newest run has.
  result<void> read_added(opening how) {
    if (found_.survey.runs.empty())
      return fault{fault_code::corrupt, "the mirror holds nothing", {}};
    const auto& run = found_.survey.runs.back();
    const auto sound = how == opening::read && found_.known.log.head;
    const auto first = sound ? *found_.known.log.head + 1 : run.first;
    auto added = read_overlay(*options_.files, mirror_, std::max(first, run.first));
    if (!added)
      return added.error();
    found_.added = std::move(*added);
    found_.known.batches_missing = found_.added.batches;
    found_.known.power_batches_missing = found_.added.power_batches;
    return {};
  }

  const store_options& options_;
  finding& found_;
  mirror_options mirror_;
};

fault names_the_store(fault problem, const std::filesystem::path& directory) {
  problem.what = directory.string() + ": " + problem.what;
  return problem;
}

std::vector<std::filesystem::path> files_under(disk& files, const store_paths& paths,
                                               const std::set<std::string>& endings) {
  std::vector<std::filesystem::path> found;
  if (const auto names = files.list(paths.db))
    for (const auto& name : *names) {
      const auto dot = name.rfind('.');
      const auto ending = dot == std::string::npos ? std::string{} : name.substr(dot);
      if (name != "LOCK" && endings.contains(ending))
        found.push_back(std::filesystem::path{"db"} / name);
    }
  return found;
}

fault not_a_store(const std::filesystem::path& directory, std::string_view why) {
  return {fault_code::invalid, directory.string() + " is not a Holdfast store: " + std::string{why},
          "check the path; a new store is made by `holdfast init` in an empty directory"};
}

} // namespace

fault nothing_to_open(disk& files, const store_paths& paths) {
  const auto names = files.list(paths.root);
  if (!names || names->empty())
    return {fault_code::not_found, "there is no store in " + paths.root.string(),
            "`holdfast init` makes one; is the right disk mounted?"};
  const auto has = [&](std::string_view name) {
    return std::ranges::find(*names, name) != names->end();
  };
  if (has("initialising"))
    return {fault_code::not_found, "making the store in " + paths.root.string() + " did not end",
            "run `holdfast init` again"};
  if (!has("db"))
    return not_a_store(paths.root, "it has neither a superblock nor a database");
  return {fault_code::corrupt,
          paths.root.string() + " has no superblock: records 1.. cannot be vouched for",
          "`holdfast store verify --deep` shows what is there; `holdfast store accept-loss "
          "--reason` makes the superblock again from journal and mirror"};
}

result<finding> examine(const store_options& options, recovery_report& report) {
  const store_paths paths{options.directory};
  auto& files = *options.files;
  stopwatch watch{options, report};
  finding found;
  const auto there = files.exists(paths.superblock);
  if (!there)
    return there.error();
  if (!*there)
    return nothing_to_open(files, paths);
  auto block = read_superblock(files, paths.superblock);
  if (!block)
    return names_the_store(block.error(), options.directory);
  found.block = std::move(*block);
  const auto& newest = found.block.newest;
  watch.lap("superblock");
  auto survey = survey_mirror(files, mirror_of(options, newest.instance));
  if (!survey)
    return survey.error();
  found.survey = std::move(*survey);
  watch.lap("mirror");

  found.known.clean = newest.clean;
  found.known.same_boot = !newest.boot_id.empty() && newest.boot_id == options.boot_id;
  found.known.frontier = newest.frontier.at;
  found.claimed = {newest.instance, newest.anchor, newest.anchor_events, {newest.frontier}};
  if (found.known.same_boot) {
    found.known.frontier = std::max(newest.frontier.at, newest.process.at);
    found.claimed.acknowledged.push_back(newest.process);
  }
  if (!found.survey.runs.empty()) {
    found.known.mirror_last = found.survey.runs.back().last;
    found.known.mirror_power = found.survey.runs.back().power.at;
  }
  // What an earlier writer left behind may have been lost, rightly, with the power.
  if (found.survey.beyond.epoch != 0 && found.survey.beyond.epoch >= newest.epoch)
    found.known.mirror_begun = sequence{found.survey.beyond.first.value - 1};
  if (const auto examined = examiner{options, found}.run(); !examined)
    return examined.error();
  watch.lap("verify");
  report.clean = newest.clean;
  report.anchor = newest.anchor.at;
  if (found.step == next_step::refuse)
    return names_the_store(refusal(found.known), options.directory);
  report.head = found.proved->head.last;
  report.records_verified = found.proved->records;
  return found;
}

result<std::unique_ptr<rocks>> perform(const finding& found, const store_options& options,
                                       wall_time now, recovery_report& report) {
  stopwatch watch{options, report};
  auto& files = *options.files;
  const store_paths paths{options.directory};
  const auto from_mirror =
      found.step == next_step::repair || found.step == next_step::repair_without_log;
  const auto repairing = from_mirror || found.mended;
  const auto say = [&](std::string what) { report.repairs.push_back(std::move(what)); };
  for (std::size_t slot = 0; slot < 2; ++slot)
    if (found.block.damaged[slot])
      say("slot " + std::to_string(slot)
          + " of the superblock was damaged; the other one was taken, and it is written again");
  for (const auto& damage : found.survey.damage)
    say("tail mirror: " + damage + "; it begins anew");

  if (found.mended)
    say("the database's list of files (" + found.mended->manifest.filename().string()
        + " or CURRENT) was damaged; without its damaged end it proved to be complete");

  quarantine_options quarantine{.store = options.directory};
  if (repairing || !report.repairs.empty()) {
    // RocksDB removes logs and unknown tables when it opens for writing: after this there is no
    // evidence but the copy.
    auto evidence = files_under(files, paths, {"", ".log", ".dbtmp"});
    evidence.insert(evidence.begin(), {"superblock", "tail/0", "tail/1"});
    const auto why = report.repairs.empty() ? found.known.log.problem.value_or(fault{}).what
                                            : report.repairs.front();
    const auto kept = keep_evidence(files, quarantine, evidence, why, now);
    if (!kept)
      return kept.error();
    report.evidence = *kept;
  }
  if (repairing) {
    for (const auto& table : files_under(files, paths, {".sst"}))
      if (!found.live_tables.contains((paths.root / table).string()))
        if (const auto moved = move_aside(files, quarantine, report.evidence, table); !moved)
          return moved.error();
  }
  if (found.step == next_step::repair_without_log) {
    for (const auto& log : files_under(files, paths, {".log"}))
      if (const auto moved = move_aside(files, quarantine, report.evidence, log); !moved)
        return moved.error();
  }
  if (found.mended)
    if (const auto written = write_catalog(files, paths.db, *found.mended); !written)
      return written.error();
  watch.lap("quarantine");
  const auto torn = found.step == next_step::serve_before_hole;
  if (torn || found.proved->records > 0) {
    // Flushed by an opening that keeps it in what is quick to fill, not in what is quick to serve.
    const auto replayed =
        rocks::open(torn ? opening::replay_before_hole : opening::replay, settings_of(options));
    if (!replayed)
      return replayed.error();
  }
  watch.lap("replay");
  auto db = rocks::open(opening::write, settings_of(options));
  if (!db)
    return db.error();
  watch.lap("open");
  if (torn)
    say("the log has holes behind record " + std::to_string(found.proved->head.last.value)
        + " since the power loss; what stood there was acknowledged for the life of the process");
  const auto adding = from_mirror || found.step == next_step::complete;
  if (adding) {
    if (const auto applied = apply(found.added, **db); !applied)
      return applied.error();
    auto& count = from_mirror ? report.records_repaired : report.records_completed;
    count = found.added.last - found.added.first + 1;
    if (from_mirror)
      say("records " + std::to_string(found.added.first.value) + ".."
          + std::to_string(found.added.last.value)
          + " were lost from the log and written again from the mirror: "
          + found.known.log.problem.value_or(fault{.what = "the log ended early"}).what);
    watch.lap("repair");
  }
  // Opening again must come to what was proved.
  const auto head = head_of(**db);
  if (!head)
    return head.error();
  if (head->last != found.proved->head.last || head->chain != found.proved->head.chain)
    return fault{fault_code::corrupt, "the store opened with another head than was verified",
                 std::string{damage_help}};
  return db;
}

} // namespace holdfast::persistence
