// SPDX-License-Identifier: Apache-2.0
// Spawns the actors, finds them again by name, and stops them in the order that loses nothing.
#include "runtime/plan.hpp"

#include "actors/checkpoint/checkpoint_actor.hpp"
#include "actors/journal/journal_actor.hpp"
#include "actors/pressure/pressure_actor.hpp"
#include "actors/shell.hpp"
#include "actors/supervisor/supervisor_actor.hpp"
#include "actors/telemetry/telemetry_actor.hpp"
#include "persistence/canonical.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/guarded.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

namespace holdfast {

namespace {

using std::chrono::milliseconds;

struct system_config : caf::actor_system_config {
  explicit system_config(const options& chosen) {
    // Stealing polls (0.85 % of a processor when idle); sharing sleeps.
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", static_cast<std::size_t>(chosen.workers));
    // Without a limit an actor that keeps itself busy starves the others.
    set("scheduler.max-throughput", std::size_t{50});
    set("logger.console-verbosity", caf::atom("quiet"));
    set("logger.file-verbosity", caf::atom("quiet"));
  }
};

pressure::limits pressure_limits_of(const pressure_choices& chosen) {
  pressure::limits made;
  made.bytes_pause = chosen.pause_bytes;
  made.bytes_resume = chosen.resume_bytes;
  made.records_pause = chosen.pause_events;
  made.records_resume = chosen.resume_events;
  made.age_pause = chosen.pause_age;
  made.age_resume = chosen.resume_age;
  made.silent_after = chosen.consumer_silence;
  return made;
}

telemetry_retention retention_of(const telemetry_choices& chosen) {
  const auto hours = [](milliseconds span) {
    return std::chrono::duration_cast<std::chrono::hours>(span);
  };
  return {.compress_after = hours(chosen.compress_after),
          .remove_after = hours(chosen.delete_after),
          .audit_remove_after = hours(chosen.audit_delete_after),
          .total_bytes = chosen.total_bytes_max};
}

std::string seconds_of(milliseconds time) {
  const auto tenths = (time.count() + 50) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

/// Who would not leave, for the report of a stop.
std::string describe(const stayed_child& one) {
  std::string text = one.supervisor + "/" + one.child
                     + (one.type == child_type::supervisor ? " (supervisor)" : " (worker)");
  if (!one.message.empty())
    text += ", handles " + one.message + " for " + seconds_of(one.handling);
  return text + ", was asked to end " + seconds_of(one.leaving) + " ago";
}

/// Whose end closes the store.
bool keeps_the_store(std::string_view child) {
  return child == "committer" || child == "keeper" || child == "journal";
}

/// A refusal of the supervisor, in words.
fault refused_order(const actor_ordered& asked, const child_answer& told) {
  return {told.what == child_verdict::not_found ? fault_code::not_found
          : told.what == child_verdict::failed  ? fault_code::failed
                                                : fault_code::conflict,
          asked.child + " cannot be " + (asked.what == actor_order::stop ? "stopped" : "started")
              + " now: " + std::string{to_string(told.what)}
              + (told.text.empty() ? "" : " (" + told.text + ")"),
          ""};
}

/// About how many bytes lie beyond a position, by a sample of what comes first.
std::uint64_t bytes_behind(const persistence::reader& reader, sequence position, sequence head) {
  const auto page = reader.events({.from = position + 1, .limit = 50});
  if (!page || page->events.empty())
    return 0;
  std::uint64_t bytes = 0;
  for (const auto& one : page->events)
    if (const auto body = persistence::encode_canonical(one.body))
      bytes += body->size();
  return bytes / page->events.size() * (head.value - std::min(head, position).value);
}

} // namespace

struct household::core {
  explicit core(household_parts parts)
      : given{std::move(parts)}, config{*given.chosen}, system{config} {}

  template <class Handle>
  Handle find(const std::string& name) const {
    auto found = book->find(name);
    return found ? caf::actor_cast<Handle>(std::move(found)) : Handle{};
  }

