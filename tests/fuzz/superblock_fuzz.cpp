// SPDX-License-Identifier: Apache-2.0
// Fuzzes superblock slots. The checksum is put right first, or nothing would come beyond it.
#include "persistence/superblock.hpp"

#include "persistence/crc32c.hpp"
#include "persistence/layout.hpp"
#include "tests/fuzz/target.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  using namespace holdfast::persistence;
  std::string slot{fuzz::as_text(data, size)};
  fuzz::must(!decode_slot(slot) || slot.size() == slot_bytes);
  slot.resize(slot_bytes);
  store_little(crc32c(std::string_view{slot}.substr(0, slot_bytes - 4)),
               slot.data() + slot_bytes - 4);
  const auto taken = decode_slot(slot);
  if (taken && taken->format == format_version)
    fuzz::must(encode_slot(*taken) == slot);
  return 0;
}
