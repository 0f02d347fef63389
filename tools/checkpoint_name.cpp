// SPDX-License-Identifier: Apache-2.0
// How a person names a state.
#include "tools/checkpoint_name.hpp"

#include "tools/event_choice.hpp"

#include <algorithm>

namespace holdfast::tools {

result<checkpoint_name> parse_checkpoint_name(std::string_view text) {
  const auto refuse = [&](std::string why) {
    return fault{fault_code::invalid, "\"" + std::string{text} + "\" names no state: " + why,
                 "Write OWNER@SEQ, OWNER or SEQ, for example learning@1200."};
  };
  if (text.empty())
    return refuse("it is empty");
  const bool digits =
      std::all_of(text.begin(), text.end(), [](char one) { return one >= '0' && one <= '9'; });
  const auto at = text.rfind('@');
  if (!digits && at == std::string_view::npos)
    return checkpoint_name{std::string{text}, std::nullopt};
  if (at == 0)
    return refuse("no owner stands before the @");
  const auto number = parse_sequence("@", digits ? text : text.substr(at + 1));
  if (!number)
    return refuse("after the @ stands no sequence number");
  return checkpoint_name{digits ? std::string{} : std::string{text.substr(0, at)}, *number};
}

} // namespace holdfast::tools
