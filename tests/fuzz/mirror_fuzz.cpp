// SPDX-License-Identifier: Apache-2.0
// Fuzzes batch headers of the mirror. The checksum is put right first.
#include "persistence/mirror_record.hpp"

#include "persistence/crc32c.hpp"
#include "persistence/layout.hpp"
#include "tests/fuzz/target.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace holdfast;
  using namespace holdfast::persistence;
  std::string header{fuzz::as_text(data, size)};
  fuzz::must(!decode_mirror_header(header) || header.size() == mirror_header_bytes);
  header.resize(mirror_header_bytes);
  store_little(crc32c(std::string_view{header}.substr(0, mirror_header_bytes - 4)),
               header.data() + mirror_header_bytes - 4);
  if (const auto taken = decode_mirror_header(header)) {
    const auto again = encode_mirror_header(*taken);
    fuzz::must(header == std::string_view{again.data(), again.size()});
  }
  return 0;
}
