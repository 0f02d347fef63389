// SPDX-License-Identifier: Apache-2.0
// Lives, faults and the oracle of one simulated history.
#include "tests/simulation/world.hpp"

#include <algorithm>
#include <sstream>

using namespace std::chrono_literals;

namespace simulation {

using namespace holdfast;

/// The body of an event depends on its name alone, so that a repeat is the same event.
event make_event(const std::string& name) {
  const auto number = std::hash<std::string>{}(name);
  event made;
  made.stream = number % 3 == 0 ? "llm.usage" : "orders";
  made.key = number % 4 == 0 ? "key-" + name : "";
  made.body = object{{"name", name}, {"pad", std::string(number % 120, 'x')}};
  return made;
}

namespace {

persistence::store_options choose_options(memory_disk& disk, rocksdb::Env* env,
                                          std::uint64_t boot) {
  persistence::store_options chosen;
  chosen.directory = directory;
  chosen.files = &disk;
  chosen.env = env;
  chosen.boot_id = "boot-" + std::to_string(boot);
  chosen.owner = "simulation";
  chosen.indexed_streams = {"orders"};
  chosen.mirror_segment_bytes = 64U << 10U;
  chosen.memory_bytes = 8U << 20U;
  chosen.cache_bytes = 64U << 10U;
  chosen.ballast_bytes = 0;
  chosen.inline_threads = true;
  chosen.instance = persistence::instance_id{};
  return chosen;
}

} // namespace

std::vector<std::string> oracle::choose(std::mt19937_64& chance, std::size_t count) {
  std::vector<std::string> batch;
  for (std::size_t made = 0; made < count; ++made) {
    if (!submitted_.empty() && chance() % 5 == 0) {
      batch.push_back(submitted_[chance() % submitted_.size()]);
      continue;
    }
    submitted_.push_back("e" + std::to_string(submitted_.size()));
    batch.push_back(submitted_.back());
  }
  return batch;
}

void oracle::note(const std::string& name, const append_answer& told) {
  if (told.what == outcome::unknown)
    return;
  if (told.what != outcome::stored && told.what != outcome::duplicate)
    return accuse(name + " was answered " + std::string{to_string(told.what)} + " " + told.error);
  const auto [known, is_new] = acknowledged_.emplace(name, acknowledgement{told.at, told.level});
  if (is_new)
    return;
  if (known->second.at != told.at && known->second.level != durability::none)
    return accuse("O4: " + name + " was acknowledged at two places");
  known->second = {told.at, std::max(known->second.level, told.level)};
}

void oracle::forgive(ending how) {
  const auto least = how == ending::kill ? durability::process : durability::power;
  std::erase_if(acknowledged_, [&](const auto& one) { return one.second.level < least; });
}

void oracle::check(const persistence::reader& held) const {
  if (!accusations_.empty())
    throw broken_promise{accusations_.front()};
  const auto head = held.head();
  if (!head)
    throw broken_promise{"the head cannot be read: " + head.error().what};
  std::map<std::string, sequence> present;
  sequence expected{1};
  auto scanned = held.scan(sequence{1}, head->last, [&](const recorded_event& one) {
    if (one.at != expected)
      throw broken_promise{"O2: record " + std::to_string(expected.value) + " is missing"};
    ++expected;
    if (one.kind != record_kind::event)
      return true;
    const auto name = one.body.text_at("name");
    if (std::find(submitted_.begin(), submitted_.end(), name) == submitted_.end()
        || !(one.body == make_event(name).body))
      throw broken_promise{"O3: " + name + " was never submitted like this"};
    if (!present.emplace(name, one.at).second)
      throw broken_promise{"O4: " + name + " is stored twice"};
    return true;
  });
  if (!scanned)
    throw broken_promise{"the journal cannot be read: " + scanned.error().what};
  for (const auto& [name, said] : acknowledged_)
    if (const auto found = present.find(name); found == present.end() || found->second != said.at)
      throw broken_promise{"O1: " + name + " was acknowledged at " + std::to_string(said.at.value)
                           + " at level " + std::string{to_string(said.level)}
                           + (found == present.end() ? " and is gone" : " and is elsewhere")};
  if (head->events != present.size())
    throw broken_promise{"the head counts " + std::to_string(head->events) + " events, there are "
                         + std::to_string(present.size())};
}

fold counting() {
  fold made;
  made.name = "counting";
  made.initial = [] { return std::any{std::uint64_t{0}}; };
  made.apply = [](std::any& state, const recorded_event& one) {
    auto& sum = *std::any_cast<std::uint64_t>(&state);
    sum = sum * 31 + std::hash<std::string>{}(one.body.text_at("name")) % 1000;
    sum %= 1'000'000'007;
  };
  made.encode = [](const std::any& state) { return value{*std::any_cast<std::uint64_t>(&state)}; };
  made.decode = [](const value& encoded, std::uint16_t) -> result<std::any> {
    const auto* number = encoded.as<std::int64_t>();
    if (number == nullptr)
      return fault{fault_code::corrupt, "no number", ""};
    return std::any{static_cast<std::uint64_t>(*number)};
  };
  return made;
}

life::life(memory_disk& disk, oracle& known, std::uint64_t boot, std::int64_t wall_offset_us)
    : disk_{disk}, known_{known}, boot_{boot},
      wall_offset_us_{wall_offset_us}, env_{testing::make_env(disk)} {
  persistence::recovery_report report;
  auto store = open(report);
  if (!store) {
    refusal_ = store.error();
    return;
  }
  opened_ = true;
  journal::limits bounds;
  bounds.batch_events_max = 16;
  parts_->front =
      std::make_shared<journal::door>(bounds, std::make_shared<journal::store_slot>(*store));
  store = fault{};
  parts_->open = [this](persistence::recovery_report& told) { return open(told); };
  parts_->wall = [this] { return wall(); };
  parts_->reopenings = [this] {
    return persistence::store::reopenings(choose_options(disk_, env_.get(), boot_));
  };
  parts_->note_reopening = [this](wall_time now) {
    return persistence::store::note_reopening(choose_options(disk_, env_.get(), boot_), now);
  };
  parts_->room_bytes = 0;
  journal_ = sys.spawn(journal::journal_actor, parts_, sys.spawn(journal::committer_actor, parts_),
                       sys.spawn(journal::keeper_actor, parts_));
  auto folded = std::make_shared<checkpointing::parts>();
  folded->front = parts_->front;
  folded->how = counting();
  folded->wall = parts_->wall;
  folded->on_divergence = [this](const divergence& found) { known_.accuse("O5: " + found.detail); };
  folding_ = sys.spawn(checkpointing::checkpoint_actor, folded);
  settle();
}

/// A process that dies says nothing any more; only its destructors still run.
life::~life() {
  disk_.stop();
  if (folding_)
    caf::anon_send_exit(folding_, caf::exit_reason::kill);
  if (journal_)
    caf::anon_send_exit(journal_, caf::exit_reason::kill);
  folding_ = nullptr;
  journal_ = nullptr;
  settle();
}

wall_time life::wall() {
  const auto since = now().time_since_epoch();
  return {1'700'000'000'000'000 + wall_offset_us_
          + std::chrono::duration_cast<std::chrono::microseconds>(since).count()};
}

result<std::shared_ptr<persistence::store>> life::open(persistence::recovery_report& report) {
  auto chosen = choose_options(disk_, env_.get(), boot_);
  if (const auto there = disk_.exists(directory / "superblock"); there && !*there)
    if (auto made = persistence::store::create(chosen, wall()); !made)
      return made.error();
  auto opened = persistence::store::open(chosen, wall(), &report);
  if (!opened)
    return opened.error();
  return std::shared_ptr<persistence::store>{std::move(*opened)};
}

void life::submit(std::vector<std::string> names, durability level) {
  std::vector<persistence::draft> drafts;
  for (const auto& name : names)
    drafts.push_back(persistence::make_draft(make_event(name), level, {}, {}));
  // A refusal means that nothing was taken: nothing to note.
  (void)parts_->front->append(drafts, [this, names = std::move(names)](append_result told) {
    for (std::size_t at = 0; at < told.answers.size(); ++at)
      known_.note(names[at], told.answers[at]);
  });
}

void life::checkpoint() {
  caf::anon_send(folding_, take_checkpoint{});
  settle();
}

void life::stop() {
  caf::anon_send(folding_, stop_folding{});
  settle();
  caf::anon_send(journal_, stop_journal{});
  pass(15s);
}

namespace {

/// A fault that the next life meets, or none.
std::string plan_failure(memory_disk& disk, std::mt19937_64& chance) {
  using holdfast::testing::operation;
  switch (chance() % 6) {
  case 0: {
    testing::failure planned;
    planned.kind = std::array{operation::write, operation::sync, operation::rename,
                              operation::sync_directory, operation::truncate}[chance() % 5];
    planned.nth = 1 + chance() % 60;
    planned.error = EIO;
    disk.fail_at(planned);
    return " eio";
  }
  case 1: {
    testing::failure planned;
    planned.kind = operation::write;
    planned.nth = 1 + chance() % 60;
    planned.error = ENOSPC;
    disk.fail_at(planned);
    return " enospc";
  }
  default:
    return "";
  }
}

void live(life& now, oracle& known, memory_disk& disk, std::mt19937_64& chance) {
  const auto steps = 3 + chance() % 12;
  for (std::uint64_t step = 0; step < steps; ++step)
    switch (chance() % 8) {
    case 0:
      now.wait(std::chrono::milliseconds{1 + chance() % 40000});
      break;
    case 1:
      now.checkpoint();
      break;
    case 2:
      disk.set_full(chance() % 3 == 0);
      break;
    default:
      now.submit(known.choose(chance, 1 + chance() % 12),
                 std::array{durability::none, durability::process, durability::power,
                            durability::power}[chance() % 4]);
      if (chance() % 3 != 0)
        now.run();
    }
}

} // namespace

std::string run_history(std::uint64_t seed, const sabotage& spoil) {
  std::mt19937_64 chance{seed};
  oracle known;
  auto disk = std::make_unique<memory_disk>(seed);
  std::ostringstream story;
  std::uint64_t boot = 1;
  const auto lives = 2 + chance() % 3;
  for (std::uint64_t number = 0; number < lives; ++number) {
    story << plan_failure(*disk, chance);
    const auto jump = static_cast<std::int64_t>(chance() % 4 == 0 ? chance() % 315'360'000 : 0)
                      * 1'000'000 * (chance() % 2 == 0 ? 1 : -1);
    if (spoil)
      spoil(*disk, known);
    {
      life here{*disk, known, boot, jump};
      if (here.opened())
        live(here, known, *disk, chance);
      if (here.opened() && chance() % 5 == 0) {
        disk->mend();
        disk->set_full(false);
        here.stop();
        story << " stop";
      }
    }
    const auto how =
        std::array{ending::kill, ending::kill, ending::power, ending::torn_power}[chance() % 4];
    story << (how == ending::kill ? " kill" : how == ending::power ? " power" : " torn");
    boot += how == ending::kill ? 0 : 1;
    known.forgive(how);
    disk = disk->after(how);
  }
  disk->mend();
  disk->set_full(false);
  if (spoil)
    spoil(*disk, known);
  life last{*disk, known, boot, 0};
  if (!last.opened())
    throw broken_promise{"O6: a sound disk was refused: " + last.refusal()->what};
  known.check(*last.read());
  const auto before = last.read()->head()->events;
  for (const auto& name : known.submitted()) {
    last.submit({name}, durability::power);
    last.run();
  }
  known.check(*last.read());
  if (last.read()->head()->events != known.submitted().size())
    throw broken_promise{"O4: everything submitted again does not make everything"};
  const auto proof =
      checkpointing::verify(counting(), *last.read(), sequence{1}, last.read()->head()->last);
  if (!proof || !proof->divergences.empty())
    throw broken_promise{"O5: a checkpoint is not the fold of its records"};
  story << ": " << before << " of " << known.submitted().size() << " events, " << proof->intervals
        << " checkpoints";
  return story.str();
}

} // namespace simulation
