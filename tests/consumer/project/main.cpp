// SPDX-License-Identifier: Apache-2.0
// A program of somebody else's that knows Holdfast only from its installed headers.
#include "messages/event.hpp"
#include "runtime/runtime.hpp"

#include <iostream>

int main(int count, char** words) {
  if (count != 2)
    return 2;
  auto store =
      holdfast::runtime::start(holdfast::options{.store = {.data = words[1]}, .initialise = true});
  if (!store) {
    std::cerr << store.error().what << '\n';
    return 1;
  }
  const auto told =
      store->append({{.stream = "llm", .body = holdfast::object{{"tokens", 7}}}}).get();
  if (told.refused || told.answers.size() != 1 || !store->stop().stayed.empty())
    return 1;
  std::cout << "llm: " << to_string(told.answers.front().what) << '\n';
}
