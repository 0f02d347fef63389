// SPDX-License-Identifier: Apache-2.0
// JSON documents and NDJSON to events, and the rule that tells envelopes from bodies.
#include "runtime/intake.hpp"

#include "runtime/intake_parser.hpp"
#include "runtime/json.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace holdfast::intake {

namespace {

constexpr std::array<std::string_view, 11> envelope_names{
    "sequence", "kind",     "stream",     "type",      "schema", "key",
    "time",     "recorded", "durability", "causation", "trace"};

bool is_envelope(const object& members) {
  const auto body = members.find("body");
  if (body == members.end() || body->second.as<object>() == nullptr)
    return false;
  return std::all_of(members.begin(), members.end(), [](const auto& member) {
    return member.first == "body"
           || std::find(envelope_names.begin(), envelope_names.end(), member.first)
                  != envelope_names.end();
  });
}

/// The envelope's members are those of a record, so they are read by the same rules; but for the
/// body, which is most of it and need not be copied.
item from_envelope(value given, const defaults& otherwise, std::uint64_t line) {
  auto body = std::exchange(given.as<object>()->find("body")->second, value{});
  auto read = json::record_from(given);
  if (!read)
    return refused(line, read.error().what);
  event made;
  made.stream = given.find("stream") == nullptr ? otherwise.stream : std::move(read->stream);
  made.type = given.find("type") == nullptr ? otherwise.type : std::move(read->type);
  made.schema = read->schema;
  made.key = std::move(read->key);
  made.time = read->time;
  made.causation = read->causation;
  made.trace = std::move(read->trace);
  made.body = std::move(body);
  item done{line, std::move(made), std::nullopt};
  if (given.find("durability") != nullptr)
    done.level = read->level;
  return done;
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == line.npos;
}

class ndjson final : public reader::parser {
public:
  ndjson(defaults given, const limits& chosen)
      : parser{std::move(given), chosen}, lines_{chosen.line_bytes_max} {}

  void feed(std::string_view chunk, const taker& take) override {
    lines_.feed(
        chunk, [&](std::uint64_t line, std::string_view text) { one(line, text, take); },
        [&](std::uint64_t line, std::size_t length) {
          take(refused(line, too_long(length, allowed.line_bytes_max)));
        });
  }

  void finish(const taker& take) override {
    lines_.finish([&](std::uint64_t line, std::string_view text) { one(line, text, take); },
                  [&](std::uint64_t line, std::size_t length) {
                    take(refused(line, too_long(length, allowed.line_bytes_max)));
                  });
  }

private:
  void one(std::uint64_t line, std::string_view text, const taker& take) const {
    if (line == 1 && text.starts_with("\xEF\xBB\xBF"))
      text.remove_prefix(3);
    if (is_blank(text))
      return;
    auto read = json::parse(text, {allowed.line_bytes_max, allowed.depth_max});
    if (!read)
      return take(refused(line, read.error().what));
    take(to_item(std::move(*read), otherwise, line));
  }

  line_cutter lines_;
};

class document final : public reader::parser {
public:
  using parser::parser;

  void feed(std::string_view chunk, const taker&) override {
    length_ += chunk.size();
    if (length_ <= allowed.document_bytes_max)
      held_ += chunk;
    else
      std::string{}.swap(held_);
  }

  void finish(const taker& take) override {
    if (length_ > allowed.document_bytes_max)
      return take(refused(1, "the JSON document has " + std::to_string(length_)
                                 + " bytes, more than " + std::to_string(allowed.document_bytes_max)
                                 + "; send it as NDJSON, one event on each line"));
    // One level more than an event may have, for the array around them.
    auto read = json::parse(held_, {allowed.document_bytes_max, allowed.depth_max + 1});
    if (!read)
      return take(refused(1, read.error().what));
    auto* items = read->as<array>();
    if (items == nullptr)
      return take(to_item(std::move(*read), otherwise, 1));
    for (std::uint64_t place = 0; auto& one : *items)
      take(to_item(std::move(one), otherwise, ++place));
  }

private:
  std::string held_;
  std::size_t length_ = 0;
};

} // namespace

item refused(std::uint64_t line, std::string what) {
  return {line, fault{fault_code::invalid, std::move(what), ""}, std::nullopt};
}

std::string too_long(std::size_t length, std::size_t bytes_max) {
  return "the line has " + std::to_string(length) + " bytes, more than "
         + std::to_string(bytes_max);
}

item to_item(value given, const defaults& otherwise, std::uint64_t line) {
  const auto* members = given.as<object>();
  if (members == nullptr)
    return refused(line, "an event is a JSON object");
  if (is_envelope(*members))
    return from_envelope(std::move(given), otherwise, line);
  event made;
  made.stream = otherwise.stream;
  made.type = otherwise.type;
  made.body = std::move(given);
  return {line, std::move(made), std::nullopt};
}

std::optional<format> format_named(std::string_view name) {
  if (name.starts_with('.'))
    name.remove_prefix(1);
  if (name == "json")
    return format::json;
  if (name == "jsonl" || name == "ndjson")
    return format::ndjson;
  if (name == "csv")
    return format::csv;
  return std::nullopt;
}

reader::reader(format form, defaults given, const limits& allowed) {
  switch (form) {
  case format::json:
    parser_ = std::make_unique<document>(std::move(given), allowed);
    break;
  case format::ndjson:
    parser_ = std::make_unique<ndjson>(std::move(given), allowed);
    break;
  case format::csv:
    parser_ = make_csv(std::move(given), allowed);
    break;
  }
}

reader::~reader() = default;

void reader::feed(std::string_view chunk, const taker& take) {
  parser_->feed(chunk, take);
}

void reader::finish(const taker& take) {
  parser_->finish(take);
}

} // namespace holdfast::intake
