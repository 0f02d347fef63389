// SPDX-License-Identifier: Apache-2.0
// How the runtime is: status, probes, metrics.
#include "runtime/http/routes.hpp"

#include <utility>

namespace holdfast::http {

void get_status(call now, answer take) {
  take(ok(now.behind.status()));
}

void get_learning(call now, answer take) {
  take(ok(now.behind.learning()));
}

void get_livez(call now, answer take) {
  const bool alive = now.behind.alive();
  take({alive ? 200U : 503U, alive ? "ok\n" : "stopping\n", "text/plain", {}, nullptr});
}

void get_readyz(call now, answer take) {
  const auto found = now.behind.ready();
  std::string text;
  if (now.asked.query.contains("verbose"))
    for (const auto& [name, passes, says] : found.checks)
      text += (passes ? "[+]" : "[-]") + name + (says.empty() ? "" : ": " + says) + "\n";
  text += found.ready() ? "ok\n" : "not ready\n";
  take({found.ready() ? 200U : 503U, std::move(text), "text/plain", {}, nullptr});
}

void get_metrics(call now, answer take) {
  take({200, now.behind.metrics(), "text/plain; version=0.0.4; charset=utf-8", {}, nullptr});
}

} // namespace holdfast::http
