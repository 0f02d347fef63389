// SPDX-License-Identifier: Apache-2.0
// One bit, one length, one file at a time: a damaged store serves everything or refuses honestly.
#include "persistence/superblock.hpp"
#include "persistence/table_check.hpp"
#include "tests/persistence/store_fixture.hpp"
#include "tests/support/memory_disk.hpp"
#include "tests/support/memory_file_system.hpp"

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <random>

namespace holdfast::persistence {
namespace {

/// What the tests acknowledged, and therefore every start must serve or refuse.
constexpr int events_acknowledged = 20;
const value state_value = object{{"total", 17}};
const value control_set = object{{"open", true}};

using testing::ending;
using testing::memory_disk;

/// Every file of a store with its bytes, but for locks.
std::map<std::string, std::string> image_of(const memory_disk& disk) {
  std::map<std::string, std::string> image;
  for (const auto& path : disk.files())
    if (path.filename() != "holdfast.lock" && path.filename() != "LOCK")
      image.emplace(path.string(), disk.content(path));
  return image;
}

/// A disk with a store on it. In memory: a case costs no system calls, and a copy next to nothing.
struct world {
  explicit world(std::unique_ptr<memory_disk> given)
      : disk{std::move(given)}, env{testing::make_env(*disk)}, options{
                                                                   small_options("/store", *disk)} {
    options.env = env.get();
    options.inline_threads = true;
  }

  std::unique_ptr<memory_disk> disk;
  std::unique_ptr<rocksdb::Env> env;
  store_options options;
};

enum class shape { all_in_log, tables_and_log, stopped };

void fill(store& live, shape wanted) {
  append(live, 1, 10);
  append(live, 11, 13, durability::process);
  append(live,
         {make_checkpoint({"totals", sequence{10}, 1, "events", canonical(state_value)}, {2000})});
  append(live, {make_cursor({"mailer", sequence{9}, {}, false, {}}, {2000})});
  append(live, {make_control({"breaker", canonical(control_set)}, durability::power, {2000})});
  if (wanted != shape::all_in_log)
    good(live.advance_anchor({2500}));
  for (int i = 14; i < events_acknowledged - 1; ++i)
    append(live, i, i);
  append(live, {make_cursor({"mailer", sequence{12}, {}, false, {}}, {2000})});
  append(live, {make_cursor({"mailer", sequence{13}, {}, false, {}}, {2000})});
  append(live, events_acknowledged - 1, events_acknowledged, durability::process);
  good(live.save_frontier({3000}));
}

/// A store as kill -9 or a clean stop leaves it, to be copied for every case.
std::unique_ptr<memory_disk> make_original(shape wanted) {
  world first{std::make_unique<memory_disk>()};
  good(store::create(first.options, {1}));
  auto live = good(store::open(first.options, {2}));
  fill(*live, wanted);
  if (wanted == shape::stopped)
    good(live->close({4000}));
  // While the store is open its files are what a killed process leaves behind.
  return first.disk->after(ending::kill);
}

/// What became of a case.
enum class verdict : std::uint8_t { served, repaired, refused, refused_on_read };

constexpr std::string_view name_of(verdict what) {
  switch (what) {
  case verdict::served:
    return "served";
  case verdict::repaired:
    return "repaired";
  case verdict::refused:
    return "refused";
  case verdict::refused_on_read:
    return "refused on read";
  }
  return "";
}

struct judged {
  verdict what = verdict::served;
  std::string wrong; ///< Why the case fails; empty: it holds.
};

/// A refusal says what is missing and what helps.
std::string complaint_about(const fault& refusal) {
  if (refusal.code != fault_code::corrupt)
    return "refused as " + std::string{to_string(refusal.code)} + ": " + refusal.what;
  if (refusal.help.find("oldfast ") == std::string::npos)
    return "a refusal that does not say what helps: " + refusal.what;
  return {};
}

/// Holds what is served against what was acknowledged.
class judge {
public:
  explicit judge(const reader& served) : served_{served} {}

  judged look() {
    check_events();
    if (judged_.wrong.empty() && judged_.what == verdict::served)
      check_states();
    return judged_;
  }

