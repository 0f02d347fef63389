// SPDX-License-Identifier: Apache-2.0
// Fuzzes lines of telemetry files: hostile lines behind a right CRC, and hostile text in a line.
#include "persistence/crc32c.hpp"
#include "persistence/telemetry_line.hpp"

#include "tests/fuzz/target.hpp"

namespace {

using namespace holdfast;
using namespace holdfast::persistence;

/// The content with the ending that makes it a line, so that the parser is reached behind its CRC.
std::string sealed(std::string_view content) {
  std::string line{content};
  auto crc = crc32c(content);
  line += ",\"crc\":\"";
  for (int digit = 0; digit < 8; ++digit, crc <<= 4U)
    line += "0123456789abcdef"[crc >> 28U];
  return line + "\"}";
}

void read(std::string_view text) {
  telemetry_chain({}, text);
  const auto line = parse_telemetry_line(text);
  if (!line)
    return;
  fuzz::must(line->fields.empty()
             || (line->fields.front() == '{' && text.find(line->fields) != text.npos));
  const auto escaped = text.find('\\') != text.npos;
  for (const auto* name : {"seq", "boot", "pid", "time", "level", "message"})
    fuzz::must(escaped || text.find("\"" + std::string{name} + "\":") != text.npos);
}

/// Whatever is logged can be read back, each line by itself, and no line exceeds its limit.
void write(std::string_view text) {
  telemetry_limits limits;
  limits.fields_bytes = 512;
  limits.line_bytes = 2560;
  telemetry_printer printer{{"b", 1}, {}, limits};
  telemetry_record said{.seq = 3, .logger = text, .message = text};
  said.fields = {{text, text}, {"n", std::int64_t{1}}};
  std::string out;
  digest chain{};
  printer.print(out, said);
  printer.print_audit(out, said, chain, text);
  for (std::size_t at = 0; at < out.size();) {
    const auto end = out.find('\n', at);
    fuzz::must(end != std::string::npos && end - at < limits.line_bytes);
    const auto line = std::string_view{out}.substr(at, end - at);
    const auto back = parse_telemetry_line(line);
    fuzz::must(back && back->seq == 3 && back->boot == "b");
    at = end + 1;
  }
}

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto given = fuzz::as_text(data, size);
  read(given);
  read(sealed(given));
  write(given.substr(0, 4096));
  return 0;
}
