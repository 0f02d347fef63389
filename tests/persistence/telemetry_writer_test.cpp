// SPDX-License-Identifier: Apache-2.0
// Tests of the telemetry writer: shedding, rotation, torn tails, full and vanishing disks.
#include "tests/persistence/telemetry_stage.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <future>

using namespace holdfast;
using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {

telemetry_call say(std::string_view message, severity level = severity::info) {
  return {.level = level, .logger = "test", .message = message};
}

// A disk with so many bytes left; a write beyond them is short, the next fails.
struct small_disk {
  std::atomic<std::int64_t> left{0};

  persistence::telemetry_write write() {
    return [this](int fd, const char* data, std::size_t size) -> ssize_t {
      const auto room = std::min<std::int64_t>(left, static_cast<std::int64_t>(size));
      if (room <= 0) {
        errno = ENOSPC;
        return -1;
      }
      const auto put = ::write(fd, data, static_cast<std::size_t>(room));
      left -= put;
      return put;
    };
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(a_telemetry_writer, telemetry_stage)

BOOST_AUTO_TEST_CASE(keeps_the_order_of_calls_across_classes_of_severity) {
  const auto w = writer();
  for (const auto level : {severity::info, severity::error, severity::warn, severity::debug})
    w->log(say(to_string(level), level));
  w->drain();
  std::string order;
  for (const auto& line : calls())
    order += line.message + ' ';
  BOOST_TEST(order == "info error warn debug ");
  BOOST_TEST(w->counters().written == 4U);
  BOOST_TEST(report().clean());
}

BOOST_AUTO_TEST_CASE(sheds_what_has_no_room_and_says_which_numbers) {
  limits.routine_bytes = 4096;
  limits.warn_bytes = 4096;
  limits.warn_wait = std::chrono::milliseconds{0};
  const auto w = writer();
  for (int line = 0; line < 100; ++line) {
    w->log(say("0123456789", severity::info));
    w->log(say("0123456789", severity::warn));
  }
  w->drain();
  w->log(say("room again"));
  w->drain();
  const auto counted = w->counters();
  BOOST_TEST(counted.dropped > 0U);
  BOOST_TEST(counted.accepted + counted.dropped == 201U);
  std::uint64_t told = 0;
  for (const auto& line : lines())
    told += line.dropped;
  BOOST_TEST(told == counted.dropped);
  BOOST_TEST(calls().size() == counted.accepted);
  const auto found = report();
  BOOST_TEST(found.shed == counted.dropped);
  BOOST_TEST(found.missing == 0U);
}

BOOST_AUTO_TEST_CASE(never_sheds_an_error_for_want_of_room) {
  limits.error_bytes = 1024;
  const auto w = writer();
  for (int line = 0; line < 500; ++line)
    w->log(say("grave, and there is no room", severity::error));
  w->drain();
  BOOST_TEST(w->counters().dropped == 0U);
  BOOST_TEST(w->counters().direct > 0U);
  BOOST_TEST(calls().size() == 500U);
}

BOOST_AUTO_TEST_CASE(lets_a_warning_wait_for_room_but_no_longer_than_allowed) {
  limits.warn_bytes = 1024;
  limits.warn_wait = std::chrono::milliseconds{60000};
  const auto w = writer();
  w->start();
  for (int line = 0; line < 2000; ++line)
    w->log(say("a warning that finds the ring full", severity::warn));
  BOOST_TEST(w->stop(std::chrono::seconds{60}));
  BOOST_TEST(w->counters().dropped == 0U);
  BOOST_TEST(calls().size() == 2000U);
}

BOOST_AUTO_TEST_CASE(begins_a_file_by_a_new_name_when_the_old_one_is_full_or_its_day_is_over) {
  limits.file_bytes = 20000;
  const auto w = writer();
  for (int line = 0; line < 500; ++line) {
    w->log(say("a line of some length, so that files fill up"));
    if (line % 10 == 0)
      w->drain();
    pass(1000);
  }
  w->drain();
  const auto by_size = files();
  BOOST_TEST(by_size.size() >= 4U);
  for (const auto& file : by_size)
    BOOST_TEST(fs::file_size(path(file)) <= limits.file_bytes);
  pass(12 * hour_us);
  w->log(say("the next day"));
  w->drain();
  BOOST_TEST(files().size() == by_size.size() + 1);
  BOOST_TEST(files().back().starts_with("node.20261123T"));
  w->rotate();
  w->log(say("told to"));
  w->drain();
  BOOST_TEST(files().size() == by_size.size() + 2);
  BOOST_TEST(w->counters().rotations == by_size.size() + 1);
  const auto found = report();
  BOOST_TEST(found.clean());
  BOOST_TEST(calls().size() == 502U);
}

BOOST_AUTO_TEST_CASE(syncs_at_an_error_at_once_and_otherwise_each_second) {
  const auto w = writer();
  const auto syncs_after = [&](severity level, std::int64_t later) {
    pass(later);
    w->log(say("line", level));
    w->drain();
    return w->counters().syncs;
  };
  BOOST_TEST(syncs_after(severity::info, 0) == 0U);
  BOOST_TEST(syncs_after(severity::warn, 999'999) == 0U);
  BOOST_TEST(syncs_after(severity::info, 1) == 1U);
  BOOST_TEST(syncs_after(severity::info, 10) == 1U);
  BOOST_TEST(syncs_after(severity::error, 10) == 2U);
  w->flush();
  BOOST_TEST(w->counters().syncs == 2U); // nothing was left to sync
}

BOOST_AUTO_TEST_CASE(moves_the_torn_tail_of_a_dead_writer_aside_and_says_so) {
  const std::string file = "node.20261121T000000000000Z.77.jsonl";
  {
    const auto w = writer();
    w->log(say("whole"));
    w->drain();
  }
  const auto before = text(files().at(0));
  fs::rename(path(files().at(0)), path(file));
  put(file, before + R"({"seq":3,"boot":"torn in the mid)");
  BOOST_TEST(report().torn == 1U);

  const auto w = writer();
  w->log(say("after the crash"));
  w->drain();
  BOOST_TEST(text(file) == before);
  BOOST_TEST(text(file + ".torn") == R"({"seq":3,"boot":"torn in the mid)");
  const auto told = lines().at(2);
  BOOST_TEST(told.fields.find("\"torn\":\"" + file + '"') != std::string::npos);
  BOOST_TEST(told.fields.find("\"torn_bytes\":32") != std::string::npos);
  BOOST_TEST(w->counters().repaired == 1U);
  BOOST_TEST(report().torn == 0U);
}

BOOST_AUTO_TEST_CASE(leaves_the_unfinished_line_of_a_living_writer_alone) {
  const auto living = writer();
  living->log(say("mine"));
  living->drain();
  const auto file = files().at(0);
  const auto torn = text(file) + "half";
  std::ofstream{path(file), std::ios::app} << "half";
  pass(1);
  const auto w = writer();
  w->log(say("the other"));
  w->drain();
  BOOST_TEST(text(file) == torn);
  BOOST_TEST(report().writing == 1U);
}

BOOST_AUTO_TEST_CASE(survives_a_removed_file_and_a_removed_directory) {
  const auto w = writer();
  w->log(say("lost with its file"));
  w->drain();
  fs::remove(path(files().at(0)));
  pass(1);
  w->log(say("one"));
  w->drain();
  fs::remove_all(directory);
  pass(1);
  w->log(say("two"));
  w->drain();
  BOOST_TEST(calls().size() == 1U);
  BOOST_TEST(calls().at(0).message == "two");
  BOOST_TEST(w->counters().dropped == 0U);
}

BOOST_AUTO_TEST_CASE(takes_a_short_write_back_and_accounts_for_what_a_full_disk_refused) {
  small_disk disk;
  write = disk.write();
  limits.reserve_bytes = 0;
  for (std::int64_t room = 0; room < 1500; room += 7) {
    BOOST_TEST_CONTEXT(room << " bytes of room") {
      fs::remove_all(directory);
      disk.left = room;
      const auto w = writer();
      for (int line = 0; line < 8; ++line)
        w->log(say("a line"));
      w->drain();
      for (const auto& file : files()) {
        const auto content = text(file);
        BOOST_TEST((content.empty() || content.back() == '\n'));
      }
      disk.left = 1'000'000;
      pass(1000);
      w->log(say("room again"));
      w->drain();
      const auto counted = w->counters();
      BOOST_TEST(calls().size() == counted.written);
      BOOST_TEST(counted.written + counted.dropped == 9U);
      const auto found = report();
      BOOST_TEST(found.bad == 0U);
      BOOST_TEST(found.missing == 0U);
      BOOST_TEST(found.repeated == 0U);
      BOOST_TEST(found.shed >= counted.dropped);
    }
  }
}

BOOST_AUTO_TEST_CASE(writes_errors_into_the_room_it_kept_when_the_disk_is_full) {
  // The reserve counts as room once its blocks are given back.
  small_disk disk;
  disk.left = 100'000;
  std::string reserve;
  const auto plain = disk.write();
  write = [&](int fd, const char* data, std::size_t size) -> ssize_t {
    if (disk.left == 0 && !reserve.empty() && fs::exists(reserve) && fs::file_size(reserve) == 0) {
      disk.left = 4096;
      reserve.clear();
    }
    return plain(fd, data, size);
  };
  const auto w = writer();
  w->log(say("makes the file and the reserve"));
  w->drain();
  reserve = path(".node." + std::to_string(::getpid()) + ".reserve");
  BOOST_TEST(fs::file_size(reserve) == limits.reserve_bytes);
  disk.left = 0;
  w->log(say("routine"));
  w->log(say("grave", severity::error));
  w->drain();
  const auto written = calls();
  BOOST_REQUIRE(written.size() == 2U);
  BOOST_TEST(written[1].message == "grave");
  BOOST_TEST(w->counters().dropped == 1U);
}

BOOST_AUTO_TEST_CASE(never_lets_a_disk_that_takes_nothing_reach_the_caller) {
  std::ofstream{directory} << "a file where the directory should be";
  const auto w = writer();
  for (int line = 0; line < 100; ++line) {
    w->log(say("nobody will read this", severity::error));
    w->drain();
  }
  BOOST_TEST(!w->audit(say("nor this", severity::audit)));
  const auto counted = w->counters();
  BOOST_TEST(counted.dropped == 100U);
  BOOST_TEST(counted.audit_failed == 1U);
  BOOST_TEST(counted.open_errors > 0U);
  BOOST_TEST(!counted.last_error.empty());
}

BOOST_AUTO_TEST_CASE(writes_everything_it_took_before_it_stops) {
  const auto w = writer();
  w->start();
  std::vector<std::future<void>> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.push_back(std::async(std::launch::async, [&w] {
      for (int line = 0; line < 2000; ++line)
        w->log(say("from many threads", line % 100 == 0 ? severity::error : severity::info));
    }));
  for (auto& caller : callers)
    caller.get();
  BOOST_TEST(w->stop(std::chrono::seconds{60}));
  w->log(say("too late"));
  const auto counted = w->counters();
  BOOST_TEST(counted.written == counted.accepted);
  BOOST_TEST(calls().size() == counted.accepted);
  BOOST_TEST(counted.accepted + counted.dropped == 8001U);
  BOOST_TEST(report().clean());
  BOOST_TEST(!fs::exists(path(".node." + std::to_string(::getpid()) + ".reserve")));
}

BOOST_AUTO_TEST_SUITE_END()
