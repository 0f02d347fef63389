// SPDX-License-Identifier: Apache-2.0
// Tests of the audit stream: durable before it returns, and every change of it is seen.
#include "tests/persistence/telemetry_stage.hpp"

#include "persistence/crc32c.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {

telemetry_call decide(std::string_view what) {
  return {.level = severity::audit, .logger = "operator", .message = what};
}

struct audited : telemetry_stage {
  /// Three files of four lines each, by two writers.
  audited() {
    for (int file = 0; file < 3; ++file) {
      const auto w = writer();
      if (file == 2)
        w->rotate();
      for (const auto* what : {"forced open", "reset", "restarted", "gave up"})
        BOOST_TEST(w->audit(decide(what)));
      pass(hour_us);
    }
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(the_audit_stream, audited)

BOOST_AUTO_TEST_CASE(chains_lines_within_and_across_files_and_writers) {
  const auto found = report();
  BOOST_TEST(found.clean());
  BOOST_TEST(found.files == 3U);
  BOOST_TEST(found.lines == 15U);
  BOOST_TEST(calls("audit").size() == 12U);
}

BOOST_AUTO_TEST_CASE(shows_a_changed_line_even_with_a_right_crc) {
  const auto file = files("audit").at(1);
  auto content = text(file);
  // The forger knows the CRC, but cannot make the later lines agree.
  const auto at = content.find("reset");
  const auto begin = content.rfind('\n', at) + 1;
  const auto end = content.find(",\"crc\"", at);
  content.replace(at, 5, "RESET");
  std::string forged = content.substr(begin, end - begin);
  std::array<char, 9> crc{};
  std::snprintf(crc.data(), crc.size(), "%08x", persistence::crc32c(forged));
  content.replace(end + 8, 8, crc.data());
  put(file, content);
  const auto found = report();
  BOOST_TEST(found.bad == 0U);
  BOOST_TEST(found.broken == 1U);
  BOOST_TEST(found.damage.at(0).file == file);
  BOOST_TEST(found.damage.at(0).line == 3U);
}

BOOST_AUTO_TEST_CASE(shows_a_removed_line_a_swapped_line_and_a_cut_end) {
  const auto file = files("audit").at(0);
  const auto content = text(file);
  std::vector<std::string> all;
  for (std::size_t at = 0; at < content.size(); at = content.find('\n', at) + 1)
    all.push_back(content.substr(at, content.find('\n', at) + 1 - at));
  BOOST_REQUIRE(all.size() == 5);
  struct row {
    const char* what;
    std::vector<std::size_t> kept;
  };
  for (const auto& [what, kept] :
       {row{"removed", {0, 1, 3, 4}}, row{"swapped", {0, 2, 1, 3, 4}}, row{"end cut", {0, 1, 2, 3}},
        row{"first removed", {1, 2, 3, 4}}, row{"repeated", {0, 1, 1, 2, 3, 4}}})
    BOOST_TEST_CONTEXT(what) {
      std::string changed;
      for (const auto line : kept)
        changed += all[line];
      put(file, changed);
      BOOST_TEST(report().broken > 0U);
    }
  put(file, content);
  BOOST_TEST(report().broken == 0U);
}

BOOST_AUTO_TEST_CASE(shows_a_removed_file_unless_it_was_the_oldest) {
  const auto all = files("audit");
  const auto middle = text(all.at(1));
  fs::remove(path(all[1]));
  BOOST_TEST(report().broken == 1U);
  put(all[1], middle);
  fs::remove(path(all[0]));
  BOOST_TEST(report().broken == 0U);
}

BOOST_AUTO_TEST_CASE(answers_false_when_the_disk_refuses_and_accounts_for_it_later) {
  bool full = true;
  write = [&full](int fd, const char* data, std::size_t size) -> ssize_t {
    if (!full)
      return ::write(fd, data, size);
    errno = ENOSPC;
    return -1;
  };
  const auto w = writer();
  BOOST_TEST(!w->audit(decide("refused")));
  full = false;
  BOOST_TEST(w->audit(decide("taken")));
  full = true;
  BOOST_TEST(!w->audit(decide("refused again")));
  full = false;
  BOOST_TEST(w->audit(decide("taken again")));
  BOOST_TEST(w->counters().audited == 2U);
  BOOST_TEST(w->counters().audit_failed == 2U);
  const auto found = report();
  BOOST_TEST(found.clean());
  BOOST_TEST(found.shed == 4U); // two tries each
  BOOST_TEST(found.broken == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
