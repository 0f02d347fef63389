// SPDX-License-Identifier: Apache-2.0
// Somebody of a running runtime hangs for good: does a stop end by its deadline, and does it say
// who stayed, what it is, what it is doing and for how long?
#include "runtime/core.hpp"
#include "tests/runtime/small_options.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

using namespace holdfast;
using namespace std::chrono_literals;

namespace {

/// A gate at which a handler stands until the test is over.
struct gate {
  std::atomic<bool> is_open{true};
  std::atomic<bool> somebody_stands{false};

  void pass() {
    somebody_stands = !is_open;
    while (!is_open)
      std::this_thread::sleep_for(1ms);
  }
};

/// Hangs with the first event that finds the gate closed.
persistent<std::int64_t> hanging(const std::shared_ptr<gate>& at) {
  return {.name = "hanging",
          .stream = "llm*",
          .initial = 0,
          .apply =
              [at](std::int64_t& state, const recorded_event&) {
                at->pass();
                ++state;
              },
          .encode = [](const std::int64_t& state) { return value{state}; },
          .decode = [](const value& state, std::uint16_t) -> result<std::int64_t> {
            return *state.as<std::int64_t>();
          }};
}

template <class Done>
bool await(Done done) {
  for (int i = 0; i < 3000; ++i) {
    if (done())
      return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

/// The line about that actor, or nothing.
std::string line_about(const std::vector<std::string>& all, const std::string& whom) {
  for (const auto& one : all)
    if (one.starts_with(whom))
      return one;
  return {};
}

/// The seconds after a word: `... for 1.5 s`.
double seconds_after(const std::string& line, const std::string& word) {
  const auto at = line.find(word);
  return at == line.npos ? -1 : std::strtod(line.c_str() + at + word.size(), nullptr);
}

} // namespace

BOOST_AUTO_TEST_SUITE(a_stop)

BOOST_FIXTURE_TEST_CASE(ends_by_its_deadline_and_names_who_would_not_leave, scratch) {
  const auto closed = std::make_shared<gate>();
  auto made = runtime::start(small_options(*this));
  BOOST_TEST_REQUIRE(bool(made), (made ? "" : made.error().what));
  BOOST_TEST_REQUIRE(bool(made->add(hanging(closed))));
  closed->is_open = false;
  BOOST_TEST_REQUIRE(!made->append({usage(1)}).get().refused);
  BOOST_TEST_REQUIRE(await([&] { return closed->somebody_stands.load(); }));
  std::this_thread::sleep_for(500ms); // it hangs for a while before anybody asks it to leave

  const auto began = std::chrono::steady_clock::now();
  const auto stopped = made->stop(3s);
  const auto took = std::chrono::steady_clock::now() - began;
  BOOST_TEST((took < 4s), "it took " << std::chrono::duration<double>(took).count() << " s");
  for (const auto& one : stopped.stayed)
    BOOST_TEST_MESSAGE(one);
  BOOST_TEST(stopped.unclean == ""); // the store waits for no fold
  const auto line = line_about(
      stopped.stayed, "folds/fold hanging (worker), handles checkpointing::read_page for ");
  BOOST_TEST_REQUIRE(line != "");
  BOOST_TEST(seconds_after(line, "for ") >= 0.5);
  BOOST_TEST(seconds_after(line, "for ") < 5);
  BOOST_TEST(seconds_after(line, "was asked to end ") > 0);
  BOOST_TEST(stopped.stayed.size() == 1U);
  BOOST_TEST(made->append({usage(2)}).get().refused.has_value());
  closed->is_open = true;
}

BOOST_AUTO_TEST_SUITE_END()
