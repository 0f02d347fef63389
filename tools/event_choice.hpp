// SPDX-License-Identifier: Apache-2.0
// Which events a person asks for: streams, types, times, places, and filters on the body.
#pragma once

#include "messages/event.hpp"
#include "persistence/reader.hpp"
#include "tools/command.hpp"
#include "tools/session.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace holdfast::tools {

/// The options as they were typed.
struct event_words {
  std::string stream;
  std::string type;
  std::string since;
  std::string until;
  std::string from;
  std::string to;
  std::uint64_t limit = 0; ///< 0: no limit.
  bool internal = false;
  std::vector<std::string> filters;
};

/// The options that fill `into`.
std::vector<option_spec> event_specs(event_words& into, const std::string& limit_help);

/// The same, understood.
struct event_choice {
  event_query query;
  std::uint64_t limit = 0;
};

result<event_choice> understand(const event_words& typed, const session& told);

/// `GET /v1/events?...`, what the daemon would be asked for one page. Says where a condition is of
/// the kind that only this side applies.
std::string api_call(const event_query& query);

/// Calls `take` for every chosen event in order, page by page, until it answers false, the limit or
/// the head is reached, or Ctrl-C. Answers the first sequence not looked at.
result<sequence> each_event(const persistence::reader& from, const event_choice& chosen,
                            const std::function<bool(const recorded_event&)>& take);

/// The last `count` chosen events, oldest first; `next` receives where to go on from.
result<std::vector<recorded_event>> last_events(const persistence::reader& from,
                                                const event_choice& chosen, std::uint64_t count,
                                                sequence& next);

/// A sequence number as typed. The fault names the option.
result<sequence> parse_sequence(std::string_view option, std::string_view text);

} // namespace holdfast::tools
