// SPDX-License-Identifier: Apache-2.0
// Consumers, checkpoints, states and control values.
#include "runtime/http/routes.hpp"
#include "runtime/json.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::http {

namespace {

response with_state(const checkpoint& found) {
  auto body = json::to_value(found.info);
  (*body.as<object>())["state"] = found.state;
  return ok(body);
}

/// The newest at or before a sequence; those that do not verify are named beside it.
response newest(const persistence::reader& reader, const std::string& owner, sequence at) {
  std::vector<checkpoint_info> damaged;
  const auto found = reader.newest_checkpoint(owner, at, &damaged);
  if (!found)
    return refusal(found.error());
  auto body = json::to_value(found->info);
  auto& members = *body.as<object>();
  members["state"] = found->state;
  if (!damaged.empty()) {
    array bad;
    for (const auto& one : damaged)
      bad.push_back(json::to_value(one));
    members["damaged"] = std::move(bad);
  }
  return ok(body);
}

/// A member that is a whole number; `into` stays as it is when it is not there.
bool take_number(const value& from, std::string_view name, std::optional<std::uint64_t>& into) {
  const auto* found = from.find(name);
  if (found == nullptr || found->is_null())
    return true;
  if (const auto* large = found->as<std::uint64_t>())
    into = *large;
  else if (const auto* number = found->as<std::int64_t>(); number != nullptr && *number >= 0)
    into = static_cast<std::uint64_t>(*number);
  else
    return false;
  return true;
}

result<commit_consumer> commit_of(const call& now) {
  const auto bad = [](std::string what) {
    return fault{fault_code::invalid, std::move(what), "send {\"position\":N}"};
  };
  auto body = json::parse(now.asked.body, {now.chosen.body_bytes_max, 64});
  if (!body)
    return body.error();
  const auto* members = body->as<object>();
  if (members == nullptr)
    return bad("the body must be a JSON object");
  for (const auto& [name, _] : *members)
    if (name != "position" && name != "expected" && name != "state" && name != "schema")
      return bad("unknown member `" + name.substr(0, 100) + "`");
  std::optional<std::uint64_t> position;
  std::optional<std::uint64_t> expected;
  std::optional<std::uint64_t> schema;
  if (!take_number(*body, "position", position) || !position)
    return bad("`position` must be a whole number");
  if (!take_number(*body, "expected", expected))
    return bad("`expected` must be a whole number");
  if (!take_number(*body, "schema", schema) || schema.value_or(1) > UINT16_MAX)
    return bad("`schema` must be a whole number up to 65535");
  commit_consumer made;
  made.consumer = now.names.at(0);
  made.position = sequence{*position};
  if (expected)
    made.expected = sequence{*expected};
  made.schema = static_cast<std::uint16_t>(schema.value_or(1));
  if (const auto state = members->find("state"); state != members->end())
    made.state = state->second;
  return made;
}

/// `at`: a sequence, or a time.
result<moment> moment_of(const request& asked) {
  const auto found = asked.query.find("at");
  if (found == asked.query.end())
    return moment{};
  const auto& text = found->second;
  if (!text.empty()
      && std::all_of(text.begin(), text.end(), [](char one) { return one >= '0' && one <= '9'; })) {
    auto number = number_in(asked, "at", 0);
    if (!number)
      return number.error();
    return moment{sequence{*number}, std::nullopt};
  }
  auto time = json::parse_time(text);
  if (!time)
    return fault{fault_code::invalid, "`at` must be a sequence or a time", time.error().help};
  return moment{std::nullopt, *time};
}

} // namespace

void get_consumers(call now, answer take) {
  reading(now, take, [](const persistence::reader& reader) {
    const auto all = reader.consumers();
    if (!all)
      return refusal(all.error());
    array places;
    for (const auto& one : *all)
      places.push_back(json::to_value(one));
    return ok(object{{"consumers", std::move(places)}});
  });
}

void get_consumer(call now, answer take) {
  reading(now, take, [&](const persistence::reader& reader) {
    const auto place = reader.consumer(now.names.at(0));
    return place ? ok(json::to_value(*place)) : refusal(place.error());
  });
}

