// SPDX-License-Identifier: Apache-2.0
// Reading JSON beside nlohmann-json alone: both take and refuse the same texts, and mean the same.
#include "runtime/json.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <random>
#include <set>

using namespace holdfast;

namespace {

/// As the other parser understood it, by our rules for bytes.
value translated(const nlohmann::json& from) {
  if (from.is_boolean())
    return from.get<bool>();
  if (from.is_number_unsigned())
    return from.get<std::uint64_t>();
  if (from.is_number_integer())
    return from.get<std::int64_t>();
  if (from.is_number_float())
    return from.get<double>();
  if (from.is_string())
    return from.get<std::string>();
  if (from.is_array()) {
    array items;
    for (const auto& one : from)
      items.push_back(translated(one));
    return items;
  }
  if (!from.is_object())
    return {};
  object members;
  for (const auto& [name, one] : from.items())
    members[name] = translated(one);
  if (members.size() == 1 && members.begin()->first == "$bytes")
    if (const auto* text = members.begin()->second.as<std::string>())
      if (auto raw = json::from_base64(*text))
        return bytes{*std::move(raw)};
  return members;
}

/// What the other parser makes of it; nothing where it refuses, or a name stands twice, which it
/// would let pass.
std::optional<value> by_another(const std::string& text) {
  std::vector<std::set<std::string>> names;
  bool twice = false;
  using what = nlohmann::json::parse_event_t;
  try {
    const auto read = nlohmann::json::parse(text, [&](int, what happened, nlohmann::json& one) {
      if (happened == what::object_start)
        names.emplace_back();
      else if (happened == what::object_end)
        names.pop_back();
      else if (happened == what::key)
        twice = !names.back().insert(one.get<std::string>()).second || twice;
      return true;
    });
    return twice ? std::nullopt : std::optional<value>{translated(read)};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

std::string changed(std::string text, std::mt19937_64& random) {
  static const std::string some =
      "{}[]\",:0123456789eE+-.tfnulrase\\/bd \n\t\x01\x7f\xc3\xa4\xe2\x82"
      "\xac\xf0\x9f\x98\x80\xed\xa0";
  for (auto changes = random() % 4; changes > 0; --changes) {
    const auto at = text.empty() ? 0 : random() % text.size();
    switch (random() % 3) {
    case 0:
      text.insert(at, 1, some[random() % some.size()]);
      break;
    case 1:
      text.erase(at, 1 + random() % 3);
      break;
    default:
      text.replace(at, text.empty() ? 0 : 1, 1, some[random() % some.size()]);
    }
  }
  return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(json_parser)

BOOST_AUTO_TEST_CASE(agrees_with_another_parser) {
  const std::vector<std::string> seeds{
      R"({"a":1,"b":[true,false,null,{"c":"d\u00e9\ud83d\ude00\n"}],"x":-1.5e-7,"z":-0})",
      R"([1,2,[3,[4]],"\\\"\/\b\f\r\t",0.1,1E5,-12,18446744073709551615])",
      "{\"\xc3\xa4\":\"\xe2\x82\xac\xf0\x9f\x98\x80\"}",
      R"({"$bytes":"AP8="})",
      " [ ] ",
      "{ }",
      "1e400",
      "1e-400",
      "-9223372036854775808",
      "\"\xed\x9f\xbf\"",
      "\xEF\xBB\xBF{}"};
  std::mt19937_64 random{3};
  std::size_t taken = 0;
  for (int round = 0; round < 30'000; ++round) {
    const auto text = changed(seeds[random() % seeds.size()], random);
    const auto ours = json::parse(text);
    const auto theirs = by_another(text);
    // It makes a double of an integer that does not fit.
    const bool too_large = !ours && ours.error().what.find("does not fit") != std::string::npos;
    if (ours && theirs && json::print(*ours) == json::print(*theirs))
      ++taken;
    else
      BOOST_TEST((!ours && (!theirs || too_large)), text);
  }
  BOOST_TEST(taken > 3000U);
}

BOOST_AUTO_TEST_CASE(ends_where_the_text_ends) {
  // nlohmann-json took a zero byte for the end, and what followed for nothing.
  using namespace std::string_literals;
  for (const auto& text : {"{}\0{}"s, "1\0"s, "[1,\0 2]"s, "\"a\0b\""s, "\0"s})
    BOOST_TEST(!json::parse(text));
  BOOST_TEST(bool(json::parse("{} \n\r\t")));
}

BOOST_AUTO_TEST_SUITE_END()
