// SPDX-License-Identifier: Apache-2.0
// Histories of the whole runtime from one seed each: do the promises hold in all of them?
//
// HOLDFAST_SEED sets the first seed, HOLDFAST_HISTORIES how many. A failing history is one number:
//   HOLDFAST_SEED=N HOLDFAST_HISTORIES=1 tests_simulation
#include "tests/simulation/world.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>

namespace {

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

constexpr std::uint64_t histories = HISTORIES;

} // namespace

BOOST_AUTO_TEST_CASE(every_history_keeps_what_was_acknowledged) {
  const auto first = number_from("HOLDFAST_SEED", 1);
  const auto count = number_from("HOLDFAST_HISTORIES", histories);
  BOOST_TEST_MESSAGE("seeds " << first << " to " << first + count - 1);
  for (auto seed = first; seed < first + count; ++seed)
    BOOST_TEST_CONTEXT("seed " << seed) {
      try {
        const auto story = simulation::run_history(seed);
        BOOST_TEST_MESSAGE("seed " << seed << story);
      } catch (const std::exception& problem) {
        BOOST_ERROR(problem.what());
      }
    }
}

BOOST_AUTO_TEST_CASE(histories_that_once_broke_a_promise_keep_it) {
  struct found {
    std::uint64_t seed;
    const char* what;
  };
  for (const auto& [seed, what] :
       {found{1, "power loss took a new store's directory: the one above was not synced"},
        found{7, "an error while RocksDB made its families ended the process"},
        found{839, "the second try to make a store did not sync the directory above either"},
        found{351, "holes that power loss left in what was never synced were refused as damage"},
        found{900087,
              "power loss took the superblock's name after a create that died, and a second "
              "create began anew over what had been acknowledged"}})
    BOOST_TEST_CONTEXT(what)
  BOOST_CHECK_NO_THROW(simulation::run_history(seed));
}

BOOST_AUTO_TEST_CASE(the_same_seed_is_the_same_history) {
  BOOST_TEST(simulation::run_history(7) == simulation::run_history(7));
}
