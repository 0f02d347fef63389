// SPDX-License-Identifier: Apache-2.0
// What holds for every text that is taken in, whatever its format.
#pragma once

#include "runtime/intake.hpp"
#include "runtime/json.hpp"
#include "tests/fuzz/target.hpp"

#include <string>
#include <vector>

namespace holdfast::fuzz {

inline std::vector<std::string> taken(intake::format form, std::string_view text,
                                      std::size_t chunk) {
  std::vector<std::string> all;
  const auto take = [&](const intake::item& one) {
    auto line = std::to_string(one.line) + ' ';
    if (one.made) {
      const auto printed = json::print(one.made->body);
      const auto again = json::parse(printed);
      must(again && json::print(*again) == printed);
      line += one.made->stream + ' ' + printed;
    } else {
      must(!one.made.error().what.empty());
      line += one.made.error().what;
    }
    all.push_back(std::move(line));
  };
  intake::reader reader{form, {.stream = "s"}, {.line_bytes_max = 200}};
  for (std::size_t at = 0; at < text.size(); at += chunk)
    reader.feed(text.substr(at, chunk), take);
  reader.finish(take);
  return all;
}

/// How the bytes arrive makes no difference, and every item stands in a line there is.
inline void check_intake(intake::format form, std::string_view text) {
  const auto whole = taken(form, text, text.size() + 1);
  must(whole == taken(form, text, 3));
  must(whole.size() <= text.size() + 1);
}

} // namespace holdfast::fuzz
