// SPDX-License-Identifier: Apache-2.0
// Decides who may ask what: hosts, origins, users, tokens and roles. Pure.
#pragma once

#include "runtime/http/message.hpp"
#include "runtime/http/tokens.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::http {

/// For whatever answer a page of that origin gets; empty for an empty one.
std::vector<std::pair<std::string, std::string>> origin_headers(std::string_view origin);

/// What the configuration says.
struct access_rules {
  std::vector<std::string> hosts;             ///< Served beside the listeners' own; small letters.
  std::vector<std::string> origins;           ///< Of pages that may ask: `https://app.example`.
  std::vector<std::uint32_t> read_only_users; ///< On the Unix socket; the others operate.
};

/// What is at the path that is asked for.
struct asked_path {
  role least = role::reads; ///< Of the route, where there is one.
  bool probe = false;       ///< A load balancer's question: from this machine no token is needed.
  std::string methods;      ///< All of the path, with commas; empty: nothing is there.
};

struct ruling {
  caller from;
  std::optional<response> refused; ///< Set: the request ends with it.
};

/// Rules, in this order:
/// - the Host is one of the listener's or of the rules', exactly; on the Unix socket it may be
///   empty, `localhost` or `holdfast`: so no page reaches us through a name of its own choice
///   (DNS rebinding). 403.
/// - an Origin is one of the rules', exactly (the Fetch standard's CORS, without credentials);
///   their preflight requests are answered here. 403.
/// - on TCP `Authorization: Bearer TOKEN` names a holder, except for a probe from this machine.
///   401, also where nothing is at the path.
/// - the holder's role, or the user's on the Unix socket, is enough for the route. 403.
///
/// `holder_of` answers whose token that is.
ruling judge(const request& head, const arrival& came, const access_rules& rules,
             const asked_path& path,
             const std::function<std::optional<token_holder>(std::string_view)>& holder_of);

} // namespace holdfast::http