  template <class Handle>
  Handle need(const std::string& name) const {
    auto found = find<Handle>(name);
    if (!found)
      throw std::runtime_error(name + " does not run");
    return found;
  }

  /// Asks one actor and waits; the calling thread is none of the actors'.
  template <class Answer, class Handle, class Message>
  result<Answer> ask(const Handle& whom, milliseconds within, Message what) const {
    if (!whom)
      return fault{fault_code::busy, "the actor is being restarted", "try again"};
    result<Answer> told{fault{fault_code::timed_out, "no answer in time", ""}};
    caf::scoped_actor self{const_cast<caf::actor_system&>(system)};
    self->request(whom, caf::duration{within}, std::move(what))
        .receive([&](Answer& given_back) { told = std::move(given_back); },
                 [&](caf::error& problem) { told = to_fault(problem); });
    return told;
  }

  /// A supervisor and how it keeps its children.
  struct keeper {
    supervisor::handle whom;
    supervisor_flags flags;
  };

  std::vector<keeper> keepers() const {
    return {{root, flags_of("root")}, {find<supervisor::handle>("folds"), flags_of("folds")}};
  }

  static supervisor_flags flags_of(const std::string& name) {
    supervisor_flags chosen;
    chosen.name = name;
    // Each fold has a budget of its own: together they must not use up that of the others.
    chosen.intensity = name == "folds" ? 1000 : restarts.intensity;
    chosen.period = restarts.period;
    return chosen;
  }

  static constexpr restart_budget restarts{10, std::chrono::minutes{10}};

  /// The lists of those that answer in time, in the order of `of`. All are asked at once.
  std::vector<std::optional<child_list>> ask_children(const std::vector<keeper>& of,
                                                      milliseconds within) const {
    caf::scoped_actor self{const_cast<caf::actor_system&>(system)};
    std::vector<std::optional<child_list>> told(of.size());
    using pending = decltype(self->request(of.front().whom, caf::infinite, which_children{}));
    std::vector<std::pair<std::size_t, pending>> asked;
    for (std::size_t i = 0; i < of.size(); ++i)
      if (of[i].whom)
        asked.emplace_back(i, self->request<caf::message_priority::high>(
                                  of[i].whom, caf::duration{within}, which_children{}));
    for (auto& [place, one] : asked)
      one.receive([&, at = place](child_list& list) { told[at] = std::move(list); },
                  [](caf::error&) {});
    return told;
  }

  std::vector<supervisor::child> children();
  supervisor::child folds_child();
  result<child_answer> start(const supervisor::handle& under, supervisor::child whom) const;
  caf::actor start_pressure();
  result<supervisor::handle> spawn(const std::string& name, std::vector<supervisor::child> of);
  std::optional<caf::error> await_end(const supervisor::handle& whom, milliseconds within);
  void stop_folds_within(milliseconds within) const;
  void stop_journal_within(milliseconds within, stop_report& into) const;

