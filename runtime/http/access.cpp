// SPDX-License-Identifier: Apache-2.0
// The rules of the door, one after the other.
#include "runtime/http/access.hpp"

#include <algorithm>

namespace holdfast::http {

namespace {

constexpr auto headers_allowed = "Authorization, Content-Type, Content-Encoding, Idempotency-Key, "
                                 "Holdfast-Stream, Holdfast-Type, Holdfast-Durability, "
                                 "Last-Event-ID, traceparent";
constexpr auto headers_exposed = "Holdfast-Next, Holdfast-Head, Retry-After";

bool among(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

bool is_host_of(std::string_view host, const arrival& came, const access_rules& rules) {
  if (came.process && (host.empty() || host == "localhost" || host == "holdfast"))
    return true;
  return among(came.hosts, host) || among(rules.hosts, host);
}

/// The token of `Bearer TOKEN`; the scheme in any case (RFC 9110, 11.1).
std::string_view bearer(std::string_view header) {
  constexpr std::string_view scheme = "bearer ";
  if (header.size() < scheme.size() || small_letters(header.substr(0, scheme.size())) != scheme)
    return {};
  header.remove_prefix(scheme.size());
  header.remove_prefix(std::min(header.find_first_not_of(' '), header.size()));
  return header;
}

response preflight(const asked_path& path) {
  response told{204, "", "text/plain", {}, nullptr};
  told.headers = {{"Access-Control-Allow-Methods", path.methods},
                  {"Access-Control-Allow-Headers", headers_allowed},
                  {"Access-Control-Max-Age", "600"}};
  return told;
}

response no_token(std::string what) {
  auto told = refusal({fault_code::denied, std::move(what),
                       "send `Authorization: Bearer TOKEN` with a token of the file that the key "
                       "door.tokens names"},
                      401);
  told.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"holdfast\"");
  return told;
}

} // namespace

std::vector<std::pair<std::string, std::string>> origin_headers(std::string_view origin) {
  if (origin.empty())
    return {};
  return {{"Access-Control-Allow-Origin", std::string{origin}},
          {"Access-Control-Expose-Headers", headers_exposed},
          {"Vary", "Origin"}};
}

ruling judge(const request& head, const arrival& came, const access_rules& rules,
             const asked_path& path,
             const std::function<std::optional<token_holder>(std::string_view)>& holder_of) {
  ruling made;
  made.from = {came.process, came.remote, "", role::operates};
  std::string_view allowed;
  const auto refuse = [&](response told) {
    for (auto& one : origin_headers(allowed))
      told.headers.push_back(std::move(one));
    made.refused = std::move(told);
    return made;
  };
  if (!is_host_of(small_letters(head.header("host")), came, rules))
    return refuse(refusal({fault_code::denied, "this Host is not served here",
                           "more names can be given with the key door.hosts"}));
  if (const auto origin = head.header("origin"); !origin.empty()) {
    if (!among(rules.origins, origin))
      return refuse(refusal({fault_code::denied, "pages of this Origin may not ask here",
                             "more can be allowed with the key door.origins"}));
    allowed = origin;
    if (head.method == "OPTIONS" && !head.header("access-control-request-method").empty())
      return refuse(path.methods.empty()
                        ? refusal({fault_code::not_found, "nothing is at this path", ""})
                        : preflight(path));
  }
  if (came.process) {
    const auto& readers = rules.read_only_users;
    if (std::find(readers.begin(), readers.end(), came.process->user) != readers.end())
      made.from.may = role::reads;
  } else {
    made.from.may = role::reads;
    const auto shown = bearer(head.header("authorization"));
    const auto holder = shown.empty() ? std::nullopt : holder_of(shown);
    if (holder) {
      made.from.token = holder->name;
      made.from.may = holder->may;
    } else if (!shown.empty() || !path.probe || !came.loopback) {
      return refuse(no_token(shown.empty() ? "a token is needed" : "this token is not known"));
    }
  }
  if (path.least == role::operates && made.from.may != role::operates)
    return refuse(refusal({fault_code::denied, made.from.print() + " may only read",
                           "use a token with the role `operator`"}));
  return made;
}

} // namespace holdfast::http
