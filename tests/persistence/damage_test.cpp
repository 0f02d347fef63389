// SPDX-License-Identifier: Apache-2.0
// One bit, one length, one file at a time: a damaged store serves everything or refuses honestly.
#include "tests/persistence/store_fixture.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

namespace holdfast::persistence {
namespace {

namespace fs = std::filesystem;

/// What the tests acknowledged, and therefore every start must serve or refuse.
constexpr int events_acknowledged = 32;
const value state_value = object{{"total", 17}};
const value control_set = object{{"open", true}};

std::string bytes_of(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void write_bytes(const fs::path& path, const std::string& content) {
  std::ofstream{path, std::ios::binary | std::ios::trunc} << content;
}

/// Every file of a store with its bytes, but for the lock's text and RocksDB's own log.
std::map<std::string, std::string> image_of(const fs::path& directory) {
  std::map<std::string, std::string> image;
  for (const auto& one : fs::recursive_directory_iterator{directory})
    if (one.is_regular_file()) {
      const auto name = fs::relative(one.path(), directory).string();
      if (name != "holdfast.lock" && !name.starts_with("db/LO"))
        image.emplace(name, bytes_of(one.path()));
    }
  return image;
}

enum class shape { all_in_log, tables_and_log, stopped };

void fill(store& live, shape wanted) {
  append(live, 1, 10);
  append(live, 11, 14, durability::process);
  append(live,
         {make_checkpoint({"totals", sequence{10}, 1, "events", canonical(state_value)}, {2000})});
  append(live, {make_cursor({"mailer", sequence{9}, {}, false, {}}, {2000})});
  append(live, {make_control({"breaker", canonical(control_set)}, durability::power, {2000})});
  if (wanted != shape::all_in_log)
    good(live.advance_anchor({2500}));
  for (int i = 15; i <= events_acknowledged; ++i)
    append(live, i, i);
  append(live, {make_cursor({"mailer", sequence{12}, {}, false, {}}, {2000})});
  good(live.save_frontier({3000}));
  append(live, {make_cursor({"mailer", sequence{13}, {}, false, {}}, {2000})});
}

/// A store as kill -9 or a clean stop leaves it, to be copied for every case.
struct original {
  explicit original(shape wanted) {
    good(store::create(options, {1}));
    auto live = good(store::open(options, {2}));
    fill(*live, wanted);
    if (wanted == shape::stopped)
      good(live->close({4000}));
    // While the store is open its files are what a killed process leaves behind.
    fs::copy(options.directory, frozen, fs::copy_options::recursive);
    fs::remove(frozen / "db" / "LOCK");
  }

  temporary_directory temporary;
  std::unique_ptr<disk> files = make_posix_disk();
  store_options options = small_options(temporary.path() / "live", *files);
  fs::path frozen = temporary.path() / "frozen";
};

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
  if (refusal.help.find("holdfast ") == std::string::npos)
    return "a refusal that does not say what helps: " + refusal.what;
  return {};
}

class judge {
public:
  explicit judge(store& live) : live_{live} {}

  judged look() {
    check_events();
    if (judged_.wrong.empty() && judged_.what == verdict::served)
      check_states();
    if (judged_.wrong.empty() && judged_.what == verdict::served)
      check_duplicates();
    return judged_;
  }

private:
  /// Damage that a read meets must be said; then nothing else is asked of the case.
  bool failed(const fault& problem) {
    judged_.what = verdict::refused_on_read;
    judged_.wrong = complaint_about(problem);
    return true;
  }

