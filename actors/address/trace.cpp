// SPDX-License-Identifier: Apache-2.0
// The limits of a trace.
#include "actors/address/trace.hpp"

#include <cassert>
#include <utility>

namespace holdfast::addressing {

trace_gate::trace_gate(const trace_limits& chosen)
    : limits_{chosen}, last_second_{std::chrono::milliseconds{999},
                                    std::size_t{chosen.per_second} + 1} {
  assert(chosen.messages > 0 && chosen.per_second > 0);
}

bool trace_gate::admit(instant now) {
  if (over_)
    return false;
  if (last_second_.add(now) > limits_.per_second) {
    over_ = trace_end::too_fast;
    return false;
  }
  if (++told_ == limits_.messages)
    over_ = trace_end::all_told;
  return true;
}

trace::trace(const trace_limits& chosen, listener to)
    : bodies_{chosen.bodies}, to_{std::move(to)}, gate_{chosen} {}

void trace::tell(traced_message what, instant now) {
  const std::lock_guard lock{telling_};
  if (is_over())
    return;
  if (gate_.admit(now))
    to_.told(std::move(what));
  if (const auto why = gate_.over()) {
    over_ = true;
    to_.ended(*why);
  }
}

void trace::end(trace_end why) {
  const std::lock_guard lock{telling_};
  if (!over_.exchange(true))
    to_.ended(why);
}

} // namespace holdfast::addressing
