// SPDX-License-Identifier: Apache-2.0
// What somebody who looks on is told of the messages of an address.
#include "actors/address/desk.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::addressing {

/// Somebody looks on: what is taken up is noted before the handler may have changed it.
void desk::follow(tracked& one, instant now) const {
  auto& with = *one.with_;
  with.traced_ = nullptr; // what it took up before was put back
  std::shared_ptr<trace> to;
  {
    const std::lock_guard lock{lock_};
    if (trace_ && trace_->is_over())
      to.swap(trace_);
    else
      to = trace_;
    is_traced_ = trace_ != nullptr;
  }
  if (!to || to->is_over())
    return;
  const auto& message = std::as_const(*one.one_.what);
  traced_message what;
  what.incarnation = with.number_;
  what.sender = message.sender ? message.sender->id() : 0;
  what.kind = name_of(one.one_.kind);
  what.is_request = message.mid.is_request();
  what.waited = std::chrono::duration_cast<std::chrono::microseconds>(
      std::max(now - one.one_.came, instant::duration{0}));
  if (to->wants_bodies()) {
    what.body = message.content().stringify();
    if (what.body->size() > trace_body_max)
      what.body->resize(trace_body_max);
  }
  with.traced_ = std::make_unique<traced_handling>(
      traced_handling{std::move(to), std::move(what), settings_.time.precise()});
}

void desk::tell(stay& with) const {
  const auto now = settings_.time.precise();
  const auto done = std::move(with.traced_);
  done->what.took = std::chrono::duration_cast<std::chrono::microseconds>(now - done->since);
  done->what.failed = with.ended_.load(std::memory_order_relaxed) == stay::end::failed;
  done->to->tell(std::move(done->what), now);
}

bool desk::attach(std::shared_ptr<trace> to) const {
  const std::lock_guard lock{lock_};
  if (trace_ && !trace_->is_over())
    return false;
  trace_.swap(to);
  is_traced_ = true;
  return true;
}

} // namespace holdfast::addressing
