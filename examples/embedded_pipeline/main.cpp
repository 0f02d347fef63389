// SPDX-License-Identifier: Apache-2.0
// A pipeline that forgets nothing: it folds events into totals, may be killed at any moment, and
// goes on where it was. `embedded_pipeline DIR [EVENTS [KILLED_AT]]`
#include "runtime/runtime.hpp"

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <string>

namespace {

using totals = std::map<std::string, std::int64_t>;

/// Tokens by model: a plain fold, with its state as a value and back.
holdfast::persistent<totals> token_totals() {
  return {
      .name = "token_totals",
      .stream = "llm.calls",
      .schema = 1,
      .initial = {},
      .apply =
          [](totals& known, const holdfast::recorded_event& call) {
            known[call.body.text_at("model")] += call.body.integer_at("tokens");
          },
      .encode =
          [](const totals& known) {
            holdfast::object kept;
            for (const auto& [model, tokens] : known)
              kept[model] = tokens;
            return holdfast::value{kept};
          },
      .decode = [](const holdfast::value& kept, std::uint16_t) -> holdfast::result<totals> {
        const auto* members = kept.as<holdfast::object>();
        if (members == nullptr)
          return holdfast::fault{holdfast::fault_code::corrupt, "totals must be an object", ""};
        totals known;
        for (const auto& [model, tokens] : *members)
          known[model] = kept.integer_at(model);
        return known;
      },
  };
}

/// The same number always makes the same event, so sending it again stores nothing twice.
holdfast::event call(std::int64_t number) {
  holdfast::event made;
  made.stream = "llm.calls";
  made.type = "usage";
  made.body = holdfast::object{
      {"call", number}, {"model", number % 3 == 0 ? "large" : "small"}, {"tokens", number % 100}};
  return made;
}

} // namespace

int main(int count, char** words) {
  if (count < 2) {
    std::cerr << "usage: embedded_pipeline DIR [EVENTS [KILLED_AT]]\n";
    return 2;
  }
  const auto events = count > 2 ? std::atoll(words[2]) : 2000;
  const auto killed_at = count > 3 ? std::atoll(words[3]) : -1;

  holdfast::options chosen;
  chosen.store.data = words[1];
  chosen.initialise = true;
  auto runtime = holdfast::runtime::start(chosen);
  if (!runtime) {
    std::cerr << runtime.error().what << "\n";
    return 1;
  }
  if (const auto added = runtime->add(token_totals()); !added) {
    std::cerr << added.error().what << "\n";
    return 1;
  }
  std::cerr << "found " << runtime->stats().events << " events\n";

  // From the start each time: what is there already is answered as a duplicate.
  for (std::int64_t number = 1; number <= events; ++number) {
    if (number == killed_at)
      std::raise(SIGKILL);
    const auto told = runtime->append({call(number)}, holdfast::durability::process).get();
    if (told.refused || told.answers.front().what > holdfast::outcome::duplicate)
      return 1;
  }
  const auto found = runtime->state<totals>("token_totals");
  if (!found)
    return 1;
  for (const auto& [model, tokens] : found->state)
    std::cout << model << " " << tokens << "\n";
  return runtime->stop().stayed.empty() ? 0 : 1;
}