  household_parts given;
  std::shared_ptr<pressure::admission> cell = std::make_shared<pressure::admission>();
  std::shared_ptr<address_book> book = std::make_shared<address_book>();
  std::shared_ptr<std::atomic<bool>> stopping = std::make_shared<std::atomic<bool>>(false);
  system_config config;
  caf::actor_system system;
  // Handles after the system: a detached actor whose handle outlives it would hang it.
  supervisor::handle root;
  /// All that were added: their supervisor starts them, should it be started again.
  os::guarded<std::map<std::string, supervisor::child>> folds;
};

caf::actor household::core::start_pressure() {
  const auto reader = given.journal->front->read();
  const auto head = reader ? reader->head() : result<persistence::journal_head>{fault{}};
  auto made =
      system.spawn(pressure::pressure_actor, pressure_limits_of(given.chosen->pressure),
                   head ? head->last : sequence{},
                   pressure::surroundings{cell, given.on_pressure_alarm, given.on_pressure});
  if (head)
    if (const auto all = reader->consumers())
      for (const auto& one : *all)
        caf::anon_send(made, consumer_joined{one.consumer, one.position,
                                             bytes_behind(*reader, one.position, head->last)});
  return caf::actor_cast<caf::actor>(made);
}

std::vector<supervisor::child> household::core::children() {
  const auto as_actor = [](const auto& made) { return caf::actor_cast<caf::actor>(made); };
  const auto store_child = [](std::string id) {
    child_spec spec;
    spec.id = std::move(id);
    spec.restart = restart_type::transient; // a journal that was stopped stays so
    spec.shutdown = std::chrono::seconds{30};
    // What comes while it is started again waits: the journal would take a refusal for a disk that
    // fails, and each costs it one of the few times that it opens the store anew.
    spec.messages.queued = message_fate::redeliver;
    return spec;
  };
  std::vector<supervisor::child> all;
  all.push_back({store_child("committer"), [this, as_actor](caf::actor_system& at) {
                   return as_actor(
                       at.spawn<caf::detached>(journal::committer_actor, given.journal));
                 }});
  all.push_back({store_child("keeper"), [this, as_actor](caf::actor_system& at) {
                   return as_actor(at.spawn<caf::detached>(journal::keeper_actor, given.journal));
                 }});
  all.push_back({store_child("journal"), [this, as_actor](caf::actor_system& at) {
                   return as_actor(at.spawn<caf::detached>(journal::journal_actor, given.journal,
                                                           need<journal::committer>("committer"),
                                                           need<journal::keeper>("keeper")));
                 }});
  child_spec spec;
  spec.id = "pressure";
  all.push_back({spec, [this](caf::actor_system&) { return start_pressure(); }});
  spec.id = "telemetry";
  if (given.telemetry)
    all.push_back({spec, [this, as_actor](caf::actor_system& at) {
                     return as_actor(at.spawn<caf::detached>(
                         telemetry::telemetry_actor, given.telemetry,
                         telemetry::duties{.retention = retention_of(given.chosen->telemetry),
                                           .wall = given.journal->wall}));
                   }});
  all.push_back(folds_child());
  return all;
}

supervisor::child household::core::folds_child() {
  child_spec spec;
  spec.id = "folds";
  spec.type = child_type::supervisor;
  return {spec, [this](caf::actor_system&) {
            auto all = folds.with([](const auto& known) {
              std::vector<supervisor::child> made;
              for (const auto& [name, one] : known)
                made.push_back(one);
              return made;
            });
            auto made = spawn("folds", std::move(all));
            if (!made)
              throw std::runtime_error{made.error().what};
            return caf::actor_cast<caf::actor>(*made);
          }};
}

/// Adds a child to a running supervisor; answers when it is up.
result<child_answer> household::core::start(const supervisor::handle& under,
                                            supervisor::child whom) const {
  auto told = ask<carried<child_answer>>(under, std::chrono::minutes{2},
                                         carried{supervisor::child_to_start{std::move(whom)}});
  if (!told)
    return told.error();
  if ((*told)->what != child_verdict::done)
    return fault{
        fault_code::failed,
        (*told)->child + " did not start: "
            + ((*told)->text.empty() ? std::string{to_string((*told)->what)} : (*told)->text),
        ""};
  return **told;
}

result<supervisor::handle> household::core::spawn(const std::string& name,
                                                  std::vector<supervisor::child> of) {
  supervisor::surroundings around;
  around.history = given.on_supervision;
  around.book = book;
  around.time = addressing::clocks{os::coarse_now, os::steady_now};
  if (given.recall)
    around.past = given.recall(name);
  auto made =
      supervisor::spawn_supervisor(system, flags_of(name), std::move(of), std::move(around));
  if (!made)
    return made.error();
  (*made)->attach_functor([name, told = given.on_supervisor_ended](const caf::error& reason) {
    if (const auto ended = supervisor::ended_of(reason); ended && told)
      told({name, *ended});
  });
  return made;
}

/// Asks a supervisor to end by then and waits until it has; nothing: it has not.
std::optional<caf::error> household::core::await_end(const supervisor::handle& whom,
                                                     milliseconds within) {
  caf::scoped_actor self{system};
  self->monitor(whom);
  // A little less than what is waited, so that it can still say who would not leave.
  caf::anon_send(whom, supervisor::stop_children{within - within / 8});
  std::optional<caf::error> ended;
  self->receive([&](const caf::down_msg& told) { ended = told.reason; },
                caf::after(within) >> [] {});
  return ended;
}

/// Each with a last checkpoint, where there is time for one.
void household::core::stop_folds_within(milliseconds within) const {
  const auto deadline = os::steady_now() + within;
  const auto left = [&] {
    const auto rest = std::chrono::duration_cast<milliseconds>(deadline - os::steady_now());
    return std::max(rest, milliseconds{1});
  };
  const auto names = folds.with([](const auto& all) {
    std::vector<std::string> made;
    for (const auto& [name, one] : all)
      made.push_back(name);
    return made;
  });
  for (const auto& name : names)
    // At most half of what is left, so that one slow fold does not cost the others their end.
    if (const auto actor = find<checkpointing::handle>("fold " + name))
      std::ignore = ask<folding_stopped>(actor, left() / 2, stop_folding{left() / 2});
  // Who does not leave is named by the root, when it ends.
  std::ignore = ask<carried<child_answer>>(root, left(), terminate_child{"folds"});
}

/// A journal that ends without a store to close has left all the same. One that does not answer
/// ends with the root, which says what it hangs at.
void household::core::stop_journal_within(milliseconds within, stop_report& into) const {
  const auto whom = find<journal::handle>("journal");
  if (!whom)
    return;
  const auto told = ask<journal_stopped>(whom, within, stop_journal{within});
  if (!told)
    into.unclean = "the journal did not say in time that it closed it";
  else if (!told->clean)
    into.unclean = told->what;
}

household::household(std::unique_ptr<core> made) : core_{std::move(made)} {}

household::~household() = default;

result<std::unique_ptr<household>> household::begin(household_parts given) {
  if (auto sound = pressure::check(pressure_limits_of(given.chosen->pressure)); !sound)
    return sound.error();
  auto made = std::make_unique<core>(std::move(given));
  auto root = made->spawn("root", made->children());
  if (!root)
    return root.error();
  made->root = *std::move(root);
  if (const auto up =
          made->ask<children_started>(made->root, std::chrono::minutes{2}, await_children{});
      !up)
    return up.error();
  made->root->attach_functor(
      [told = made->given.on_gave_up, stopping = made->stopping](const caf::error& reason) {
        if (!*stopping && told)
          told({fault_code::failed, "the root supervisor gave up: " + text_of(reason), ""});
      });
  return std::unique_ptr<household>{new household{std::move(made)}};
}

result<void> household::add(const fold& actor) {
  auto parts = std::make_shared<checkpointing::parts>();
  parts->front = core_->given.journal->front;
  parts->how = actor;
  parts->bounds.rule = core_->given.chosen->checkpoint;
  parts->wall = core_->given.journal->wall;
  parts->on_divergence = core_->given.on_divergence;
  parts->on_damaged = core_->given.on_damaged_checkpoint;
  parts->on_trouble = core_->given.on_checkpoint_trouble;
  parts->counters = [book = core_->book, name = "fold " + actor.name] {
    return book->counters_of(name);
  };
  supervisor::child one;
  one.spec.id = "fold " + actor.name;
  one.spec.restart = restart_type::transient;
  one.spec.budget = core::restarts;
  one.spec.when_spent = spent_action::rest;
  one.start = [parts](caf::actor_system& at) {
    return caf::actor_cast<caf::actor>(at.spawn<caf::detached>(
        checkpointing::checkpoint_actor, std::shared_ptr<const checkpointing::parts>{parts}));
  };
  const auto started = core_->start(core_->find<supervisor::handle>("folds"), one);
  if (!started)
    return started.error();
  core_->folds.with([&](auto& all) { all[actor.name] = one; });
  return {};
}

result<void> household::open_door(doorkeeping::open_door how) {
  const auto why = std::make_shared<os::guarded<std::optional<fault>>>();
  const auto opening = [how = std::move(how), why] {
    auto opened = how();
    why->with([&](auto& last) { last = opened ? std::nullopt : std::optional{opened.error()}; });
    return opened;
  };
  supervisor::child one;
  one.spec.id = "door";
  one.spec.restart = restart_type::transient; // a door that was closed stays so
  one.start = [opening](caf::actor_system& at) {
    return caf::actor_cast<caf::actor>(
        at.spawn<caf::detached>(doorkeeping::doorkeeper_actor, doorkeeping::open_door{opening}));
  };
  const auto started = core_->start(core_->root, std::move(one));
  if (started)
    return {};
  return why->with([](const auto& last) { return last; }).value_or(started.error());
}

std::uint64_t household::close_door(milliseconds within) {
  const auto whom = core_->find<doorkeeping::handle>("door");
  if (!whom)
    return 0;
  // It answers after what it waits for.
  const auto told = core_->ask<doorkeeping::door_closed>(whom, within + std::chrono::seconds{1},
                                                         doorkeeping::close_door{within});
  return told ? told->cut : 0;
}

result<void> household::crash(const std::string& actor) const {
  const auto whom = core_->book->find(actor);
  if (!whom)
    return fault{fault_code::not_found, "no actor '" + actor + "' runs", ""};
  caf::anon_send<caf::message_priority::high>(
      whom, caf::exit_msg{whom.address(), caf::exit_reason::kill});
  return {};
}

result<folded_state> household::state_of(const std::string& actor, milliseconds within) const {
  auto told = core_->ask<carried<folded_state>>(core_->find<checkpointing::handle>("fold " + actor),
                                                within, ask_state{});
  if (!told)
    return told.error();
  return **told;
}

result<checkpoint_taken> household::checkpoint(const std::string& actor, const std::string& reason,
                                               milliseconds within) const {
  return core_->ask<checkpoint_taken>(core_->find<checkpointing::handle>("fold " + actor), within,
                                      take_checkpoint{reason});
}

result<floor_raised> household::raise_floor(const holdfast::raise_floor& asked,
                                            milliseconds within) const {
  return core_->ask<floor_raised>(core_->find<journal::handle>("journal"), within, asked);
}

void household::tell(const records_appended& told) const {
  if (const auto found = core_->find<pressure::handle>("pressure"))
    caf::anon_send(found, told);
}

void household::tell(const records_processed& told) const {
  if (const auto found = core_->find<pressure::handle>("pressure"))
    caf::anon_send(found, told);
}

void household::rejoin(const std::string& consumer, sequence position) const {
  const auto found = core_->find<pressure::handle>("pressure");
  const auto reader = core_->given.journal->front->read();
  const auto head = reader ? reader->head() : result<persistence::journal_head>{fault{}};
  if (found && head)
    caf::anon_send(
        found, consumer_joined{consumer, position, bytes_behind(*reader, position, head->last)});
}

pressure_reading household::read_pressure(milliseconds within) const {
  auto told = core_->ask<pressure_reading>(core_->find<pressure::handle>("pressure"), within,
                                           holdfast::read_pressure{});
  return told ? *std::move(told) : pressure_reading{};
}

const pressure::admission& household::admitted() const {
  return *core_->cell;
}

std::vector<child_list> household::children(milliseconds within) const {
  std::vector<child_list> found;
  for (auto& one : core_->ask_children(core_->keepers(), within))
    if (one)
      found.push_back(*std::move(one));
  return found;
}

actor_tree household::look(milliseconds within) const {
  const auto keepers = core_->keepers();
  const auto lists = core_->ask_children(keepers, within);
  const auto counted = core_->book->all();
  const auto reading_of = [&](const std::string& name,
                              const std::string& under) -> std::optional<actor_reading> {
    const auto one = std::ranges::lower_bound(counted, name, {}, &address_book::counted::name);
    if (one == counted.end() || one->name != name || one->supervisor != under)
      return std::nullopt;
    return one->counters->read();
  };
  actor_tree made;
  for (std::size_t i = 0; i < keepers.size(); ++i) {
    const auto& flags = keepers[i].flags;
    made.supervisors.push_back({flags.name, i == 0 ? "" : "root", flags.strategy, flags.intensity,
                                flags.period, lists[i] ? lists[i]->restarts_used : 0,
                                lists[i].has_value()});
    if (lists[i]) {
      // The one started last comes first there.
      for (auto one = lists[i]->children.rbegin(); one != lists[i]->children.rend(); ++one)
        made.actors.push_back({one->id, flags.name, *one, reading_of(one->id, flags.name)});
      continue;
    }
    for (const auto& one : counted)
      if (one.supervisor == flags.name)
        made.actors.push_back({one.name, flags.name, std::nullopt, one.counters->read()});
  }
  return made;
}

result<void> household::trace(const std::string& actor,
                              std::shared_ptr<addressing::trace> to) const {
  const auto counters = core_->book->counters_of(actor);
  if (!counters)
    return fault{fault_code::not_found, "no actor '" + actor + "' can be traced", ""};
  if (!counters->attach(std::move(to)))
    return fault{fault_code::busy, "somebody else traces " + actor, "wait until that is over"};
  return {};
}

std::string household::actor_of(std::uint64_t number) const {
  for (const auto& one : core_->book->all())
    if (number != 0 && one.counters->read().actor == number)
      return one.name;
  return {};
}

result<void> household::may_order(const actor_ordered& asked) const {
  if (keeps_the_store(asked.child))
    return fault{fault_code::conflict,
                 asked.child + " keeps the store: it is not stopped or restarted by itself",
                 "stop the daemon, or start it anew"};
  if (asked.child == "door")
    return fault{fault_code::conflict, "the door answers this: it cannot close on itself",
                 "stop the daemon, or start it anew"};
  return {};
}

result<child_answer> household::order(const actor_ordered& asked, milliseconds within) const {
  const auto keepers = core_->keepers();
  const auto keeper = std::ranges::find_if(
      keepers, [&](const core::keeper& one) { return one.flags.name == asked.supervisor; });
  if (keeper == keepers.end())
    return fault{fault_code::not_found, "there is no supervisor " + asked.supervisor, ""};
  const auto stopped =
      core_->ask<carried<child_answer>>(keeper->whom, within, terminate_child{asked.child});
  if (!stopped)
    return stopped.error();
  if ((*stopped)->what != child_verdict::done)
    return refused_order(asked, **stopped);
  if (asked.what == actor_order::stop)
    return **stopped;
  const auto started =
      core_->ask<carried<child_answer>>(keeper->whom, within, restart_child{asked.child});
  if (!started)
    return started.error();
  // Somebody else may have started it between the two.
  if ((*started)->what != child_verdict::done && (*started)->what != child_verdict::running)
    return refused_order(asked, **started);
  return **started;
}

stop_report household::stop(milliseconds within) {
  const auto deadline = os::steady_now() + within;
  const auto left = [&] {
    const auto rest = std::chrono::duration_cast<milliseconds>(deadline - os::steady_now());
    return std::max(rest, milliseconds{1});
  };
  *core_->stopping = true;
  stop_report made;
  core_->stop_folds_within(left() / 2);
  if (core_->given.before_store_closes)
    core_->given.before_store_closes(left() / 4);
  // The last quarter is for whoever does not leave: to be killed, seen and named.
  core_->stop_journal_within(left() * 3 / 4, made);
  const auto ended = core_->await_end(core_->root, left());
  if (!ended)
    made.stayed.emplace_back("root");
  else if (const auto told = supervisor::ended_of(*ended))
    for (const auto& one : told->stayed)
      made.stayed.push_back(describe(one));
  core_->root = nullptr;
  core_->book->clear();
  return made;
}

} // namespace holdfast