  judged look(store& live) {
    look();
    if (judged_.wrong.empty() && judged_.what == verdict::served)
      check_duplicates(live);
    return judged_;
  }

private:
  /// Damage that a read meets must be said; then nothing else is asked of the case.
  void failed(const fault& problem) {
    judged_.what = verdict::refused_on_read;
    judged_.wrong = complaint_about(problem);
  }

  void check_events() {
    int expected = 0;
    const auto scanned =
        served_.scan(sequence{1}, sequence{UINT64_MAX}, [&](const recorded_event& one) {
          if (one.kind != record_kind::event)
            return true;
          ++expected;
          if (!(one.body == event_of(expected).body))
            judged_.wrong = "record " + std::to_string(one.at.value) + " has another body";
          return judged_.wrong.empty();
        });
    if (!scanned)
      failed(scanned.error());
    else if (judged_.wrong.empty() && expected != events_acknowledged)
      judged_.wrong = std::to_string(expected) + " events were served";
  }

  void check_states() {
    const auto place = served_.consumer("mailer");
    const auto set = served_.control("breaker");
    const auto kept = served_.newest_checkpoint("totals", sequence{100});
    if (!place || !set)
      failed(place ? set.error() : place.error());
    else if (place->position != sequence{13} || !(*set == control_set))
      judged_.wrong = "a consumer or a control value is stale";
    else if (kept && !(kept->state == state_value))
      judged_.wrong = "the checkpoint has another state";
    else if (!kept && kept.error().code == fault_code::not_found)
      judged_.what = verdict::refused_on_read; // its blob is damaged: reported, and not used
  }

  void check_duplicates(store& live) {
    std::vector<draft> drafts;
    for (int i = 1; i <= events_acknowledged; ++i)
      drafts.push_back(draft_of(event_of(i)));
    const auto batch = live.prepare(std::move(drafts), {5000});
    if (const auto done = live.commit(*batch, {5000}); !done) {
      failed(done.error());
      return;
    }
    live.settle(*batch);
    for (const auto& one : batch->answers)
      if (one.what != outcome::duplicate)
        judged_.wrong = "an event was stored twice";
  }

