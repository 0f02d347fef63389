// SPDX-License-Identifier: Apache-2.0
// Packed bodies: whole, cut, damaged, and those that would fill the memory.
#include "runtime/http/inflate.hpp"
#include "tests/runtime/served_here.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>
#include <zlib.h>

#include <string>

using namespace holdfast;
using state = http::unpacked::state;

namespace {

std::string packed(const std::string& bytes, int window = 16 + MAX_WBITS) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  BOOST_TEST_REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(inflating)

BOOST_AUTO_TEST_CASE(gives_back_what_was_packed_up_to_the_limit) {
  for (const std::size_t size : {0, 1, 65535, 65536, 65537, 300'000}) {
    std::string bytes(size, 'a');
    for (std::size_t i = 0; i < size; i += 7)
      bytes[i] = static_cast<char>(i * 31 % 251);
    const auto file = packed(bytes);
    BOOST_TEST_CONTEXT(size) {
      const auto whole = http::inflate(file, size);
      BOOST_TEST((whole.is == state::whole));
      BOOST_TEST((whole.bytes == bytes));
      if (size > 0)
        BOOST_TEST((http::inflate(file, size - 1).is == state::too_large));
      const auto twice = http::inflate(file + file, 2 * size);
      BOOST_TEST((twice.is == state::whole));
      BOOST_TEST((twice.bytes == bytes + bytes));
    }
  }
}

BOOST_AUTO_TEST_CASE(takes_nothing_that_is_not_whole_gzip) {
  const auto file = packed("what was said, and said, and said again");
  for (std::size_t size = 0; size < file.size(); ++size)
    BOOST_TEST((http::inflate(file.substr(0, size), 1000).is == state::broken), size);
  for (std::size_t at = file.size() - 8; at < file.size(); ++at) { // the check and the length
    auto damaged = file;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    BOOST_TEST((http::inflate(damaged, 1000).is == state::broken), at);
  }
  BOOST_TEST((http::inflate(file + "x", 1000).is == state::broken));
  BOOST_TEST((http::inflate(packed("zlib", MAX_WBITS), 1000).is == state::broken));
  BOOST_TEST((http::inflate(packed("raw", -MAX_WBITS), 1000).is == state::broken));
}

BOOST_AUTO_TEST_CASE(a_bomb_ends_at_the_limit) {
  const auto bomb = packed(std::string(50'000'000, '\0'));
  BOOST_TEST(bomb.size() < 100'000U);
  const auto told = http::inflate(bomb, 1'000'000);
  BOOST_TEST((told.is == state::too_large));
  BOOST_TEST(told.bytes.empty());
}

BOOST_FIXTURE_TEST_CASE(bombs_at_the_door_cost_their_limit_and_no_more, served_here) {
  const auto send = [this](const std::string& target, const std::string& body,
                           const std::string& type) {
    return post(target, body, type, {{"Content-Encoding", "gzip"}}).status;
  };
  const std::string lines = "application/x-ndjson";
  const auto member = packed(std::string(1 << 20, '\n'));
  std::string many; // a gibibyte
  for (int i = 0; i < 1024; ++i)
    many += member;
  BOOST_TEST(many.size() < 4'000'000U);
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  BOOST_TEST(send("/v1/events?stream=s", many, lines) == 413U);
  BOOST_TEST(send("/v1/events?stream=s", packed(std::string(40'000'000, '[')), "application/json")
             == 413U);
  BOOST_TEST(send("/v1/traces", many, "application/x-protobuf") == 413U);
  for (const auto* plain : {"/v1/consumers/c/commit", "/v1/retention"})
    BOOST_TEST(send(plain, packed(std::string(40'000'000, ' ')), "application/json") == 413U);
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  BOOST_TEST(after.ru_maxrss - before.ru_maxrss < 400'000); // KiB
  // One in another is unpacked once, and is no text then.
  const auto inner = packed("{\"n\":1}\n");
  const auto nested =
      json_of(post("/v1/events?stream=s", packed(inner), lines, {{"Content-Encoding", "gzip"}}));
  BOOST_TEST(nested.integer_at("stored") == 0);
  // Members without anything in them cost time only by their number.
  const auto nothing = packed("");
  std::string empties;
  while (empties.size() + nothing.size() < (1U << 20U))
    empties += nothing;
  BOOST_TEST(send("/v1/events?stream=s", empties + inner, lines) == 200U);
  BOOST_TEST(json_of(get("/v1/events?stream=s")).find("events")->as<array>()->size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_packed_body_is_as_good_as_a_plain_one, served_here) {
  const auto send = [this](const std::string& body, const std::string& encoding) {
    return post("/v1/events?stream=s", body, "application/x-ndjson",
                {{"Content-Encoding", encoding}});
  };
  const std::string lines = "{\"n\":1}\n{\"n\":2}\n";
  const auto told = send(packed(lines), "gzip");
  BOOST_TEST(told.status == 200U);
  BOOST_TEST(json_of(told).integer_at("stored") == 2);
  BOOST_TEST(json_of(send(lines, "identity")).integer_at("duplicate") == 2);
  BOOST_TEST(json_of(send(packed(lines), "X-GZIP")).integer_at("duplicate") == 2);
  BOOST_TEST(send(packed(std::string(17 << 20, ' ')), "gzip").status == 413U);
  BOOST_TEST(send(lines, "gzip").status == 400U);
  for (const auto* other : {"br", "zstd", "deflate", "gzip, gzip"}) {
    const auto refused = send(lines, other);
    BOOST_TEST(refused.status == 415U);
    BOOST_TEST(refused.headers.at("accept-encoding") == "gzip");
  }
}

BOOST_AUTO_TEST_SUITE_END()