  void check_events() {
    int expected = 0;
    const auto scanned =
        live_.read().scan(sequence{1}, sequence{UINT64_MAX}, [&](const recorded_event& one) {
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
    const auto place = live_.read().consumer("mailer");
    const auto set = live_.read().control("breaker");
    const auto kept = live_.read().newest_checkpoint("totals", sequence{100});
    if (!place || !set)
      failed(place ? set.error() : place.error());
    else if (place->position != sequence{13} || !(*set == control_set))
      judged_.wrong = "a consumer or a control value is stale";
    else if (kept && !(kept->state == state_value))
      judged_.wrong = "the checkpoint has another state";
    else if (!kept && kept.error().code == fault_code::not_found)
      judged_.what = verdict::refused_on_read; // its blob is damaged: reported, and not used
  }

  void check_duplicates() {
    std::vector<draft> drafts;
    for (int i = 1; i <= events_acknowledged; ++i)
      drafts.push_back(draft_of(event_of(i)));
    const auto batch = live_.prepare(std::move(drafts), {5000});
    if (const auto done = live_.commit(*batch, {5000}); !done) {
      failed(done.error());
      return;
    }
    live_.settle(*batch);
    for (const auto& one : batch->answers)
      if (one.what != outcome::duplicate)
        judged_.wrong = "an event was stored twice";
  }

  store& live_;
  judged judged_;
};

/// Opens a damaged copy twice and looks at what is served.
judged try_case(const fs::path& directory, disk& files) {
  const auto options = small_options(directory, files);
  const auto before = image_of(directory);
  recovery_report report;
  auto opened = store::open(options, {10}, &report);
  if (!opened) {
    auto wrong = complaint_about(opened.error());
    if (wrong.empty() && image_of(directory) != before)
      wrong = "a refusal changed the directory: " + opened.error().what;
    const auto again = store::open(options, {11});
    if (wrong.empty() && (again || again.error().code != fault_code::corrupt))
      wrong = "the second start came to another verdict";
    return {verdict::refused, wrong};
  }
  auto found = judge{**opened}.look();
  if (!found.wrong.empty() || found.what != verdict::served)
    return found;
  if (!report.repairs.empty())
    found.what = verdict::repaired;
  opened->reset();
  const auto again = store::open(options, {12});
  if (!again)
    return {found.what, "the second start refused: " + again.error().what};
  const auto second = judge{**again}.look();
  return {found.what,
          second.what == verdict::served ? second.wrong : "the second start found more damage"};
}

struct damage {
  enum class kind { flip, truncate, remove } how;
  std::string file;
  std::uint64_t at = 0; ///< The bit, or the length.
};

void inflict(const fs::path& directory, const damage& one) {
  const auto path = directory / one.file;
  switch (one.how) {
  case damage::kind::flip: {
    auto content = bytes_of(path);
    auto& byte = content[one.at / 8];
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << (one.at % 8)));
    write_bytes(path, content);
    return;
  }
  case damage::kind::truncate:
    fs::resize_file(path, one.at);
    return;
  case damage::kind::remove:
    fs::remove(path);
    return;
  }
}

/// Bytes of a file worth hitting: a mirror segment is mostly room.
std::uint64_t used_bytes(const std::string& name, const std::string& content) {
  if (!name.starts_with("tail/"))
    return content.size();
  const auto last = content.find_last_not_of('\0');
  return last == std::string::npos ? 64 : std::min(content.size(), last + 64);
}

std::vector<damage> all_damages(const std::map<std::string, std::string>& image) {
  std::vector<damage> all;
  for (const auto& [name, content] : image) {
    if (content.empty()
        || !(name.starts_with("db/") || name.starts_with("tail/") || name == "superblock"))
      continue;
    const auto used = used_bytes(name, content);
    for (std::uint64_t bit = 0; bit < used * 8; ++bit)
      all.push_back({damage::kind::flip, name, bit});
    for (std::uint64_t length = 0; length < used; ++length)
      all.push_back({damage::kind::truncate, name, length});
    all.push_back({damage::kind::remove, name});
  }
  return all;
}

/// Every file is removed, and has its share of the sampled bits and lengths.
std::vector<damage> sample(std::vector<damage> all, std::size_t cases, std::mt19937_64& chance) {
  std::map<std::pair<std::string, damage::kind>, std::vector<damage>> by_file;
  for (auto& one : all)
    by_file[{one.file, one.how}].push_back(std::move(one));
  std::vector<damage> chosen;
  const auto share = std::max<std::size_t>(1, cases / by_file.size());
  for (auto& [name, group] : by_file) {
    std::shuffle(group.begin(), group.end(), chance);
    group.resize(std::min(group.size(), share));
    std::move(group.begin(), group.end(), std::back_inserter(chosen));
  }
  return chosen;
}

bool campaign() {
  const auto* wanted = std::getenv("HOLDFAST_CAMPAIGN");
  return wanted != nullptr && std::string_view{wanted} == "1";
}

std::uint64_t seed() {
  const auto* given = std::getenv("HOLDFAST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 20260101U;
}

void run(shape wanted) {
  const original store{wanted};
  auto cases = all_damages(image_of(store.frozen));
  std::mt19937_64 chance{seed()};
  if (!campaign())
    cases = sample(std::move(cases), 150, chance);
  BOOST_TEST_MESSAGE("seed " << seed() << ", " << cases.size() << " cases");
  std::map<std::string, std::size_t> tally;
  const auto copy = store.temporary.path() / "case";
  for (const auto& one : cases) {
    fs::remove_all(copy);
    fs::copy(store.frozen, copy, fs::copy_options::recursive);
    inflict(copy, one);
    const auto found = try_case(copy, *store.files);
    const auto kind = one.how == damage::kind::flip       ? "flip "
                      : one.how == damage::kind::truncate ? "cut "
                                                          : "remove ";
    ++tally[kind + one.file + ": " + std::string{name_of(found.what)}];
    BOOST_CHECK_MESSAGE(found.wrong.empty(), "HOLDFAST_SEED=" << seed() << " " << kind << one.file
                                                              << " at " << one.at << ": "
                                                              << found.wrong);
  }
  for (const auto& [what, count] : tally)
    BOOST_TEST_MESSAGE(what << " " << count);
}

} // namespace

BOOST_AUTO_TEST_SUITE(a_damaged_store)

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