  const reader& served_;
  judged judged_;
};

struct damage {
  enum class kind : std::uint8_t { flip, truncate, remove } how;
  const std::string* file; ///< Of the original's image.
  std::uint64_t at = 0;    ///< The bit, or the length.
};

std::string_view name_of(damage::kind how) {
  return how == damage::kind::flip ? "flip" : how == damage::kind::truncate ? "cut" : "remove";
}

void inflict(memory_disk& disk, const damage& one) {
  switch (one.how) {
  case damage::kind::flip:
    disk.flip(*one.file, one.at);
    return;
  case damage::kind::truncate:
    disk.put(*one.file, disk.content(*one.file).substr(0, one.at));
    return;
  case damage::kind::remove:
    disk.erase(*one.file);
    return;
  }
}

/// What start does not read, the scrub must find, as long as it is still there.
std::string overlooked_by_scrub(const store& live, const world& in, const damage& one) {
  if (!one.file->ends_with(".sst") || one.how != damage::kind::flip || !*in.disk->exists(*one.file))
    return {};
  const auto found = verify_damage(live);
  return found && found->empty() ? "the scrub overlooks it" : "";
}

/// Reads the damaged store without starting it, which must change nothing.
judged try_reading(const world& in) {
  const auto changes = in.disk->changes();
  judged found{verdict::refused, {}};
  if (const auto opened = open_reader(in.options))
    found = judge{**opened}.look();
  else
    found.wrong = complaint_about(opened.error());
  if (found.wrong.empty() && in.disk->changes() != changes)
    found.wrong = "it changed the store";
  if (!found.wrong.empty())
    found.wrong = "reading: " + found.wrong;
  return found;
}

/// Opens the damaged store and looks at what is served; `again`: opens it a second time.
judged try_starting(const world& in, const damage& one, bool again) {
  const auto changes = in.disk->changes();
  recovery_report report;
  auto opened = store::open(in.options, {10}, &report);
  if (!opened) {
    auto wrong = complaint_about(opened.error());
    if (wrong.empty() && in.disk->changes() != changes)
      wrong = "a refusal changed the directory: " + opened.error().what;
    if (wrong.empty() && again)
      if (const auto second = store::open(in.options, {11});
          second || second.error().what != opened.error().what)
        wrong = "the second start came to another verdict";
    return {verdict::refused, wrong};
  }
  auto found = judge{(*opened)->read()}.look(**opened);
  if (!found.wrong.empty() || found.what != verdict::served)
    return found;
  if (!report.repairs.empty())
    found.what = verdict::repaired;
  else if (found.wrong = overlooked_by_scrub(**opened, in, one); !found.wrong.empty())
    return found;
  if (!again)
    return found;
  opened->reset();
  const auto second = store::open(in.options, {12});
  if (!second)
    return {found.what, "the second start refused: " + second.error().what};
  const auto served = judge{(*second)->read()}.look(**second);
  return {found.what,
          served.what == verdict::served ? served.wrong : "the second start found more damage"};
}

/// Where the bytes end that mean something: a mirror segment is mostly room.
std::uint64_t used_bytes(const std::string& name, const std::string& content) {
  if (!name.starts_with("/store/tail/"))
    return content.size();
  const auto last = content.find_last_not_of('\0');
  return last == std::string::npos ? 64 : std::min(content.size(), last + 64);
}

/// Everything that can befall each file. RocksDB's options, which no start relies on, and the
/// mirror's room have only every 101st bit and length.
std::vector<damage> all_damages(const std::map<std::string, std::string>& image) {
  std::vector<damage> all;
  for (const auto& [name, content] : image) {
    if (!name.starts_with("/store/db/") && !name.starts_with("/store/tail/")
        && name != "/store/superblock")
      continue;
    const auto options = name.starts_with("/store/db/OPTIONS");
    const auto thorough = options ? 0 : used_bytes(name, content);
    const auto step = [&](std::uint64_t byte) { return byte < thorough ? 1U : 101U; };
    for (std::uint64_t bit = 0; bit < content.size() * 8; bit += step(bit / 8))
      all.push_back({damage::kind::flip, &name, bit});
    for (std::uint64_t length = 0; length < content.size(); length += step(length))
      all.push_back({damage::kind::truncate, &name, length});
    all.push_back({damage::kind::remove, &name});
  }
  return all;
}

/// Every file is removed, and has its share of the sampled bits and lengths.
std::vector<damage> sample(const std::vector<damage>& all, std::size_t cases,
                           std::mt19937_64& chance) {
  std::map<std::pair<std::string, damage::kind>, std::vector<damage>> by_file;
  for (const auto& one : all)
    by_file[{*one.file, one.how}].push_back(one);
  std::vector<damage> chosen;
  const auto share = std::max<std::size_t>(1, cases / by_file.size());
  for (auto& [name, group] : by_file) {
    std::shuffle(group.begin(), group.end(), chance);
    group.resize(std::min(group.size(), share));
    std::move(group.begin(), group.end(), std::back_inserter(chosen));
  }
  return chosen;
}

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const auto* given = std::getenv(name);
  return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}

/// A start sees the superblock only as `read_superblock` tells of it. So of the damages that it
/// tells alike the first few, and some by chance, stand for all.
class alike_superblocks {
public:
  bool known(const world& in, const damage& one, std::mt19937_64& chance) {
    if (*one.file != "/store/superblock")
      return false;
    const auto told = read_superblock(*in.disk, *one.file);
    const auto key = told ? encode_slot(told->newest) + (told->damaged[0] ? "1" : "0")
                                + (told->damaged[1] ? "1" : "0")
                          : told.error().what;
    return ++seen_[key] > 2 && chance() % 256 != 0;
  }

private:
  std::map<std::string, std::size_t> seen_;
};

/// HOLDFAST_CAMPAIGN=1: every case; HOLDFAST_PARTS processes share them, this one is HOLDFAST_PART.
///
/// Each case is read as a start would verify it. A start, which takes twice as long, follows for
/// every removal, the first of each verdict on a file, and by chance; a second start for fewer.
void run(shape wanted) {
  const auto seed = number_from("HOLDFAST_SEED", 20260101U);
  const auto campaign = number_from("HOLDFAST_CAMPAIGN", 0) == 1;
  const auto parts = number_from("HOLDFAST_PARTS", 1);
  const auto frozen = make_original(wanted);
  const auto image = image_of(*frozen);
  auto cases = all_damages(image);
  std::mt19937_64 chance{seed};
  if (!campaign)
    cases = sample(cases, 150, chance);
  alike_superblocks alike;
  std::map<std::string, std::size_t> tally;
  for (auto at = number_from("HOLDFAST_PART", 0); at < cases.size(); at += parts) {
    const auto& one = cases[at];
    const world in{frozen->after(ending::kill)};
    inflict(*in.disk, one);
    const auto kind = std::string{name_of(one.how)} + " " + *one.file + ": ";
    BOOST_TEST_CHECKPOINT(kind << "at " << one.at); // What to look at after an abort.
    if (campaign && alike.known(in, one, chance)) {
      ++tally[kind + "as before"];
      continue;
    }
    auto found = try_reading(in);
    const auto count = ++tally[kind + "reading " + std::string{name_of(found.what)}];
    const auto always = !campaign || one.how == damage::kind::remove;
    if (found.wrong.empty() && (always || count <= 2 || chance() % 8 == 0)) {
      found = try_starting(in, one, always || chance() % 4 == 0);
      ++tally[kind + "start " + std::string{name_of(found.what)}];
    }
    BOOST_CHECK_MESSAGE(found.wrong.empty(), "HOLDFAST_SEED=" << seed << " " << kind << "at "
                                                              << one.at << ": " << found.wrong);
  }
  BOOST_TEST_MESSAGE("seed " << seed << ", " << cases.size() << " cases in " << parts << " parts");
  for (const auto& [what, count] : tally)
    BOOST_TEST_MESSAGE(what << " " << count);
}

} // namespace

