// SPDX-License-Identifier: Apache-2.0
// Consumers, checkpoints, states and control values.
#include "runtime/http/route_parts.hpp"
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

result<commit_consumer> commit_of(const call& now) {
  auto body = body_of(now, {"position", "expected", "state", "schema"}, "send {\"position\":N}");
  if (!body)
    return body.error();
  const auto position = need_number(*body, "position");
  const auto schema = need_number(*body, "schema", 1, UINT16_MAX);
  std::optional<std::uint64_t> expected;
  if (!position)
    return position.error();
  if (!take_number(*body, "expected", expected))
    return fault{fault_code::invalid, "`expected` must be a whole number", ""};
  if (!schema)
    return schema.error();
  commit_consumer made;
  made.consumer = now.names.at(0);
  made.position = sequence{*position};
  if (expected)
    made.expected = sequence{*expected};
  made.schema = static_cast<std::uint16_t>(*schema);
  if (const auto* state = body->find("state"))
    made.state = *state;
  return made;
}

/// A consumer with what it has still to do: records by the head, the rest as pressure knows it.
value with_lag(const consumer_info& place, sequence head, const std::vector<consumer_lag>& known) {
  auto shown = json::to_value(place);
  object lag{{"records", head.value - std::min(head, place.position).value}};
  for (const auto& one : known)
    if (one.consumer == place.consumer) {
      lag["bytes"] = one.bytes;
      lag["age_ms"] = one.age.count();
      lag["silent"] = one.silent;
    }
  shown.as<object>()->insert_or_assign("lag", std::move(lag));
  return shown;
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
  const auto known = now.behind.lags();
  reading(now, take, [&](const persistence::reader& reader) {
    const auto all = reader.consumers();
    const auto head = reader.head();
    if (!all || !head)
      return refusal(all ? head.error() : all.error());
    array places;
    for (const auto& one : *all)
      places.push_back(with_lag(one, head->last, known));
    return ok(object{{"consumers", std::move(places)}});
  });
}

void get_consumer(call now, answer take) {
  const auto known = now.behind.lags();
  reading(now, take, [&](const persistence::reader& reader) {
    const auto place = reader.consumer(now.names.at(0));
    const auto head = reader.head();
    if (!place || !head)
      return refusal(place ? head.error() : place.error());
    return ok(with_lag(*place, head->last, known));
  });
}

void post_commit(call now, answer take) {
  auto wanted = commit_of(now);
  if (!wanted)
    return take(refusal(wanted.error()));
  object said{{"position", wanted->position.value}};
  const auto done = now.behind.commit(*std::move(wanted));
  take(noting(std::move(said), done ? ok(json::to_value(*done)) : refusal(done.error())));
}

void post_reset(call now, answer take) {
  const auto body = body_of(now, {"position", "reason"}, "send {\"position\":N,\"reason\":TEXT}");
  if (!body)
    return take(refusal(body.error()));
  const auto position = need_number(*body, "position");
  if (!position)
    return take(refusal(position.error()));
  auto reason = need_reason(*body);
  if (!reason)
    return take(refusal(reason.error()));
  object said{{"position", *position}, {"reason", *reason}};
  const auto done = now.behind.reset({now.names.at(0), sequence{*position}, *std::move(reason)});
  take(noting(std::move(said), done ? ok(json::to_value(*done)) : refusal(done.error())));
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

void put_checkpoint(call now, answer take) {
  const auto body =
      body_of(now, {"sequence", "schema", "state"}, "send {\"sequence\":N,\"state\":...}");
  if (!body)
    return take(refusal(body.error()));
  const auto covered = need_number(*body, "sequence");
  const auto schema = need_number(*body, "schema", 1, UINT16_MAX);
  const auto* state = body->find("state");
  if (!covered)
    return take(refusal(covered.error()));
  if (!schema)
    return take(refusal(schema.error()));
  if (state == nullptr)
    return take(refusal({fault_code::invalid, "`state` is missing", ""}));
  const auto kept = now.behind.keep(
      {now.names.at(0), sequence{*covered}, *state, static_cast<std::uint16_t>(*schema)});
  take(noting({{"sequence", *covered}}, kept ? ok(json::to_value(*kept)) : refusal(kept.error())));
}

void post_retention(call now, answer take) {
  const auto body =
      body_of(now, {"floor", "force", "dry_run", "reason"}, "send {\"floor\":N,\"reason\":TEXT}");
  if (!body)
    return take(refusal(body.error()));
  const auto floor = need_number(*body, "floor");
  const auto reason = need_reason(*body);
  if (!floor)
    return take(refusal(floor.error()));
  if (!reason)
    return take(refusal(reason.error()));
  raise_floor asked{.floor = sequence{*floor}, .reason = *reason};
  for (const auto& [name, into] : {std::pair{"force", &asked.forced}, {"dry_run", &asked.dry_run}})
    if (const auto* flag = body->find(name)) {
      if (flag->as<bool>() == nullptr)
        return take(refusal(
            {fault_code::invalid, "`" + std::string{name} + "` must be true or false", ""}));
      *into = *flag->as<bool>();
    }
  const auto raised = now.behind.retire(asked);
  take(noting({{"floor", *floor}, {"reason", *reason}},
              raised ? ok(object{{"floor", raised->value}}) : refusal(raised.error())));
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