void post_commit(call now, answer take) {
  auto wanted = commit_of(now);
  if (!wanted)
    return take(refusal(wanted.error()));
  const auto done = now.behind.commit(*std::move(wanted));
  take(done ? ok(json::to_value(*done)) : refusal(done.error()));
}

void get_checkpoints(call now, answer take) {
  reading(now, take, [&](const persistence::reader& reader) {
    const auto all = reader.checkpoints(now.names.empty() ? std::string{} : now.names.front());
    if (!all)
      return refusal(all.error());
    if (all->empty() && !now.names.empty())
      return refusal({fault_code::not_found, "no checkpoint of " + now.names.front(), ""});
    array taken;
    for (const auto& one : *all)
      taken.push_back(json::to_value(one));
    return ok(object{{"checkpoints", std::move(taken)}});
  });
}

void get_checkpoint(call now, answer take) {
  reading(now, take, [&](const persistence::reader& reader) {
    const auto& owner = now.names.at(0);
    if (now.names.at(1) == "latest") {
      const auto at = number_in(now.asked, "at", UINT64_MAX);
      return at ? newest(reader, owner, sequence{*at}) : refusal(at.error());
    }
    now.asked.query["sequence"] = now.names.at(1);
    const auto at = number_in(now.asked, "sequence", 0);
    if (!at)
      return refusal(
          {fault_code::invalid, "a checkpoint is named by its sequence or `latest`", ""});
    const auto found = reader.newest_checkpoint(owner, sequence{*at});
    if (found && found->info.covered == sequence{*at})
      return with_state(*found);
    const auto all = reader.checkpoints(owner);
    const bool known = all && std::any_of(all->begin(), all->end(), [&](const auto& one) {
                         return one.covered == sequence{*at};
                       });
    if (known)
      return refusal(
          {fault_code::corrupt,
           "the checkpoint of " + owner + " at " + std::to_string(*at) + " does not verify",
           "`holdfast checkpoints verify` tells which do"});
    return refusal(
        {fault_code::not_found, owner + " has no checkpoint at " + std::to_string(*at), ""});
  });
}

void post_checkpoint(call now, answer take) {
  const auto taken = now.behind.checkpoint(now.names.at(0));
  take(taken ? ok(json::to_value(*taken)) : refusal(taken.error()));
}

void post_retention(call now, answer take) {
  const auto body = json::parse(now.asked.body, {now.chosen.body_bytes_max, 64});
  if (!body)
    return take(refusal(body.error()));
  std::optional<std::uint64_t> floor;
  raise_floor asked{.reason = body->text_at("reason")};
  if (!take_number(*body, "floor", floor) || !floor)
    return take(refusal({fault_code::invalid, "`floor` must be a whole number", ""}));
  for (const auto& [name, into] : {std::pair{"force", &asked.forced}, {"dry_run", &asked.dry_run}})
    if (const auto* flag = body->find(name)) {
      if (flag->as<bool>() == nullptr)
        return take(refusal(
            {fault_code::invalid, "`" + std::string{name} + "` must be true or false", ""}));
      *into = *flag->as<bool>();
    }
  if (asked.reason.empty() || asked.reason.size() > 1000)
    return take(refusal({fault_code::invalid, "`reason` must have 1 to 1000 bytes",
                         "it is kept in the audit record"}));
  asked.floor = sequence{*floor};
  const auto raised = now.behind.retire(asked);
  take(raised ? ok(object{{"floor", raised->value}}) : refusal(raised.error()));
}

void get_state(call now, answer take) {
  const auto when = moment_of(now.asked);
  if (!when)
    return take(refusal(when.error()));
  const auto found = now.behind.state(now.names.at(0), *when);
  if (!found)
    return take(refusal(found.error()));
  take(ok(object{{"name", now.names.at(0)},
                 {"sequence", found->covered.value},
                 {"schema", found->schema},
                 {"state", found->state}}));
}

void get_controls(call now, answer take) {
  reading(now, take, [&](const persistence::reader& reader) {
    const auto prefix = now.asked.query.find("prefix");
    const auto all =
        reader.controls(prefix == now.asked.query.end() ? std::string{} : prefix->second);
    if (!all)
      return refusal(all.error());
    object controls;
    for (const auto& [name, held] : *all)
      controls.emplace(name, held);
    return ok(object{{"controls", std::move(controls)}});
  });
}

} // namespace holdfast::http
