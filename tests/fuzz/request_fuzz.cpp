// SPDX-License-Identifier: Apache-2.0
// Fuzzes the reading of requests: however the bytes are cut into reads, the same requests are
// found.
#include "runtime/http/request_reader.hpp"

#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace {

using namespace holdfast::http;

/// Each request as text, and whether it ended broken.
std::vector<std::string> read_all(std::string_view bytes, std::size_t step) {
  using state = request_reader::state;
  std::vector<std::string> found;
  request_reader reader{{.bytes_max = 2000, .line_bytes_max = 500, .fields_max = 20}};
  auto now = state::nothing;
  for (;;) {
    if (now == state::head)
      now = reader.allow_body(1000);
    else if (now == state::broken) {
      found.push_back("broken"); // which rule is met first may depend on the cuts
      return found;
    } else if (now == state::whole) {
      const auto one = reader.take();
      found.push_back(one.method + " " + one.path);
      for (const auto& [name, text] : one.headers)
        found.back() += "|" + name + "=" + text;
      found.back() += "|" + one.body;
      holdfast::fuzz::must(one.body.size() <= 1000);
      now = reader.next();
    } else if (bytes.empty()) {
      return found;
    } else {
      const auto room = reader.room();
      const auto size = std::min({room.size(), step, bytes.size()});
      std::memcpy(room.data(), bytes.data(), size);
      bytes.remove_prefix(size);
      now = reader.took(size);
    }
  }
}

/// Whether both found the same; where the bytes end, either may still wait for what would tell it
/// that they are broken.
bool agree(std::vector<std::string> one, std::vector<std::string> other) {
  auto& longer = one.size() > other.size() ? one : other;
  if (one.size() != other.size() && longer.back() == "broken")
    longer.pop_back();
  return one == other;
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto given = holdfast::fuzz::as_text(data, size);
  const auto once = read_all(given, given.size());
  holdfast::fuzz::must(agree(read_all(given, 1), once));
  holdfast::fuzz::must(agree(read_all(given, 7), once));
  return 0;
}
