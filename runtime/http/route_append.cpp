// SPDX-License-Identifier: Apache-2.0
// POST /v1/events: bytes to events, events to the journal, one answer for each.
#include "runtime/http/routes.hpp"
#include "runtime/intake.hpp"
#include "runtime/json.hpp"

#include <array>
#include <memory>
#include <utility>

namespace holdfast::http {

namespace {

/// A parameter of the query, else the header that says the same.
std::string parameter(const request& asked, std::string_view name, std::string_view header) {
  const auto found = asked.query.find(name);
  return found == asked.query.end() ? std::string{asked.header(header)} : found->second;
}

/// Of the media types that the door lets through.
intake::format format_of(const request& asked) {
  const auto type = asked.media_type();
  return type == "application/json" ? intake::format::json
         : type == "text/csv"       ? intake::format::csv
                                    : intake::format::ndjson;
}

std::optional<durability> level_named(std::string_view name) {
  for (const auto level : {durability::none, durability::process, durability::power})
    if (to_string(level) == name)
      return level;
  return std::nullopt;
}

/// What the answer for one event usually takes.
constexpr std::size_t answer_bytes = 110;

constexpr std::array outcomes{outcome::conflict, outcome::duplicate, outcome::rejected,
                              outcome::stored, outcome::unknown};

/// One request on its way: the items that were refused at once, and the places of the others.
struct intake_result {
  std::vector<append_answer> answers; ///< One for each item, in order.
  std::vector<std::uint64_t> lines;   ///< Of every item.
  std::vector<std::size_t> places;    ///< Of the submitted ones, in `answers`.
  std::vector<submission> submitted;
};

void refuse(intake_result& into, std::uint64_t line, std::string why) {
  append_answer told;
  told.what = outcome::rejected;
  told.error = std::move(why);
  into.answers.push_back(std::move(told));
  into.lines.push_back(line);
}

intake_result take_in(const call& now, intake::format form, durability level) {
  const auto& asked = now.asked;
  intake_result made;
  auto type = parameter(asked, "type", "holdfast-type");
  intake::reader reader{
      form,
      {parameter(asked, "stream", "holdfast-stream"), type.empty() ? "event" : std::move(type)},
      {now.chosen.line_bytes_max, now.chosen.stream_body_bytes_max, 64}};
  const auto take = [&](intake::item one) {
    if (!one.made)
      return refuse(made, one.line, one.made.error().what);
    if (one.made->stream.empty())
      return refuse(made, one.line,
                    "`stream` is missing: name it in the event, or for all with ?stream=");
    made.places.push_back(made.answers.size());
    made.answers.emplace_back();
    made.lines.push_back(one.line);
    if (one.made->trace.empty())
      one.made->trace = asked.trace.print();
    made.submitted.push_back({*std::move(one.made), one.level.value_or(level)});
  };
  reader.feed(asked.body, take);
  reader.finish(take);
  return made;
}

response answered(intake_result& made, const std::vector<append_answer>& told, bool lines) {
  for (std::size_t i = 0; i < told.size() && i < made.places.size(); ++i)
    made.answers[made.places[i]] = told[i];
  std::array<std::uint64_t, 8> counts{}; // by the number of the outcome
  response done;
  done.body.reserve(made.answers.size() * answer_bytes + 100);
  done.body += "{\"answers\":[";
  for (std::size_t i = 0; i < made.answers.size(); ++i) {
    if (i > 0)
      done.body += ',';
    json::print_answer(made.answers[i], lines ? made.lines[i] : 0, done.body);
    ++counts[static_cast<std::size_t>(made.answers[i].what)];
  }
  done.body += ']';
  for (const auto what : outcomes) {
    const std::string name{to_string(what)};
    const auto count = counts[static_cast<std::size_t>(what)];
    done.body += ",\"" + name + "\":" + std::to_string(count);
    done.audit[name] = count;
  }
  done.body += "}\n";
  return done;
}

} // namespace

void post_events(call now, answer take) {
  const auto form = format_of(now.asked);
  const auto asked_level = parameter(now.asked, "durability", "holdfast-durability");
  const auto level = asked_level.empty() ? now.behind.usual_level() : level_named(asked_level);
  if (!level)
    return take(refusal({fault_code::invalid, "`durability` must be none, process or power", ""}));
  auto made = std::make_shared<intake_result>(take_in(now, form, *level));
  const auto key = now.asked.header("idempotency-key");
  if (!key.empty()) {
    if (made->answers.size() != 1 || form != intake::format::json)
      return take(refusal({fault_code::invalid, "Idempotency-Key goes with a single event",
                           "give each event of several its own `key` in an envelope"}));
    for (auto& one : made->submitted)
      one.what.key = key;
  }
  // A body that is no document at all is one mistake, not an item of its own.
  if (form == intake::format::json && made->submitted.empty() && made->answers.size() == 1)
    return take(refusal({fault_code::invalid, made->answers.front().error, "nothing was taken"}));
  const bool lines = form != intake::format::json;
  if (made->submitted.empty())
    return take(answered(*made, {}, lines));
  now.behind.append(std::move(made->submitted),
                    [made, take = std::move(take), lines](const append_result& told) {
                      if (!told.refused)
                        return take(answered(*made, told.answers, lines));
                      const auto& [reason, hint] = *told.refused;
                      const auto plain = refusal(reason);
                      auto refused = retry_later(reason, plain.status, hint);
                      refused.audit["refused"] = std::string{to_string(reason.code)};
                      take(std::move(refused));
                    });
}

} // namespace holdfast::http
