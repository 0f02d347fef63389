// SPDX-License-Identifier: Apache-2.0
// Tests of the retention of telemetry files: the machine, its shell, and the spdlog sink.
#include "actors/telemetry/telemetry.hpp"
#include "actors/telemetry/telemetry_actor.hpp"
#include "actors/telemetry/telemetry_sink.hpp"
#include "persistence/telemetry_directory.hpp"
#include "persistence/telemetry_reader.hpp"
#include "tests/support/deterministic.hpp"

#include <boost/test/unit_test.hpp>
#include <spdlog/logger.h>

#include <cstdlib>
#include <filesystem>

using namespace holdfast;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr wall_time today{1'795'348'800'000'000};
const instant start = instant{} + 1000h;

wall_time before(std::chrono::microseconds age) {
  return {today.us - age.count()};
}

telemetry_listed closed(const std::string& stream, std::chrono::hours age,
                        std::uint64_t size = 10) {
  return {.file = stream + '-' + std::to_string(age.count() / 24),
          .stream = stream,
          .opened = before(age),
          .size = size};
}

using names = std::vector<std::string>;
using holdfast::telemetry::decision;

decision decide(std::vector<telemetry_listed> found, telemetry_retention retention = {}) {
  found.push_back(closed("node", 1h));
  return holdfast::telemetry::telemetry{retention}.on(prune_telemetry{}, found, today, start);
}

} // namespace

BOOST_AUTO_TEST_SUITE(telemetry_retention_of_files)

BOOST_AUTO_TEST_CASE(compresses_after_a_week_and_removes_after_a_month_or_a_quarter) {
  struct row {
    const char* stream;
    std::chrono::hours age;
    bool compressed;
    bool removed;
  };
  for (const auto& [stream, age, compressed, removed] :
       {row{"node", 24h * 7 - 1h, false, false}, row{"node", 24h * 7, true, false},
        row{"node", 24h * 30 - 1h, true, false}, row{"node", 24h * 30, false, true},
        row{"audit", 24h * 6, false, false}, row{"audit", 24h * 30, true, false},
        row{"audit", 24h * 90 - 1h, true, false}, row{"audit", 24h * 90, false, true}})
    BOOST_TEST_CONTEXT(stream << " of " << age.count() << " h") {
      const auto made = decide({closed(stream, age)});
      BOOST_TEST(made.compress.size() == (compressed ? 1U : 0U));
      BOOST_TEST(made.remove.size() == (removed ? 1U : 0U));
      auto open = closed(stream, age);
      open.open = true;
      BOOST_TEST((decide({open}) == decision{}));
      auto packed = closed(stream, age);
      packed.compressed = true;
      BOOST_TEST(decide({packed}).compress.empty());
      BOOST_TEST(decide({packed}).remove.size() == (removed ? 1U : 0U));
    }
}

BOOST_AUTO_TEST_CASE(removes_the_oldest_above_the_total_and_audit_files_last) {
  const std::vector<telemetry_listed> found{closed("audit", 72h, 100), closed("node", 24h, 100),
                                            closed("node", 48h, 100)};
  const auto above = [&found](std::uint64_t total) {
    return decide(found, {.total_bytes = total}).remove;
  };
  BOOST_TEST(above(310).empty());
  BOOST_TEST((above(309) == names{"node-2"}));
  BOOST_TEST((above(200) == names{"node-2", "node-1"}));
  BOOST_TEST((above(100) == names{"node-2", "node-1", "node-0"}));
  BOOST_TEST((above(0) == names{"node-2", "node-1", "node-0", "audit-3"}));
}

BOOST_AUTO_TEST_CASE(compresses_a_bounded_number_at_once) {
  std::vector<telemetry_listed> found;
  for (int day = 8; day < 28; ++day)
    found.push_back(closed("node", 24h * day));
  const auto made = decide(found);
  BOOST_TEST(made.compress.size() == 8U);
  BOOST_TEST(made.compress.front() == "node-27");
  BOOST_TEST(made.left == 12U);
}

