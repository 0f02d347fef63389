// SPDX-License-Identifier: Apache-2.0
// Tests of record values: golden bytes, the chain, and that no harm goes unnoticed.
#include "persistence/record.hpp"

#include "persistence/sha256.hpp"
#include "tests/support/expect.hpp"
#include "tests/support/hex.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace holdfast;
using namespace holdfast::persistence;
using namespace holdfast::testing;

namespace {

// On disk: never change. Made by a second implementation in another language, from FORMAT.md.
const auto first_bytes =
    from_hex("01010201020003000500020000401e18240a060001401e18240a060000000000000000005221912c"
             "7db63e286c833e3caf017fdcdd5f572191823e19f24e83ef4819517f2662a2889790bb5d944c24a7"
             "dc57b5706c6c6d75736167656b3182a56d6f64656ca167a6746f6b656e730c");
const auto second_bytes =
    from_hex("010101020100010001000000ffffffffffffffff02000000000000000100000000000000be1176d6"
             "99518599004ed3bfef570f2f535f99115928c3d48065c042feac356aefdbbce9152a4681408771df"
             "db4868e17374aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac0");

// Version 2: with a trace, once beside a key and an explicit identity.
const auto traced_bytes =
    from_hex("020102030100010001000100030000000000000004000000000000000200000000000000e20d68cf8c"
             "e7c5c31f3d5a8dd91763c089fdadbb093245810824abae1af44bdd0f4e51ba3fb320908239cfa429d9"
             "ee0e73746bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb4bf92f35"
             "77b34da6a3ce929d0e0e473600f067aa0ba902b7c0");
const auto plain_traced_bytes =
    from_hex("020102000100010001000000050000000000000006000000000000000000000000000000b8c3617062"
             "f955d5901f92af660aadb50276a6dc7bf4cf9f7767bad75cbc63991e861a0ec12ea0a5e0bf4b257633"
             "ea2a73744bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7c3");
constexpr auto trace_of_all = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";

instance_id counted() {
  instance_id made{};
  for (std::size_t i = 0; i < made.size(); ++i)
    made[i] = static_cast<std::uint8_t>(i);
  return made;
}

const auto first_body = from_hex("82a56d6f64656ca167a6746f6b656e730c");
const auto second_body = from_hex("c0");

record_view first_fields() {
  record_view made;
  made.kind = record_kind::event;
  made.level = durability::power;
  made.schema = 2;
  made.stream = "llm";
  made.type = "usage";
  made.key = "k1";
  made.time = wall_time{1700000000000000};
  made.recorded = wall_time{1700000000000001};
  made.body = first_body;
  made.content = content_of(made.stream, made.type, made.schema, made.key, made.body);
  made.payload_identity = made.content;
  return made;
}

record_view second_fields() {
  record_view made;
  made.kind = record_kind::event;
  made.level = durability::process;
  made.stream = "s";
  made.type = "t";
  made.time = wall_time{-1};
  made.recorded = wall_time{2};
  made.causation = sequence{1};
  made.body = second_body;
  made.content = content_of(made.stream, made.type, made.schema, made.key, made.body);
  made.explicit_identity = true;
  made.payload_identity.fill(0xaa);
  return made;
}

const auto raw_trace = from_hex("4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7");
const auto true_body = from_hex("c3");

record_view traced_fields() {
  auto made = second_fields();
  made.level = durability::power;
  made.key = "k";
  made.time = wall_time{3};
  made.recorded = wall_time{4};
  made.causation = sequence{2};
  made.content = content_of(made.stream, made.type, made.schema, made.key, made.body);
  made.payload_identity.fill(0xbb);
  made.trace = raw_trace;
  return made;
}

record_view plain_traced_fields() {
  auto made = traced_fields();
  made.key = {};
  made.time = wall_time{5};
  made.recorded = wall_time{6};
  made.causation = {};
  made.body = true_body;
  made.content = content_of(made.stream, made.type, made.schema, made.key, made.body);
  made.explicit_identity = false;
  made.payload_identity = made.content;
  return made;
}

/// Nothing wrong is found in these bytes at that place.
bool passes(const std::string& bytes, sequence at, const chain_digest& previous) {
  const auto view = view_record(bytes);
  return view && verify_content(*view, at) && verify_chain(bytes, at, previous);
}

} // namespace

BOOST_AUTO_TEST_SUITE(record)

BOOST_AUTO_TEST_CASE(has_golden_bytes_digests_and_links) {
  BOOST_TEST(hex(as_chars(first_fields().content))
             == "5221912c7db63e286c833e3caf017fdcdd5f572191823e19f24e83ef4819517f");
  BOOST_TEST(hex(as_chars(chain_start(counted()))) == "941cfd744df136ad8e7d6896d9a86cf3");
  BOOST_TEST(hex(as_chars(key_identity("llm", "k1")))
             == "07a2be7ebeab7c37772580d04dbdad68b3e491cd2431efd7aa6e5dcd2ca7e8d7");
  std::string out = "kept";
  const auto first = append_record(first_fields(), sequence{1}, chain_start(counted()), out);
  BOOST_TEST(hex(out.substr(4)) == hex(first_bytes));
  BOOST_TEST(hex(as_chars(first)) == "2662a2889790bb5d944c24a7dc57b570");
  out.clear();
  const auto second = append_record(second_fields(), sequence{2}, first, out);
  BOOST_TEST(hex(out) == hex(second_bytes));
  BOOST_TEST(hex(as_chars(second)) == "efdbbce9152a4681408771dfdb4868e1");
  out.clear();
  const auto third = append_record(traced_fields(), sequence{3}, second, out);
  BOOST_TEST(hex(out) == hex(traced_bytes));
  BOOST_TEST(hex(as_chars(third)) == "0f4e51ba3fb320908239cfa429d9ee0e");
  out.clear();
  append_record(plain_traced_fields(), sequence{4}, third, out);
  BOOST_TEST(hex(out) == hex(plain_traced_bytes));
}

