// SPDX-License-Identifier: Apache-2.0
// Opens the store, keeps the numbers, and takes everything down again.
#include "runtime/core.hpp"

#include "persistence/canonical.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/host.hpp"
#include "runtime/states.hpp"
#include "runtime/supervision_records.hpp"

#include <algorithm>
#include <future>
#include <utility>

namespace holdfast {

namespace {

using std::chrono::milliseconds;

/// How long a call waits for an actor or a commit before it says that it does not know.
constexpr milliseconds answer_deadline{30000};

/// How long a start, a new actor or a stop waits for its records to be on disk. Beyond it they
/// follow when the journal can take them, or are in the log alone: supervision acts first.
constexpr milliseconds history_patience{2000};

const fault stopped_fault{fault_code::failed, "the runtime was stopped", ""};

start_report report_of(const persistence::recovery_report& found, std::filesystem::path data,
                       bool created) {
  return {std::move(data),
          created,
          found.clean,
          found.head,
          found.anchor,
          found.epoch,
          found.records_verified,
          found.records_completed,
          found.records_repaired,
          found.repairs,
          found.evidence,
          found.phases};
}

/// Makes the store where that was asked for and there is none.
result<bool> create_if_asked(const options& chosen, const persistence::store_options& store,
                             persistence::disk& files) {
  if (!chosen.initialise)
    return false;
  const auto listed = files.list(store.directory);
  const bool fresh = listed ? listed->empty() : listed.error().code == fault_code::not_found;
  const auto half_made =
      listed && std::find(listed->begin(), listed->end(), "initialising") != listed->end();
  if (!fresh && !half_made)
    return false;
  if (auto made = persistence::store::create(store, os::wall_now()); !made)
    return made.error();
  return true;
}

std::vector<persistence::draft> drafts_of(const std::vector<levelled_event>& events,
                                          const options& chosen) {
  const auto limits = event_limits_of(chosen);
  const auto rules = identity_rules_of(chosen);
  std::vector<persistence::draft> drafts;
  drafts.reserve(events.size());
  for (const auto& [what, level] : events)
    drafts.push_back(persistence::make_draft(what, level, limits, rules));
  return drafts;
}

fault unknown_fault(const append_answer& told) {
  const auto code = told.what == outcome::conflict   ? fault_code::conflict
                    : told.what == outcome::rejected ? fault_code::invalid
                                                     : fault_code::timed_out;
  return {code, told.error.empty() ? "nobody can say whether it is stored" : told.error, ""};
}

} // namespace

persistence::event_limits event_limits_of(const options& chosen) {
  persistence::event_limits made;
  made.body_bytes_max = chosen.events.body_bytes_max;
  return made;
}

std::vector<persistence::identity_rule> identity_rules_of(const options& chosen) {
  std::vector<persistence::identity_rule> made;
  for (const auto& [stream, fields] : chosen.events.volatile_fields)
    made.push_back({stream, fields});
  return made;
}

journal::limits journal_limits_of(const options& chosen) {
  journal::limits made;
  made.events_max = chosen.events.waiting_events_max;
  made.bytes_max = chosen.events.waiting_bytes_max;
  made.batch_events_max = chosen.events.batch_events_max;
  made.batch_bytes_max = chosen.events.batch_bytes_max;
  return made;
}

runtime::core::core(options given_options, start_report found,
                    std::unique_ptr<persistence::disk> disk)
    : chosen{std::move(given_options)}, report{std::move(found)}, files{std::move(disk)},
      since{os::steady_now()} {}

runtime::core::~core() {
  stop(chosen.stop_deadline);
}

void runtime::core::end(std::unique_ptr<core> one) {
  if (!one)
    return;
  one->stop(one->chosen.stop_deadline);
  if (one->abandoned)
    std::ignore = one.release();
}

result<std::unique_ptr<runtime::core>> runtime::core::begin(options chosen) {
  if (chosen.store.data.empty())
    return fault{fault_code::invalid, "no data directory is given",
                 "set store.data, or use --data DIR"};
  chosen.store.data = os::absolute(chosen.store.data);
  auto made =
      std::make_unique<core>(std::move(chosen), start_report{}, persistence::make_posix_disk());
  made->stopped = true; // until everything is there, there is nothing to stop
  if (auto opened = made->open_store(); !opened)
    return opened.error();
  made->open_history();
  auto house = household::begin(made->household_parts_of());
  if (!house)
    return house.error();
  made->house = *std::move(house);
  std::ignore = made->history->settle(history_patience);
  made->stopped = false;
  made->log.tell(made->report);
  return made;
}

household_parts runtime::core::household_parts_of() {
  household_parts made;
  made.chosen = &chosen;
  made.journal = given;
  made.telemetry = log.writer();
  made.on_supervision = [this](const supervision_event& happened) {
    log.tell(happened);
    history->note(happened);
    if (happened.what == supervision_fact::restart_due)
      counted.restarted(happened.child);
  };
  made.on_supervisor_ended = [this](const supervisor_ended& told) { history->note(told); };
  made.recall = [this](const std::string& name) { return remembered.recall(name, os::wall_now()); };
  made.before_store_closes = [this](milliseconds within) {
    if (!history->stop(std::min(within, history_patience)))
      log.tell(severity::warn, "supervisor", "the last of the history is not in the journal",
               {{"records", history->count().waiting}});
  };
  made.on_gave_up = given->on_gave_up;
  made.on_pressure = [this](const pressure_changed& now) {
    log.tell(now);
    tell_pressure(now.paused);
  };
  made.on_pressure_alarm = [this](const pressure_alarm& alarm) { log.tell(alarm); };
  made.on_divergence = [this](const divergence& found) { log.tell(found); };
  made.on_damaged_checkpoint = [this](const checkpoint_info& damaged) { log.tell(damaged); };
  made.on_checkpoint_trouble = [this](const fault& problem) {
    log.tell(severity::warn, "checkpoint", problem.what);
  };
  return made;
}

/// A history that cannot be read is no reason not to start: what it knows is how often things
/// broke.
void runtime::core::open_history() {
  if (const auto reader = front->read()) {
    auto past = recall_history(*reader, {os::wall_now(), os::steady_now(), os::boot_id()});
    if (past)
      remembered = *std::move(past);
    else
      log.tell(severity::error, "supervisor", "the history cannot be read, budgets start over",
               {{"why", past.error().what}});
  }
  history = std::make_unique<recorder>(
      recorder_world{
          [front = front](std::vector<persistence::draft>& drafts, journal::completion done) {
            return front->append(drafts, std::move(done), true);
          },
          os::wall_now, os::steady_now},
      supervision_run{report.epoch, report.head, os::boot_id()});
}

result<void> runtime::core::open_store() {
  const auto settings = store_options_of(chosen, *files);
  const auto created = create_if_asked(chosen, settings, *files);
  if (!created)
    return created.error();
  persistence::recovery_report found;
  auto opened = persistence::store::open(settings, os::wall_now(), &found);
  if (!opened)
    return opened.error();
  report = report_of(found, chosen.store.data, *created);
  auto opened_log = chronicle::open(chosen);
  if (!opened_log)
    return opened_log.error();
  log = *std::move(opened_log);
  front = std::make_shared<journal::door>(
      journal_limits_of(chosen), std::make_shared<journal::store_slot>(*std::move(opened)));
  given = std::make_shared<journal::parts>();
  given->front = front;
  given->wall = os::wall_now;
  given->open =
      [settings](
          persistence::recovery_report& into) -> result<std::shared_ptr<persistence::store>> {
    auto again = persistence::store::open(settings, os::wall_now(), &into);
    if (!again)
      return again.error();
    return std::shared_ptr<persistence::store>{*std::move(again)};
  };
  given->reopenings = [settings] { return persistence::store::reopenings(settings); };
  given->note_reopening = [settings](wall_time now) {
    return persistence::store::note_reopening(settings, now);
  };
  given->on_opened = [this](const persistence::recovery_report& again) {
    log.tell(report_of(again, chosen.store.data, false));
  };
  given->on_trouble = [this](const fault& problem) {
    log.tell(severity::error, "journal", problem.what, {{"help", problem.help}});
  };
  given->on_gave_up = [this](const fault& problem) {
    log.tell(severity::critical, "journal", problem.what, {{"help", problem.help}});
    if (const auto told = on_gave_up.with([](const auto& held) { return held; }))
      told(problem);
  };
  return {};
}

result<std::shared_ptr<const persistence::reader>> runtime::core::read() const {
  if (stopped)
    return stopped_fault;
  auto reader = front->read();
  if (!reader)
    return fault{fault_code::busy, "the store is being reopened", "try again in a moment"};
  return reader;
}

void runtime::core::append(std::vector<levelled_event> events,
                           std::function<void(append_result)> then) {
  const auto asked = os::steady_now();
  if (stopped)
    return then({{}, append_refused{stopped_fault, milliseconds{0}}});
  if (events.empty())
    return then({});
  auto level = durability::none;
  for (const auto& one : events)
    level = std::max(level, one.level);
  auto drafts = drafts_of(events, chosen);
  std::vector<std::size_t> sizes;
  for (const auto& one : drafts)
    sizes.push_back(one.body.size());
  auto done = std::make_shared<std::function<void(append_result)>>(std::move(then));
  const auto refused = front->append(drafts, [this, done, level, asked, sizes](append_result told) {
    counted.appended(told, level, os::steady_now() - asked);
    note_pressure(told, sizes);
    (*done)(std::move(told));
  });
  if (refused) {
    append_result told{{}, *refused};
    counted.appended(told, level, os::steady_now() - asked);
    (*done)(std::move(told));
  }
}

/// Tells the pressure actor what there is more to process.
void runtime::core::note_pressure(const append_result& told,
                                  const std::vector<std::size_t>& sizes) {
  records_appended news;
  for (std::size_t i = 0; i < told.answers.size() && i < sizes.size(); ++i)
    if (told.answers[i].what == outcome::stored) {
      news.last = std::max(news.last, told.answers[i].at);
      news.bytes += sizes[i];
    }
  if (news.last.value > 0 && house)
    house->tell(news);
}

void runtime::core::tell_pressure(bool paused) {
  for (const auto& told : pressed.with([](const auto& all) { return all; }))
    told(paused);
}

result<consumer_info> runtime::core::commit(commit_consumer place) {
  if (stopped)
    return stopped_fault;
  persistence::cursor_attachment moved{place.consumer, place.position, place.expected, false, {}};
  if (place.state) {
    auto encoded = persistence::encode_canonical(*place.state);
    if (!encoded)
      return encoded.error();
    moved.state = persistence::state_attachment{place.consumer, place.position, place.schema,
                                                "consumer", *std::move(encoded)};
  }
  if (auto saved = save(persistence::make_cursor(std::move(moved), os::wall_now())); !saved)
    return saved.error();
  house->tell(records_processed{place.consumer, place.position});
  return reading(
      [&](const persistence::reader& reader) { return reader.consumer(place.consumer); });
}

result<consumer_info> runtime::core::reset(reset_consumer place) {
  const auto look = [&](const persistence::reader& reader) {
    return reader.consumer(place.consumer);
  };
  // A place of an unknown name would hold producers back for ever, for nobody.
  if (auto known = reading(look); !known)
    return known.error();
  persistence::cursor_attachment moved{place.consumer,         place.position, {}, true, {},
                                       std::move(place.reason)};
  if (auto saved = save(persistence::make_cursor(std::move(moved), os::wall_now())); !saved)
    return saved.error();
  house->rejoin(place.consumer, place.position);
  return reading(look);
}

result<checkpoint_info> runtime::core::keep(keep_state taken) {
  if (stopped)
    return stopped_fault;
  if (fold_named(taken.owner))
    return fault{fault_code::conflict,
                 taken.owner + " is a persistent actor and keeps its own state",
                 "use another name"};
  auto encoded = persistence::encode_canonical(taken.state);
  if (!encoded)
    return encoded.error();
  if (auto saved = save(persistence::make_checkpoint(
          {taken.owner, taken.covered, taken.schema, "outside", *std::move(encoded)},
          os::wall_now()));
      !saved)
    return saved.error();
  return reading([&](const persistence::reader& reader) -> result<checkpoint_info> {
    auto found = reader.newest_checkpoint(taken.owner, taken.covered);
    if (!found)
      return found.error();
    return found->info;
  });
}

result<void> runtime::core::save(persistence::draft record) {
  std::vector<persistence::draft> drafts;
  drafts.push_back(std::move(record));
  auto told = std::make_shared<std::promise<append_result>>();
  auto coming = told->get_future();
  if (auto refused = front->append(
          drafts, [told](append_result answer) { told->set_value(std::move(answer)); }, true))
    return refused->reason;
  if (coming.wait_for(answer_deadline) != std::future_status::ready)
    return fault{fault_code::timed_out, "the commit was not answered in time",
                 "sending it again is safe"};
  const auto answer = coming.get();
  if (answer.refused)
    return answer.refused->reason;
  if (answer.answers.size() != 1 || answer.answers.front().what != outcome::stored)
    return unknown_fault(answer.answers.empty() ? append_answer{} : answer.answers.front());
  return {};
}

result<checkpoint_info> runtime::core::checkpoint(const std::string& owner,
                                                  const std::string& reason) {
  if (stopped)
    return stopped_fault;
  if (!fold_named(owner))
    return fault{fault_code::not_found, "no persistent actor has the name " + owner, ""};
  const auto taken = house->checkpoint(owner, reason, answer_deadline);
  if (!taken)
    return taken.error();
  return reading([&](const persistence::reader& reader) -> result<checkpoint_info> {
    auto found = reader.newest_checkpoint(owner, taken->covered);
    if (!found)
      return found.error();
    return found->info;
  });
}

result<sequence> runtime::core::retire(const raise_floor& asked) {
  if (stopped)
    return stopped_fault;
  const auto raised = house->raise_floor(asked, answer_deadline);
  if (!raised)
    return raised.error();
  return raised->floor;
}

result<child_answer> runtime::core::order(const actor_ordered& asked) {
  if (stopped)
    return stopped_fault;
  if (auto may = house->may_order(asked); !may)
    return may.error();
  history->note(asked);
  return house->order(asked, answer_deadline);
}

std::optional<fold> runtime::core::fold_named(const std::string& actor) const {
  return folds.with([&](const auto& all) {
    const auto found = all.find(actor);
    return found == all.end() ? std::nullopt : std::optional<fold>{found->second};
  });
}

result<void> runtime::core::add(fold actor) {
  if (stopped)
    return stopped_fault;
  if (!actor.initial || !actor.apply || !actor.encode || !actor.decode)
    return fault{fault_code::invalid, "a persistent actor needs all of its functions", ""};
  const auto name = actor.name;
  const bool is_new = folds.with([&](auto& all) { return all.emplace(name, actor).second; });
  if (!is_new)
    return fault{fault_code::conflict, "the name " + name + " is taken", ""};
  auto added = house->add(actor);
  if (!added)
    folds.with([&](auto& all) { all.erase(name); });
  std::ignore = history->settle(history_patience);
  return added;
}

result<state_at<std::any>> runtime::core::state_now(const std::string& actor) const {
  if (stopped)
    return stopped_fault;
  if (!fold_named(actor))
    return fault{fault_code::not_found, "no persistent actor has the name " + actor, ""};
  auto found = house->state_of(actor, answer_deadline);
  if (!found)
    return found.error();
  return state_at<std::any>{std::move(found->state), found->covered};
}

result<state_at<std::any>> runtime::core::state_then(const std::string& actor, sequence at) const {
  const auto known = fold_named(actor);
  if (!known)
    return fault{fault_code::not_found, "no persistent actor has the name " + actor, ""};
  return state_of(
      *known, [this] { return read(); }, at);
}

result<sequence> runtime::core::last_before(wall_time time) const {
  return reading([&](const persistence::reader& reader) { return last_at(reader, time); });
}

runtime_stats runtime::core::stats() const {
  runtime_stats made;
  if (stopped)
    return made;
  if (const auto store = front->slot().store()) {
    const auto now = store->stats();
    made.head = now.head.last;
    made.anchor = now.anchor;
    made.frontier = now.frontier;
    made.floor = now.head.floor;
    made.events = now.head.events;
    made.duplicates = now.head.duplicates;
    made.commits = now.commits;
    made.disk_bytes = now.disk_bytes;
    made.free_bytes = now.free_bytes;
    made.no_space = now.no_space;
    made.failed = now.failed;
  }
  const auto reading = house->read_pressure(milliseconds{500});
  made.unprocessed_bytes = reading.now.bytes;
  made.unprocessed_events = reading.now.records;
  made.paused = house->admitted().paused();
  return made;
}

stop_report runtime::core::stop(milliseconds deadline) {
  if (stopped.exchange(true))
    return {};
  const auto began = os::steady_now();
  listening.end_all();
  auto made = house->stop(deadline);
  abandoned = !made.stayed.empty();
  made.took = std::chrono::duration_cast<milliseconds>(os::steady_now() - began);
  log.tell(made);
  if (!log.end_audit(std::max(deadline / 4, milliseconds{100}))) {
    made.stayed.emplace_back("audit");
    abandoned = true;
  }
  if (log.writer() && !log.writer()->stop(std::max(deadline / 4, milliseconds{100})))
    made.stayed.emplace_back("telemetry");
  return made;
}

} // namespace holdfast
