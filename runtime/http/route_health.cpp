// SPDX-License-Identifier: Apache-2.0
// How the runtime is: status, probes, metrics; and what can be asked of it.
#include "runtime/http/openapi.hpp"
#include "runtime/http/route_parts.hpp"
#include "runtime/http/routes.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::http {

void get_status(call now, answer take) {
  take(ok(now.behind.status()));
}

/// The members of the newest state of `learning` and the sequence that it covers.
void get_learning(call now, answer take) {
  const auto found = now.behind.state("learning", {});
  if (!found)
    return take(refusal(found.error()));
  auto shown = found->state;
  if (auto* members = shown.as<object>())
    members->insert_or_assign("sequence", found->covered.value);
  take(ok(shown));
}

void get_livez(call now, answer take) {
  const bool alive = now.behind.alive();
  take({alive ? 200U : 503U, alive ? "ok\n" : "stopping\n", "text/plain", {}, nullptr, {}});
}

/// The door opens when the store has been verified and opened, so whoever answers has started.
void get_startupz(call, answer take) {
  take({200, "ok\n", "text/plain", {}, nullptr, {}});
}

/// `exclude`: names of checks, parted by commas, that do not count.
void get_readyz(call now, answer take) {
  const auto found = now.behind.ready();
  const auto exclude = now.asked.query.find("exclude");
  auto left_out =
      exclude == now.asked.query.end() ? std::vector<std::string>{} : parted(exclude->second);
  const bool verbose = now.asked.query.contains("verbose");
  bool ready = true;
  std::string text;
  for (const auto& [name, passes, says] : found.checks) {
    const bool counts = std::erase(left_out, name) == 0;
    ready = ready && (passes || !counts);
    if (verbose)
      text += (passes ? "[+]" : "[-]") + name + (counts ? "" : " (excluded)")
              + (says.empty() ? "" : ": " + says) + "\n";
  }
  for (const auto& name : left_out)
    text += "no check has the name " + name + "\n";
  text += ready ? "ok\n" : "not ready\n";
  take({ready ? 200U : 503U, std::move(text), "text/plain", {}, nullptr, {}});
}

/// 503 exactly for a failure: whoever watches needs no more than the status.
void get_health(call now, answer take) {
  const auto found = now.behind.health();
  auto given = ok(inspection::show(found));
  given.status = found.status == inspection::verdict::fail ? 503U : 200U;
  take(std::move(given));
}

void get_metrics(call now, answer take) {
  take({200, now.behind.metrics(), "text/plain; version=0.0.4; charset=utf-8", {}, nullptr, {}});
}

void get_openapi(call, answer take) {
  take({200, std::string{openapi_document()}, "application/json", {}, nullptr, {}});
}

} // namespace holdfast::http
