// SPDX-License-Identifier: Apache-2.0
// Tests of a telemetry line: escaping, division, CRC, and reading it back.
#include "persistence/telemetry_line.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <limits>
#include <string>
#include <vector>

using namespace holdfast;
using namespace holdfast::persistence;

namespace {

telemetry_record record_of(std::string_view message) {
  return {.seq = 7,
          .level = severity::warn,
          .time = {1'795'348'800'123'456},
          .logger = "breaker",
          .message = message};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    BOOST_REQUIRE(end != std::string::npos);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

struct printing {
  telemetry_limits limits;
  telemetry_redaction redaction;

  std::vector<std::string> print(const telemetry_record& record) const {
    telemetry_printer printer{{"b007.1.1", 42}, redaction, limits};
    std::string out;
    printer.print(out, record);
    return lines_of(out);
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(telemetry_lines)

BOOST_FIXTURE_TEST_CASE(hold_what_was_said_as_plain_json, printing) {
  auto record = record_of("opened");
  record.fields = {
      {"failures", std::int64_t{-3}},    {"ratio", 0.25},
      {"large", UINT64_C(1) << 63U},     {"forced", true},
      {"who", std::string_view{"a\"b"}}, {"no", std::numeric_limits<double>::infinity()}};
  const auto lines = print(record);
  BOOST_REQUIRE(lines.size() == 1);
  const auto json = nlohmann::json::parse(lines[0]);
  BOOST_TEST(json["seq"] == 7);
  BOOST_TEST(json["boot"] == "b007.1.1");
  BOOST_TEST(json["pid"] == 42);
  BOOST_TEST(json["time"] == "2026-11-22T12:00:00.123456Z");
  BOOST_TEST(json["level"] == "warn");
  BOOST_TEST(json["logger"] == "breaker");
  BOOST_TEST(json["message"] == "opened");
  BOOST_TEST(json["fields"].dump()
             == R"({"failures":-3,"forced":true,"large":9223372036854775808,"no":"inf",)"
                R"("ratio":0.25,"who":"a\"b"})");
  BOOST_TEST(lines[0].substr(lines[0].size() - 18, 8) == ",\"crc\":\"");

  const auto read = parse_telemetry_line(lines[0]);
  BOOST_REQUIRE(bool{read});
  BOOST_TEST(read->seq == 7U);
  BOOST_TEST(read->pid == 42);
  BOOST_TEST(read->message == "opened");
  BOOST_TEST(nlohmann::json::parse(read->fields) == json["fields"]);
}

BOOST_FIXTURE_TEST_CASE(never_let_text_break_out_of_its_string, printing) {
  struct row {
    std::string_view said;
    std::string_view written;
  };
  const std::string_view zero{"a\0b", 3};
  for (const auto& [said, written] :
       {row{"a\r\nb", R"(a\r\nb)"}, row{"\x1b[31mred", R"(\u001b[31mred)"},
        row{zero, R"(a\u0000b)"}, row{"\xC2\x9B", R"(\u009b)"}, row{"\x7F", R"(\u007f)"},
        row{"\xE2\x80\xA8", R"(\u2028)"}, row{"\xE2\x80\xAE", R"(\u202e)"}, row{"\"\\", R"(\"\\)"},
        row{"\xFF", "\xEF\xBF\xBD"}, row{"\xC3", "\xEF\xBF\xBD"},
        row{"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        row{"\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        row{"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        row{"gr\xC3\xBC\xC3\x9F \xF0\x9F\x8C\x8A", "gr\xC3\xBC\xC3\x9F \xF0\x9F\x8C\x8A"}})
    BOOST_TEST_CONTEXT("written as " << written) {
      std::string out;
      BOOST_TEST(append_escaped(out, said, 100) == said.size());
      BOOST_TEST(out == written);
      const auto lines = print(record_of(said));
      BOOST_REQUIRE(lines.size() == 1);
      BOOST_TEST(nlohmann::json::accept(lines[0]));
      BOOST_TEST(bool{parse_telemetry_line(lines[0])});
    }
}

BOOST_FIXTURE_TEST_CASE(continue_in_the_next_line_and_lose_nothing, printing) {
  std::string said;
  while (said.size() < 60000)
    said += "\xF0\x9F\x8C\x8A wave\n\"";
  auto record = record_of(said);
  record.fields = {{"last", std::int64_t{1}}};
  const auto lines = print(record);
  BOOST_TEST(lines.size() >= 4U);
  std::string heard;
  for (std::size_t part = 0; part < lines.size(); ++part) {
    BOOST_TEST(lines[part].size() < limits.line_bytes);
    const auto read = parse_telemetry_line(lines[part]);
    BOOST_REQUIRE(bool{read});
    BOOST_TEST(read->seq == 7U);
    BOOST_TEST(read->part == part);
    BOOST_TEST(read->more == (part + 1 != lines.size()));
    BOOST_TEST(read->fields.empty() == (part + 1 != lines.size()));
    heard += read->message;
  }
  BOOST_TEST((heard == said));
}

BOOST_FIXTURE_TEST_CASE(name_what_a_limit_took, printing) {
  limits.fields_bytes = 40;
  auto record = record_of("cut");
  record.cut = 12;
  record.unlisted = 2;
  const std::string large(50, 'x');
  record.fields = {{"large", std::string_view{large}}, {"small", true}};
  const auto json = nlohmann::json::parse(print(record).at(0));
  BOOST_TEST(json["cut"] == 12);
  BOOST_TEST(json["unlisted"] == 3);
  BOOST_TEST(json["fields"].dump() == R"({"small":true})");
}

BOOST_FIXTURE_TEST_CASE(are_redacted_before_they_are_divided, printing) {
  limits.line_bytes = 8192;
  const std::string secret = "SECRET";
  redaction.text = [&secret](std::string& text) {
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret))
      text.replace(at, secret.size(), "*");
  };
  redaction.names_secret = [](std::string_view name) { return name == "pin"; };
  for (std::size_t before = 7900; before < 8192; ++before) {
    auto record = record_of({});
    const auto said = std::string(before, 'x') + secret + std::string(1000, 'y');
    record.message = said;
    record.fields = {{"pin", std::int64_t{1234}}, {"note", std::string_view{"a SECRET b"}}};
    std::string heard;
    for (const auto& line : print(record)) {
      const auto read = parse_telemetry_line(line);
      BOOST_REQUIRE(bool{read});
      heard += read->message + read->fields;
    }
    BOOST_REQUIRE(heard
                  == std::string(before, 'x') + "*" + std::string(1000, 'y')
                         + R"({"pin":"[redacted]","note":"a * b"})");
  }
}

BOOST_FIXTURE_TEST_CASE(are_refused_after_any_single_change, printing) {
  auto record = record_of("short");
  record.fields = {{"n", std::int64_t{1}}};
  const auto line = print(record).at(0);
  for (std::size_t at = 0; at < line.size(); ++at)
    for (unsigned bit = 0; bit < 8; ++bit) {
      auto changed = line;
      changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ (1U << bit));
      const auto read = parse_telemetry_line(changed);
      // Hexadecimal digits of the CRC itself may change their case, and mean the same.
      const bool same = at >= line.size() - 10 && bit == 5 && line[at] >= 'a' && line[at] <= 'f';
      BOOST_TEST((bool{read} == same), "byte " << at << " bit " << bit << ": " << changed);
    }
  for (std::size_t size = 0; size < line.size(); ++size)
    BOOST_TEST(!parse_telemetry_line(line.substr(0, size)), "the first " << size << " bytes");
}

BOOST_AUTO_TEST_CASE(tell_what_was_shed) {
  telemetry_printer printer{{"b", 1}, {}, {}};
  std::string out;
  telemetry_shed shed;
  shed.add(9);
  shed.add(4);
  printer.print(out, 12, severity::info, shed, {0});
  out.pop_back();
  const auto json = nlohmann::json::parse(out);
  BOOST_TEST(json["dropped"] == 2);
  BOOST_TEST(json["from"] == 4);
  BOOST_TEST(json["to"] == 9);
  BOOST_TEST(json["level"] == "info");
  const auto read = parse_telemetry_line(out);
  BOOST_REQUIRE(bool{read});
  BOOST_TEST(read->dropped == 2U);
}

BOOST_AUTO_TEST_CASE(of_one_file_chain_to_each_other) {
  telemetry_printer printer{{"b", 1}, {}, {}};
  digest chain{};
  std::string out;
  printer.print_audit(out, record_of("first"), chain, "audit.before.jsonl");
  printer.print_audit(out, record_of(std::string(20000, 'x')), chain, {});
  const auto lines = lines_of(out);
  BOOST_REQUIRE(lines.size() == 3);
  digest next{};
  for (const auto& line : lines) {
    const auto after = telemetry_chain(next, line);
    const auto read = parse_telemetry_line(line);
    BOOST_REQUIRE((after && read));
    BOOST_TEST((after == read->hash));
    next = *after;
  }
  BOOST_TEST((next == chain));
  BOOST_TEST(parse_telemetry_line(lines[0])->after == "audit.before.jsonl");
  BOOST_TEST((telemetry_chain(digest{}, lines[1]) != parse_telemetry_line(lines[1])->hash));
}

BOOST_AUTO_TEST_SUITE_END()
