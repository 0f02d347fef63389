// SPDX-License-Identifier: Apache-2.0
// Fuzzes record values: views stay within their bytes, and encode to the same fields again.
#include "persistence/record.hpp"

#include "tests/fuzz/target.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  using namespace holdfast::persistence;
  const auto given = fuzz::as_text(data, size);
  const auto view = view_record(given);
  if (!view)
    return 0;
  const sequence at{7};
  const chain_digest previous{};
  std::string again;
  append_record(*view, at, previous, again);
  // All but the chain, which is that of this place.
  fuzz::must(again.size() == given.size());
  fuzz::must(again.substr(0, 68) == given.substr(0, 68));
  fuzz::must(again.substr(84) == given.substr(84));
  fuzz::must(static_cast<bool>(verify_chain(again, at, previous)));
  const auto decoded = decode_record(at, given);
  fuzz::must(!decoded || (decoded->stream == view->stream && decoded->type == view->type));
  return 0;
}
