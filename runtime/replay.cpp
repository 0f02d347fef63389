// SPDX-License-Identifier: Apache-2.0
// Folds a store's records again, with the checkpoint room's own functions.
#include "runtime/replay.hpp"

#include "actors/checkpoint/replay.hpp"
#include "actors/learning/learning.hpp"
#include "runtime/os/threads.hpp"

#include <atomic>
#include <functional>
#include <utility>

namespace holdfast::replay {
namespace {

/// Runs the tasks on a few threads, each taking the next that is left.
void run_all(std::size_t threads, std::vector<std::function<void()>> tasks) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (auto at = next++; at < tasks.size(); at = next++)
      tasks[at]();
  };
  std::vector<os::named_thread> crew;
  for (std::size_t one = 1; one < threads && one < tasks.size(); ++one)
    crew.emplace_back("replay", work);
  work();
}

} // namespace

std::vector<fold> shipped_folds() {
  return {learning::learning_fold()};
}

result<found_state> state_at(const fold& how, const persistence::reader& from, sequence at) {
  const auto found = checkpointing::state_at(how, from, at);
  if (!found)
    return found.error();
  return found_state{how.encode(found->state), found->covered, found->base};
}

result<verification> verify(const fold& how, const persistence::reader& source, sequence from,
                            sequence to, std::size_t threads) {
  auto made = checkpointing::verify(
      how, source, from, to,
      [threads](std::vector<std::function<void()>> tasks) { run_all(threads, std::move(tasks)); });
  if (!made)
    return made.error();
  return verification{made->intervals,
                      made->records,
                      made->events,
                      std::move(made->damaged),
                      std::move(made->skipped),
                      std::move(made->divergences)};
}

} // namespace holdfast::replay
