// SPDX-License-Identifier: Apache-2.0
// The table of routes, and what their handlers have at hand. For runtime/http only.
#pragma once

#include "runtime/http/follow.hpp"
#include "runtime/http/message.hpp"
#include "runtime/http/served.hpp"
#include "runtime/options.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::http {

/// One request with what the route's pattern matched.
struct call {
  request asked;
  std::vector<std::string> names; ///< What stands where the pattern has `*`.
  served& behind;
  const door_choices& chosen;
  follow_hub& followers;
};

/// Which limit a body has: `body_bytes_max`, for lines `stream_body_bytes_max`, for OTLP
/// `otlp_body_bytes_max`.
enum class body_kind : std::uint8_t { plain, lines, otlp };

/// Which thread handles a request.
enum class handled_on : std::uint8_t {
  server,          ///< The server's own: nothing there may block, or take long.
  worker,          ///< One that may read the disk.
  server_if_small, ///< The way to a worker and back costs more than a small body does.
};

struct route {
  std::string_view method;
  std::string_view pattern; ///< Path with `*` for one part.
  handled_on where;
  body_kind takes;
  void (*handle)(call, answer);
};

const std::vector<route>& routes();

/// A number of the query, `otherwise` when it is not there; `invalid` names the member.
result<std::uint64_t> number_in(const request& asked, std::string_view name,
                                std::uint64_t otherwise, std::uint64_t most = UINT64_MAX);
result<std::optional<wall_time>> time_in(const request& asked, std::string_view name);

// route_append.cpp
void post_events(call now, answer take);

// route_otlp.cpp
void post_traces(call now, answer take);
void post_logs(call now, answer take);
void post_metrics(call now, answer take);

/// A refusal as OTLP has them: `google.rpc.Status` in the sender's media type, with the status and
/// the headers as they are. What is no refusal of ours stays as it is.
response as_status(std::string_view media_type, response refused);

// route_events.cpp
void get_events(call now, answer take);
void get_event(call now, answer take);
void get_follow(call now, answer take);
void get_head(call now, answer take);
void get_next(call now, answer take);

// route_states.cpp
void get_consumers(call now, answer take);
void get_consumer(call now, answer take);
void post_commit(call now, answer take);
void post_reset(call now, answer take);
void get_checkpoints(call now, answer take);
void get_checkpoint(call now, answer take);
void post_checkpoint(call now, answer take);
void put_checkpoint(call now, answer take);
void post_retention(call now, answer take);
void get_state(call now, answer take);
void get_controls(call now, answer take);

// route_actors.cpp
void get_actors(call now, answer take);
void get_trace(call now, answer take);
void get_actor(call now, answer take);
void get_why(call now, answer take);
void post_restart(call now, answer take);
void post_stop(call now, answer take);

// route_health.cpp
void get_status(call now, answer take);
void get_learning(call now, answer take);
void get_livez(call now, answer take);
void get_startupz(call now, answer take);
void get_readyz(call now, answer take);
void get_health(call now, answer take);
void get_metrics(call now, answer take);
void get_openapi(call now, answer take);

/// The reader, or the answer that there is none just now.
template <class Use>
void reading(const call& now, const answer& take, Use use) {
  const auto reader = now.behind.read();
  if (!reader)
    return take(refusal({fault_code::busy, "the store is being reopened", "try again"}));
  take(use(*reader));
}

} // namespace holdfast::http