BOOST_AUTO_TEST_SUITE(a_damaged_store)

// RocksDB unpacked a table's properties before it compared their checksum, and believed a footer
// that has none: some bits ended the process with an assertion, where a refusal was due.
BOOST_AUTO_TEST_CASE(refuses_a_table_that_would_mislead_rocksdb) {
  constexpr auto format_from_end = 12 * 8U;
  const auto frozen = make_original(shape::stopped);
  auto tables = 0;
  for (const auto& [name, content] : image_of(*frozen)) {
    if (!name.ends_with(".sst"))
      continue;
    ++tables;
    const world in{frozen->after(ending::kill)};
    const auto checked = with_checked_tables(in.env->GetFileSystem());
    const auto opens = [&, &path = name] {
      std::unique_ptr<rocksdb::FSRandomAccessFile> file;
      return checked->NewRandomAccessFile(path, {}, &file, nullptr).ok();
    };
    BOOST_TEST_REQUIRE(opens());
    std::vector<std::uint64_t> refused;
    for (std::uint64_t bit = 0; bit < content.size() * 8; ++bit) {
      in.disk->flip(name, bit);
      if (!opens())
        refused.push_back(bit);
      in.disk->flip(name, bit);
    }
    const auto format = content.size() * 8 - format_from_end;
    const auto properties =
        std::count_if(refused.begin(), refused.end(), [&](auto bit) { return bit < format; });
    BOOST_TEST_REQUIRE(properties > 800, name); // the block, and what stands behind it
    BOOST_TEST_REQUIRE(refused.size() == static_cast<std::size_t>(properties) + 32U);
    const auto last = refused[static_cast<std::size_t>(properties) - 1];
    BOOST_TEST(last - refused.front() + 1 == static_cast<std::size_t>(properties));
    // How the block is packed, and where its index is: its last bytes and the one behind them.
    refused.erase(refused.begin(), refused.begin() + properties);
    for (auto bit = last - 71; bit < last - 31; ++bit)
      refused.push_back(bit);
    for (const auto bit : refused)
      BOOST_TEST_CONTEXT(name << " bit " << bit) {
        const world damaged{frozen->after(ending::kill)};
        damaged.disk->flip(name, bit);
        const auto found = try_reading(damaged);
        BOOST_TEST(found.wrong == "");
        BOOST_TEST((found.what == verdict::refused));
      }
  }
  BOOST_TEST(tables > 2);
}

BOOST_AUTO_TEST_CASE(serves_or_refuses_when_everything_is_in_the_log) {
  run(shape::all_in_log);
}

BOOST_AUTO_TEST_CASE(serves_or_refuses_with_tables_and_a_log) {
  run(shape::tables_and_log);
}

BOOST_AUTO_TEST_CASE(serves_or_refuses_after_a_clean_stop) {
  run(shape::stopped);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace holdfast::persistence
