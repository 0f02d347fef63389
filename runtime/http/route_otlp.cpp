// SPDX-License-Identifier: Apache-2.0
// POST /v1/traces, /v1/logs and /v1/metrics: what OTLP exporters send, to events.
#include "runtime/http/routes.hpp"
#include "runtime/otlp/decode.hpp"
#include "runtime/otlp/events.hpp"
#include "runtime/otlp/reply.hpp"

#include <memory>
#include <utility>

namespace holdfast::http {

namespace {

using otlp::encoding;

/// Those of gRPC that we answer with.
enum class status_code : std::uint8_t {
  invalid_argument = 3,
  deadline_exceeded = 4,
  permission_denied = 7,
  resource_exhausted = 8,
  internal = 13,
  unavailable = 14,
  unauthenticated = 16
};

status_code code_of(unsigned status) {
  switch (status) {
  case 401:
    return status_code::unauthenticated;
  case 403:
    return status_code::permission_denied;
  case 429:
  case 503:
    return status_code::unavailable;
  case 500:
    return status_code::internal;
  case 504:
    return status_code::deadline_exceeded;
  case 507:
    return status_code::resource_exhausted;
  default:
    return status_code::invalid_argument;
  }
}

std::string_view media_type_of(encoding form) {
  return form == encoding::json ? "application/json" : "application/x-protobuf";
}

/// What a sender of that media type reads; JSON for whoever sends what is not taken.
encoding form_of(std::string_view media_type) {
  return media_type == media_type_of(encoding::protobuf) ? encoding::protobuf : encoding::json;
}

response answered(encoding form, unsigned status, std::string body) {
  return {status, std::move(body), std::string{media_type_of(form)}, {}};
}

response refused(encoding form, unsigned status, status_code code, const std::string& why) {
  return answered(form, status, otlp::print_status(form, static_cast<int>(code), why));
}

/// Nothing was taken, or nobody knows; sending it again is safe. The specification takes 429 and
/// 503 as a wish to be asked again.
response later(encoding form, unsigned status, const std::string& why,
               std::chrono::milliseconds hint) {
  auto made = retry_later({}, status, hint);
  made.body = otlp::print_status(form, static_cast<int>(status_code::unavailable), why);
  made.media_type = media_type_of(form);
  return made;
}

/// The answer once the journal has spoken.
response told(encoding form, std::string_view rejected_name, otlp::poured& sent,
              const append_result& result) {
  if (result.refused) {
    const auto& [reason, hint] = *result.refused;
    return later(form, reason.code == fault_code::busy ? 429 : 503, reason.what, hint);
  }
  for (std::size_t at = 0; at < result.answers.size(); ++at) {
    const auto& one = result.answers[at];
    if (one.what == outcome::unknown)
      return later(form, 503, one.error, std::chrono::seconds{1});
    if (one.what == outcome::rejected)
      sent.reject(one.error, sent.stands_for[at]);
    if (one.what == outcome::conflict)
      sent.reject("this span was counted before with other numbers, at "
                      + std::to_string(one.at.value),
                  sent.stands_for[at]);
  }
  return answered(form, 200, otlp::print_success(form, rejected_name, sent.rejected, sent.why));
}

template <class Item>
struct signal {
  result<otlp::batch<Item>> (*from_protobuf)(std::string_view, const otlp::limits&);
  result<otlp::batch<Item>> (*from_json)(std::string_view, const otlp::limits&);
  std::string_view rejected_name;
};

template <class Item>
void post(const call& now, answer take, const signal<Item>& what) {
  const auto form = form_of(now.asked.media_type());
  const auto decode = form == encoding::json ? what.from_json : what.from_protobuf;
  auto read = decode(now.asked.body, {});
  if (!read)
    return take(refused(form, 400, status_code::invalid_argument, read.error().what));
  auto sent =
      std::make_shared<otlp::poured>(otlp::events_of(*std::move(read), now.asked.trace.print()));
  std::vector<submission> events;
  events.reserve(sent->events.size());
  for (auto& one : sent->events)
    events.push_back({std::move(one), durability::process});
  sent->events.clear();
  const auto finish = [form, sent, name = what.rejected_name, take = std::move(take)](
                          const append_result& result) { take(told(form, name, *sent, result)); };
  if (events.empty())
    return finish({});
  now.behind.append(std::move(events), finish);
}

} // namespace

response as_status(std::string_view media_type, response refused) {
  if (!refused.why)
    return refused;
  const auto form = form_of(media_type);
  auto why = refused.why->what;
  if (!refused.why->help.empty())
    why += "; " + refused.why->help;
  refused.body = otlp::print_status(form, static_cast<int>(code_of(refused.status)), why);
  refused.media_type = media_type_of(form);
  return refused;
}

void post_traces(call now, answer take) {
  post<otlp::span>(now, std::move(take),
                   {otlp::traces_from_protobuf, otlp::traces_from_json, "rejectedSpans"});
}

void post_logs(call now, answer take) {
  post<otlp::log_record>(now, std::move(take),
                         {otlp::logs_from_protobuf, otlp::logs_from_json, "rejectedLogRecords"});
}

void post_metrics(call now, answer take) {
  post<otlp::metric>(now, std::move(take),
                     {otlp::metrics_from_protobuf, otlp::metrics_from_json, "rejectedDataPoints"});
}

} // namespace holdfast::http
