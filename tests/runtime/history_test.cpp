// SPDX-License-Identifier: Apache-2.0
// The history of supervision in a whole runtime: what broke is known after the process is gone.
#include "runtime/core.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/supervision_records.hpp"
#include "tests/runtime/small_options.hpp"

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstdlib>
#include <sys/wait.h>
#include <unistd.h>

using namespace holdfast;
using namespace std::chrono_literals;

namespace {

/// A persistent actor that ends at every event.
fold brittle(bool breaks) {
  return {.name = "brittle",
          .stream = "llm*",
          .schema = 1,
          .initial = [] { return std::any{0}; },
          .apply =
              [breaks](std::any&, const recorded_event&) {
                if (breaks)
                  throw std::runtime_error("cannot fold this");
              },
          .encode = [](const std::any&) { return value{0}; },
          .decode = [](const value&, std::uint16_t) -> result<std::any> { return std::any{0}; }};
}

/// The types of the history's records, with the child where there is one.
std::vector<std::string> history_of(runtime& one) {
  std::vector<std::string> made;
  const auto reader = one.inside().read();
  BOOST_TEST_REQUIRE(bool(reader));
  const auto read =
      each_supervision(**reader, sequence{1}, [&](const supervision_record& record, sequence) {
        if (const auto* event = std::get_if<supervision_event>(&record.what))
          made.push_back(event->child + " " + std::string{to_string(event->what)});
      });
  BOOST_TEST_REQUIRE(bool(read));
  return made;
}

std::uint32_t restarts_used(runtime& one, const std::string& supervisor) {
  for (const auto& list : one.inside().house->children(10s))
    if (list.supervisor == supervisor)
      return list.restarts_used;
  return UINT32_MAX;
}

constexpr auto child_data = "HOLDFAST_TEST_HISTORY_DATA";
constexpr std::uint32_t breaks = 3;

/// Lets an actor break so often, and is killed in the middle of it.
void break_and_die(const options& chosen) {
  auto made = runtime::start(chosen);
  BOOST_TEST_REQUIRE(bool(made), (made ? "" : made.error().what));
  BOOST_TEST_REQUIRE(bool(made->add(brittle(true))));
  os::guarded<std::uint32_t> restarts;
  auto listening =
      made->subscribe({.stream = std::string{persistence::supervision_stream}, .internal = true},
                      [&](const recorded_event& record) {
                        if (record.type == "restart_due")
                          restarts.change([](auto& count) { ++count; });
                      });
  made->append({usage(1)}).get();
  BOOST_TEST_REQUIRE(restarts.wait_until(os::steady_now() + 60s,
                                         [](std::uint32_t count) { return count >= breaks; }));
  std::raise(SIGKILL);
}

/// This program once more, with one test. What has threads cannot go on in a fork.
int status_of_a_process_that_dies(const std::filesystem::path& data) {
  const auto child = fork();
  if (child == 0) {
    setenv(child_data, data.c_str(), 1);
    execl("/proc/self/exe", "tests_runtime", "--run_test=history/breaks_where_it_is_told_to",
          nullptr);
    _exit(127);
  }
  int status = 0;
  BOOST_TEST_REQUIRE(waitpid(child, &status, 0) == child);
  return status;
}

} // namespace

BOOST_AUTO_TEST_SUITE(history)

BOOST_FIXTURE_TEST_CASE(is_on_disk_when_a_start_is_done, scratch) {
  auto one = runtime::start(small_options(*this));
  BOOST_TEST_REQUIRE(bool(one));
  const std::vector<std::string> expected{"committer started", "keeper started", "journal started",
                                          "pressure started",  " all_started",   "folds started",
                                          " all_started"};
  BOOST_TEST(history_of(*one) == expected, boost::test_tools::per_element());
  BOOST_TEST_REQUIRE(bool(one->add(brittle(false))));
  BOOST_TEST(history_of(*one).back() == "fold brittle started");
  BOOST_TEST(history_of(*one).size() == expected.size() + 2);
}

/// Not a test by itself: what the next one kills.
BOOST_FIXTURE_TEST_CASE(breaks_where_it_is_told_to, scratch) {
  const auto* data = std::getenv(child_data);
  BOOST_TEST(true);
  if (data == nullptr)
    return;
  auto chosen = small_options(*this);
  chosen.store.data = data;
  break_and_die(chosen);
}

/// A budget that was used up before `kill -9` is still used up after it.
BOOST_FIXTURE_TEST_CASE(keeps_a_restart_limit_over_kill_9, scratch) {
  const auto chosen = small_options(*this);
  const auto status = status_of_a_process_that_dies(chosen.store.data);
  BOOST_TEST_REQUIRE((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL), "status " << status);

  auto again = runtime::start(chosen);
  BOOST_TEST_REQUIRE(bool(again), (again ? "" : again.error().what));
  BOOST_TEST_REQUIRE(bool(again->add(brittle(false))));
  BOOST_TEST(restarts_used(*again, "folds") >= breaks);
  BOOST_TEST(restarts_used(*again, "root") == 0U);
  for (const auto& list : again->inside().house->children(10s))
    for (const auto& one : list.children)
      if (one.id == "fold brittle") {
        BOOST_TEST(one.restarts >= breaks);
        BOOST_TEST(one.incarnation > breaks); // numbers are not given out twice
        BOOST_TEST(one.last_cause.find("cannot fold this") != std::string::npos, one.last_cause);
      }
}

BOOST_AUTO_TEST_SUITE_END()