BOOST_AUTO_TEST_CASE(keeps_the_trace_that_caused_it) {
  for (const auto& bytes : {traced_bytes, plain_traced_bytes}) {
    const auto view = good(view_record(bytes));
    BOOST_TEST(hex(view.trace) == hex(raw_trace));
    BOOST_TEST(good(decode_record(sequence{3}, bytes)).trace == trace_of_all);
  }
  BOOST_TEST(good(decode_record(sequence{1}, first_bytes)).trace == "");
  BOOST_TEST(*trace_bytes(trace_of_all) == raw_trace);
  BOOST_TEST(*trace_bytes("") == "");
  for (const auto* wrong : {"4bf92f3577b34da6a3ce929d0e0e4736", "x",
                            "4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7",
                            "4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7",
                            "4bf92f3577b34da6a3ce929d0e0e47-3600f067aa0ba902b7",
                            "00000000000000000000000000000000-00f067aa0ba902b7",
                            "4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000",
                            "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7x"})
    BOOST_TEST(!trace_bytes(wrong).has_value(), wrong);
}

BOOST_AUTO_TEST_CASE(comes_back_as_it_was) {
  const auto decoded = good(decode_record(sequence{1}, first_bytes));
  recorded_event expected;
  expected.at = sequence{1};
  expected.schema = 2;
  expected.stream = "llm";
  expected.type = "usage";
  expected.key = "k1";
  expected.time = wall_time{1700000000000000};
  expected.recorded = wall_time{1700000000000001};
  expected.content = first_fields().content;
  expected.chain = good(view_record(first_bytes)).chain;
  expected.body = object{{"model", "g"}, {"tokens", 12}};
  BOOST_TEST(decoded == expected);
  const auto view = good(view_record(second_bytes));
  BOOST_TEST(view.explicit_identity);
  BOOST_TEST((seen_identity(view) == second_fields().payload_identity));
  BOOST_TEST((seen_identity(good(view_record(first_bytes))) == key_identity("llm", "k1")));
  std::string again;
  append_record(view, sequence{2}, good(view_record(first_bytes)).chain, again);
  BOOST_TEST(hex(again) == hex(second_bytes));
}

BOOST_AUTO_TEST_CASE(shows_every_flipped_bit_and_every_cut) {
  const auto start = chain_start(counted());
  const auto first = good(view_record(first_bytes)).chain;
  BOOST_TEST(passes(first_bytes, sequence{1}, start));
  BOOST_TEST(passes(second_bytes, sequence{2}, first));
  harm(first_bytes, [&](const std::string& harmed, const std::string& how) {
    BOOST_TEST(!passes(harmed, sequence{1}, start), how);
  });
  harm(second_bytes, [&](const std::string& harmed, const std::string& how) {
    BOOST_TEST(!passes(harmed, sequence{2}, first), how);
  });
  const auto second = good(view_record(second_bytes)).chain;
  BOOST_TEST(passes(traced_bytes, sequence{3}, second));
  harm(traced_bytes, [&](const std::string& harmed, const std::string& how) {
    BOOST_TEST(!passes(harmed, sequence{3}, second), how);
  });
}

BOOST_AUTO_TEST_CASE(fits_only_its_own_place) {
  const auto start = chain_start(counted());
  const auto first = good(view_record(first_bytes)).chain;
  BOOST_TEST(!passes(first_bytes, sequence{2}, start));
  BOOST_TEST(!passes(second_bytes, sequence{2}, start));
  const auto other = verify_chain(second_bytes, sequence{3}, first);
  BOOST_TEST((code_of(other) == fault_code::corrupt));
  BOOST_TEST(other.error().what.find("record 3") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(tells_a_newer_version_from_damage) {
  auto newer = first_bytes;
  newer[0] = 3;
  BOOST_TEST((code_of(decode_record(sequence{1}, newer)) == fault_code::unsupported));
  BOOST_TEST((code_of(decode_record(sequence{1}, "")) == fault_code::corrupt));
}

BOOST_AUTO_TEST_CASE(never_mistakes_one_field_for_another) {
  BOOST_TEST((content_of("ab", "c", 1, "", "\xc0") != content_of("a", "bc", 1, "", "\xc0")));
  BOOST_TEST((content_of("a", "b", 1, "k", "\xc0") != content_of("a", "b", 1, "", "\xc0")));
  BOOST_TEST((content_of("a", "b", 1, "", "\xc0") != content_of("a", "b", 2, "", "\xc0")));
  BOOST_TEST((key_identity("ab", "c") != key_identity("a", "bc")));
  // Short bodies are hashed from one buffer, long ones in pieces: at the border both must agree.
  const std::string body(1100, 'x');
  for (std::size_t size = 900; size < body.size(); ++size) {
    std::string whole = "holdfast/content/1";
    whole += std::string("\x06\0stream\x04\0type\x01\0\x03\0key", 21) + body.substr(0, size);
    BOOST_TEST((content_of("stream", "type", 1, "key", body.substr(0, size)) == sha256(whole)));
  }
}

BOOST_AUTO_TEST_SUITE_END()
