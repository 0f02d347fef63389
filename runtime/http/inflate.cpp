// SPDX-License-Identifier: Apache-2.0
// zlib, one bounded piece of output after the other.
#include "runtime/http/inflate.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

namespace holdfast::http {

namespace {

constexpr int gzip_only = 16 + MAX_WBITS;

struct stream_end {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

} // namespace

unpacked inflate(std::string_view packed, std::uint64_t bytes_max) {
  unpacked made;
  z_stream stream{};
  if (packed.size() > std::numeric_limits<uInt>::max() || inflateInit2(&stream, gzip_only) != Z_OK)
    return made;
  const std::unique_ptr<z_stream, stream_end> ends{&stream};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  std::array<char, 65536> piece{};
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const auto told = ::inflate(&stream, Z_NO_FLUSH);
    const auto fresh = piece.size() - stream.avail_out;
    if (fresh > bytes_max - made.bytes.size()) {
      made = {unpacked::state::too_large, {}};
      return made;
    }
    made.bytes.append(piece.data(), fresh);
    if (told == Z_STREAM_END && stream.avail_in == 0) {
      made.is = unpacked::state::whole;
      return made;
    }
    if (told == Z_STREAM_END && inflateReset(&stream) == Z_OK)
      continue; // another member
    if (told != Z_OK)
      return made; // without progress, too: the end is missing
  }
}

std::optional<response> unpack_body(request& asked, std::uint64_t bytes_max) {
  const auto encoding = small_letters(asked.header("content-encoding"));
  if (encoding.empty() || encoding == "identity")
    return std::nullopt;
  if (encoding != "gzip" && encoding != "x-gzip") {
    auto refused = refusal(
        {fault_code::invalid, "the only Content-Encoding that is understood is gzip", ""}, 415);
    refused.headers.emplace_back("Accept-Encoding", "gzip");
    return refused;
  }
  auto made = inflate(asked.body, bytes_max);
  switch (made.is) {
  case unpacked::state::whole:
    asked.body = std::move(made.bytes);
    asked.headers.erase("content-encoding");
    return std::nullopt;
  case unpacked::state::too_large:
    return refusal({fault_code::invalid,
                    "the unpacked body is larger than " + std::to_string(bytes_max) + " bytes", ""},
                   413);
  case unpacked::state::broken:
    break;
  }
  return refusal({fault_code::invalid, "the body is not whole gzip", ""}, 400);
}

} // namespace holdfast::http
