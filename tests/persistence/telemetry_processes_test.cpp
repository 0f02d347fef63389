// SPDX-License-Identifier: Apache-2.0
// Tests of telemetry with several processes, and with processes that are killed.
#include "tests/persistence/telemetry_stage.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <map>

using namespace holdfast;
using namespace holdfast::test;

namespace {

struct family : telemetry_stage {
  /// Runs `live` in a child that never returns into the test.
  template <class Live>
  pid_t bear(Live live) {
    const auto child = ::fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
      live();
      ::_exit(0);
    }
    return child;
  }

  static int wait_for(pid_t child) {
    int status = 0;
    BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
    return status;
  }

  void write_lines(int count) {
    const auto w = writer();
    w->start();
    for (int line = 0; line < count; ++line)
      w->log({.level = severity::warn, .logger = "child", .message = "line of one of two"});
    static_cast<void>(w->stop(std::chrono::seconds{60}));
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(telemetry_of_several_processes, family)

BOOST_AUTO_TEST_CASE(loses_and_mixes_no_line_of_either) {
  limits.warn_wait = std::chrono::milliseconds{60000};
  limits.file_bytes = 1'000'000;
  for (const bool one_file : {false, true})
    BOOST_TEST_CONTEXT((one_file ? "one shared file" : "a file each")) {
      shared = one_file;
      directory += one_file ? "-shared" : "-own";
      const auto first = bear([this] { write_lines(20000); });
      const auto second = bear([this] { write_lines(20000); });
      BOOST_TEST(wait_for(first) == 0);
      BOOST_TEST(wait_for(second) == 0);
      std::map<std::int64_t, std::size_t> lines_of;
      for (const auto& line : calls())
        ++lines_of[line.pid];
      BOOST_TEST(lines_of[first] == 20000U);
      BOOST_TEST(lines_of[second] == 20000U);
      const auto found = report();
      BOOST_TEST(found.clean());
      BOOST_TEST(found.torn == 0U);
      BOOST_TEST(found.files > 5U);
      for (const auto& file : files())
        BOOST_TEST(std::filesystem::file_size(path(file)) <= limits.file_bytes);
    }
}

BOOST_AUTO_TEST_CASE(keeps_every_surviving_line_whole_when_writers_are_killed) {
  limits.batch_bytes = 4096;
  for (const bool one_file : {false, true}) {
    shared = one_file;
    directory += one_file ? "-shared" : "-own";
    for (int round = 0; round < 10; ++round) {
      int ready[2];
      BOOST_REQUIRE(::pipe(ready) == 0);
      const auto child = bear([&] {
        // A disk that stops in the middle of a line, for the parent to kill the writer there.
        int writes = 0;
        write = [&](int fd, const char* data, std::size_t size) -> ssize_t {
          if (++writes < 5 + round)
            return ::write(fd, data, size);
          const auto half = ::write(fd, data, size - 20 - static_cast<std::size_t>(round));
          static_cast<void>(::write(ready[1], "!", 1));
          for (;;)
            ::pause();
          return half;
        };
        const auto w = writer();
        for (;;) {
          w->log({.logger = "child", .message = "a line to be torn"});
          w->drain();
        }
      });
      char told = 0;
      BOOST_REQUIRE(::read(ready[0], &told, 1) == 1);
      BOOST_REQUIRE(::kill(child, SIGKILL) == 0);
      BOOST_TEST(WIFSIGNALED(wait_for(child)));
      ::close(ready[0]);
      ::close(ready[1]);
      pass(1000);
    }
    // Each writer has repaired what the one before it tore. Nobody can tell whether a shared file
    // still has writers, so its tail counts as being written.
    const auto torn = report();
    BOOST_TEST((shared ? torn.writing : torn.torn) == 1U);
    BOOST_TEST(torn.bad == 0U);
    const auto w = writer();
    w->log({.logger = "parent", .message = "after the last"});
    w->drain();
    const auto found = report();
    BOOST_TEST(found.clean());
    BOOST_TEST(found.torn == 0U);
    BOOST_TEST(calls().back().message == "after the last"); // and every line parsed on the way
  }
}

BOOST_AUTO_TEST_SUITE_END()
