// SPDX-License-Identifier: Apache-2.0
// Raises bodies step by step to the newest version of their type.
#include "persistence/reader.hpp"

#include <utility>

namespace holdfast::persistence {

void upcasters::add(std::string type, std::uint16_t from, upcaster raise) {
  steps_.insert_or_assign({std::move(type), from}, std::move(raise));
}

std::uint16_t upcasters::newest(const std::string& type) const {
  const auto after = steps_.upper_bound({type, UINT16_MAX});
  if (after == steps_.begin())
    return 0;
  const auto last = std::prev(after);
  return last->first.first == type ? static_cast<std::uint16_t>(last->first.second + 1) : 0;
}

result<void> upcasters::apply(recorded_event& record) const {
  const auto known = newest(record.type);
  if (known == 0)
    return {};
  if (record.schema > known)
    return fault{fault_code::unsupported,
                 "record " + std::to_string(record.at.value) + " is a " + record.type
                     + " of version " + std::to_string(record.schema) + ", known is up to "
                     + std::to_string(known),
                 "use the version of the program that wrote it"};
  while (record.schema < known) {
    const auto step = steps_.find({record.type, record.schema});
    if (step == steps_.end())
      return fault{fault_code::unsupported,
                   "nothing raises a " + record.type + " of version "
                       + std::to_string(record.schema) + " (record "
                       + std::to_string(record.at.value) + ")",
                   "register an upcaster for that version"};
    record.body = step->second(record.body);
    ++record.schema;
  }
  return {};
}

} // namespace holdfast::persistence
