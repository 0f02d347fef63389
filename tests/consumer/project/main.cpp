// SPDX-License-Identifier: Apache-2.0
// A program of somebody else's that knows Holdfast only from its installed headers.
#include "messages/event.hpp"
#include "runtime/runtime.hpp"

#include <iostream>

int main() {
  const holdfast::options chosen{.store = {.data = "data"}};
  if (chosen.events.level != holdfast::durability::power)
    return 1;
  const holdfast::event usage{.stream = "llm", .body = holdfast::object{{"tokens", 7}}};
  std::cout << usage.stream << ": " << to_string(holdfast::outcome::stored) << '\n';
}
