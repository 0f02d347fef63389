// SPDX-License-Identifier: Apache-2.0
// Tests of what is taken out of text, and of what is left in it.
#include "actors/telemetry/redaction.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace holdfast;
using holdfast::telemetry::pattern;
using holdfast::telemetry::redaction;

namespace {

std::string redacted(std::string text, const std::vector<std::string>& expressions = {}) {
  const auto made = redaction::with(expressions);
  BOOST_REQUIRE(bool{made});
  made->redact(text);
  return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(redaction_of_telemetry)

BOOST_AUTO_TEST_CASE(takes_out_secrets_and_leaves_the_rest) {
  struct row {
    const char* said;
    const char* written;
  };
  for (const auto& [said, written] : {
           row{"Authorization: Bearer abc.def-123", "Authorization: [redacted]"},
           row{"> authorization: Basic dXNlcjpwYXNz\r\n> Accept: */*",
               "> authorization: [redacted]\r\n> Accept: */*"},
           row{"sent bearer eyJhbGciOi.x.y to host", "sent bearer [redacted] to host"},
           row{"Cookie: a=1; b=2\nnext", "Cookie: [redacted]\nnext"},
           row{"key sk-proj-abcdefghijklmnop0123 failed", "key [redacted] failed"},
           row{"(ghp_0123456789abcdefABCDEF)", "([redacted])"},
           row{"AKIAIOSFODNN7EXAMPLE12", "[redacted]"},
           row{"postgres://admin:s3cr:t@db:5432/x?y=1",
               "postgres://admin:[redacted]@db:5432/x?y=1"},
           row{"https://0123456789abcdef@host/x", "https://[redacted]@host/x"},
           row{"password=hunter2&user=me", "password=[redacted]&user=me"},
           row{"DB_PASSWORD = hunter2 next", "DB_PASSWORD = [redacted] next"},
           row{R"({"api_key": "a b\"c", "n": 1})", R"({"api_key": "[redacted]", "n": 1})"},
           row{R"("{\"token\":\"xyz\",\"n\":1}")", R"("{\"token\":\"[redacted]\",\"n\":1}")"},
           row{"x-api-key: 12345", "x-api-key: [redacted]"},
           row{"client_secret='a, b' ok", "client_secret='[redacted]' ok"},
           row{"accessToken=abc; apiKey=def", "accessToken=[redacted]; apiKey=[redacted]"},
           row{"token=Bearer abcdefgh", "token=[redacted] [redacted]"},
           row{"password: \"unended", "password: \"[redacted]"},
           // What only looks like one.
           row{"input_tokens=512 total_tokens: 700", "input_tokens=512 total_tokens: 700"},
           row{"risk-averse task-sk-short", "risk-averse task-sk-short"},
           row{"http://host:8080/a@b", "http://host:8080/a@b"},
           row{"mail me@host.org: done", "mail me@host.org: done"},
           row{"password=", "password="},
           row{"time 12:30:45 a=b", "time 12:30:45 a=b"},
       })
    BOOST_TEST(redacted(said) == written, said << " became " << redacted(said));
  const auto twice = redacted("token=abc Authorization: x");
  BOOST_TEST(redacted(twice) == twice);
}

BOOST_AUTO_TEST_CASE(knows_fields_by_their_names) {
  for (const auto* name : {"password", "DB-Password", "api.key", "openai_api_key", "accessToken",
                           "Authorization", "set-cookie", "client_secret"})
    BOOST_TEST(redaction::names_secret(name), name);
  for (const auto* name : {"", "tokens", "input_tokens", "passwords_rejected", "key", "model"})
    BOOST_TEST(!redaction::names_secret(name), name);
}

BOOST_AUTO_TEST_CASE(uses_the_operators_patterns) {
  BOOST_TEST(redacted("card 4111-1111-1111-1111, id 7", {R"(\d{4}(-\d{4}){3})"})
             == "card [redacted], id 7");
  BOOST_TEST(redacted("ACME-12 acme-3", {"(?i)acme-\\d+"}) == "[redacted] [redacted]");
  const auto wrong = redaction::with({"fine", "(not"});
  BOOST_REQUIRE(!wrong);
  BOOST_TEST((wrong.error().code == fault_code::invalid));
  BOOST_TEST(wrong.error().what.find("\"(not\" lacks a )") != std::string::npos);
  BOOST_TEST(!redaction::with(std::vector<std::string>(33, "x")));
}

BOOST_AUTO_TEST_CASE(survives_any_bytes) {
  std::uint32_t state = 1;
  for (int round = 0; round < 20000; ++round) {
    constexpr std::string_view letters = ":=\"'\\ @/?&sk-bearertokpwd_eyJ\n\xff";
    std::string text;
    for (int letter = 0; letter < 40; ++letter) {
      state = state * 1664525U + 1013904223U;
      text += letters[(state >> 16U) % letters.size()];
    }
    static_cast<void>(redacted(text, {"[^a]+k", "(t|to)*$"}));
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_pattern)

BOOST_AUTO_TEST_CASE(finds_the_leftmost_and_then_longest_match) {
  struct row {
    const char* expression;
    const char* text;
    int begin; // -1: no match
    int end;
  };
  for (const auto& [expression, text, begin, end] :
       {row{"b+", "abbbc", 1, 4},         row{"a|ab|abc", "xabcd", 1, 4},
        row{"^b", "ab", -1, 0},           row{"b$", "ab", 1, 2},
        row{"a*", "bbb", -1, 0},          row{"a{2,3}", "aaaa", 0, 3},
        row{"a{2}", "a", -1, 0},          row{"a{2,}", "xaaaa", 1, 5},
        row{"[^0-9]+", "12ab3", 2, 4},    row{"[]a]+", "b]a", 1, 3},
        row{"[a-]+", "b-a", 1, 3},        row{"\\.\\d", "a.5", 1, 3},
        row{"(ab)+c?", "xababc", 1, 6},   row{"(?:a|b)*c", "abac", 0, 4},
        row{".+", "\nab", 1, 3},          row{"(?i)[a-c]x", "Bx", 0, 2},
        row{"\\w+\\s\\S", "a_1 %", 0, 5}, row{"(a?){3}b", "aab", 0, 3},
        row{"x*y|ab", "zab", 1, 3},       row{"(|a)b", "ab", 0, 2},
        row{"(a*)*b", "aaab", 0, 4}})
    BOOST_TEST_CONTEXT(expression << " in " << text) {
      const auto made = pattern::compile(expression);
      BOOST_REQUIRE(bool{made});
      const auto found = made->find(text);
      BOOST_TEST(bool{found} == (begin >= 0));
      if (found && begin >= 0) {
        BOOST_TEST(found->begin == static_cast<std::size_t>(begin));
        BOOST_TEST(found->end == static_cast<std::size_t>(end));
      }
    }
}

BOOST_AUTO_TEST_CASE(refuses_what_it_does_not_support_and_what_is_too_large) {
  for (const auto* wrong :
       {"(", ")", "a)", "[a", "*a", "a{", "a{1", "a{2,1}", "a{0}", "a{257}", "a{}", "\\", "\\b",
        "(?=a)", "[z-a]", "(a{99}){99}", "((a{64}){64}){64}"})
    BOOST_TEST(!pattern::compile(wrong), wrong);
  BOOST_TEST(!pattern::compile(std::string(257, 'a')));
}

BOOST_AUTO_TEST_CASE(takes_time_in_proportion_where_others_take_for_ever) {
  const auto made = pattern::compile("(a|a)*(a|aa)*(a*)*b");
  BOOST_REQUIRE(bool{made});
  BOOST_TEST(!made->find(std::string(65536, 'a')));
}

BOOST_AUTO_TEST_SUITE_END()