BOOST_AUTO_TEST_CASE(removes_nothing_for_its_age_while_the_clock_is_in_doubt) {
  const auto old = closed("node", 24h * 40);
  struct row {
    const char* what;
    std::chrono::hours newest; // age of the newest closed file at the start
    std::chrono::hours leap;   // of the wall clock before the second duty
    bool first;                // frozen?
    bool second;
  };
  for (const auto& [what, newest, leap, first, second] :
       {row{"fits", 1h, 0h, false, false}, row{"ahead ten years", 87600h, 0h, true, true},
        row{"behind fifty years", -438000h, 0h, true, true},
        row{"leaps ahead", 1h, 2h, false, true}, row{"leaps back", 1h, -24h, false, true}})
    BOOST_TEST_CONTEXT(what) {
      holdfast::telemetry::telemetry machine{{}};
      const std::vector<telemetry_listed> found{old, closed("node", newest)};
      // When the clock is ten years ahead, the newest file is ten years old.
      const auto fresh = newest > 24h ? std::vector{closed("node", newest)} : found;
      BOOST_TEST(machine.on({}, fresh, today, start).frozen == first);
      const auto later = wall_time{today.us + std::chrono::microseconds{1h + leap}.count()};
      const auto made = machine.on({}, fresh, later, start + 1h);
      BOOST_TEST(made.frozen == second);
      BOOST_TEST(made.remove.empty() == second);
      const auto settled = wall_time{later.us + std::chrono::microseconds{25h}.count()};
      BOOST_TEST(!machine.on({}, fresh, settled, start + 26h).frozen);
    }
  const auto full = closed("node", 24h * 40, 100);
  holdfast::telemetry::telemetry machine{{.total_bytes = 50}};
  BOOST_TEST((machine.on({}, {full}, today, start).remove == names{full.file}));
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

struct with_files : test::deterministic {
  std::string directory;
  wall_time wall = before(24h * 40);
  std::shared_ptr<persistence::telemetry_writer> writer;

  with_files() {
    auto pattern = (fs::temp_directory_path() / "telemetry-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      throw std::runtime_error{"mkdtemp"};
    directory = pattern;
    writer = std::make_shared<persistence::telemetry_writer>(
        persistence::telemetry_options{.directory = directory,
                                       .name = "node",
                                       .now =
                                           [this] {
                                             return persistence::telemetry_now{wall, start};
                                           },
                                       .redaction = holdfast::telemetry::redaction_for_writer({})});
  }
  ~with_files() {
    writer.reset();
    fs::remove_all(directory);
  }

  void write_at(std::chrono::hours age) {
    wall = before(age);
    writer->log({.logger = "test", .message = "line"});
    writer->drain();
  }

  names files() const {
    names found;
    const auto listed = persistence::list_telemetry(directory);
    for (const auto& one : *listed)
      found.push_back(one.file.substr(0, 13) + (one.compressed ? ".gz" : ""));
    return found;
  }

  holdfast::telemetry::duties duties() {
    return {.first = 60s, .period = 3600s, .wall = [this] { return wall; }};
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(a_telemetry_actor, with_files)

BOOST_AUTO_TEST_CASE(prunes_when_asked_and_by_itself) {
  write_at(24h * 40);
  write_at(24h * 10);
  write_at(24h);
  write_at(0h);
  auto actor = sys.spawn(holdfast::telemetry::telemetry_actor, writer, duties());
  BOOST_TEST(
      (files() == names{"node.20261013", "node.20261112", "node.20261121", "node.20261122"}));
  const auto done = ask<telemetry_pruned>(actor, prune_telemetry{});
  BOOST_TEST(done == (telemetry_pruned{.removed = 1, .compressed = 1}));
  const names pruned{"node.20261112.gz", "node.20261121", "node.20261122"};
  BOOST_TEST((files() == pruned));
  BOOST_TEST((ask<telemetry_pruned>(actor, prune_telemetry{}) == telemetry_pruned{}));

  pass(1h);
  wall.us += std::chrono::microseconds{1h}.count();
  write_at(-24h * 6);
  BOOST_TEST(files().size() == 4U);
  pass(50h); // duties doubt a clock that leapt six days, and trust it a day later
  wall.us += std::chrono::microseconds{50h}.count();
  BOOST_TEST(files().at(1) == "node.20261121.gz");
  BOOST_TEST(bool{persistence::verify_telemetry(directory)});
  BOOST_TEST(persistence::verify_telemetry(directory)->clean());
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  settle();
}

BOOST_AUTO_TEST_CASE(rotates_and_counts_when_told) {
  write_at(0h);
  auto actor = sys.spawn(holdfast::telemetry::telemetry_actor, writer, duties());
  tell(actor, rotate_telemetry{});
  write_at(-1h);
  BOOST_TEST(files().size() == 2U);
  const auto counted = ask<telemetry_counters>(actor, count_telemetry{});
  BOOST_TEST(counted.rotations == 1U);
  BOOST_TEST(counted.written == 2U);
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  settle();
}

BOOST_AUTO_TEST_CASE(answers_a_fault_when_there_is_no_directory) {
  auto actor = sys.spawn(holdfast::telemetry::telemetry_actor, writer, duties());
  fs::remove_all(directory);
  const auto done = try_ask<telemetry_pruned>(actor, prune_telemetry{});
  BOOST_REQUIRE(!done);
  BOOST_TEST((done.error().code == fault_code::not_found));
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  settle();
}

BOOST_AUTO_TEST_CASE(is_written_by_spdlog_without_secrets) {
  const auto logger = holdfast::telemetry::make_logger("breaker", writer);
  logger->warn("opened for {}", "llm");
  logger->log(spdlog::source_loc{"call.cpp", 42, "f"}, spdlog::level::err, "password={}",
              "hunter2");
  logger->flush();
  writer->drain();
  std::vector<telemetry_line> lines;
  const auto listed = persistence::list_telemetry(directory);
  for (const auto& one : *listed)
    BOOST_TEST(bool{persistence::read_telemetry_file(
        directory, one.file, [&lines](auto, auto, std::string_view text) {
          lines.push_back(*persistence::parse_telemetry_line(text));
          return true;
        })});
  BOOST_REQUIRE(lines.size() == 3);
  BOOST_TEST(lines[1].logger == "breaker");
  BOOST_TEST(lines[1].level == "warn");
  BOOST_TEST(lines[1].message == "opened for llm");
  BOOST_TEST(lines[2].message == "password=[redacted]");
  BOOST_TEST(lines[2].fields == R"({"file":"call.cpp","line":42})");
}

BOOST_AUTO_TEST_SUITE_END()
