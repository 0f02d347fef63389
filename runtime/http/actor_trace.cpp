// SPDX-License-Identifier: Apache-2.0
// Prints what a trace is told, and hands it to a client piece by piece.
#include "runtime/http/actor_trace.hpp"

#include "runtime/json.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/guarded.hpp"

#include <map>
#include <utility>

namespace holdfast::http {

namespace {

std::string block(std::string_view name, object data) {
  return "event: " + std::string{name} + "\ndata: " + json::print(value{std::move(data)}) + "\n\n";
}

/// Keeps at most what the trace's limits let through.
class trace_body final : public piece_source, public std::enable_shared_from_this<trace_body> {
public:
  explicit trace_body(served& behind) : behind_{behind} {
    // So that the client knows that it began, though nobody sends the actor anything.
    now_.with([](standing& held) { held.text = ": tracing\n\n"; });
  }
  trace_body(const trace_body&) = delete;
  trace_body& operator=(const trace_body&) = delete;
  ~trace_body() override {
    if (trace_)
      trace_->drop();
  }

  result<void> begin(const std::string& actor, const addressing::trace_limits& limits) {
    const auto me = weak_from_this();
    trace_ = std::make_shared<addressing::trace>(
        limits, addressing::trace::listener{[me](addressing::traced_message what) {
                                              if (const auto self = me.lock())
                                                self->give(self->print(std::move(what)), false);
                                            },
                                            [me](addressing::trace_end why) {
                                              const auto self = me.lock();
                                              if (self && why != addressing::trace_end::let_go)
                                                self->finish(to_string(why));
                                            }});
    return behind_.trace(actor, trace_);
  }

  void next(std::function<void(std::optional<std::string>)> take) override {
    std::optional<std::string> piece;
    const auto owed = now_.with([&](standing& held) {
      if (!held.text.empty())
        piece = std::exchange(held.text, {});
      else if (!held.over)
        held.take = std::move(take);
      return held.take != nullptr;
    });
    if (!owed)
      take(std::move(piece));
  }

  void end(std::string_view why) override {
    trace_->end(addressing::trace_end::let_go);
    if (why == "stopping")
      return finish(why);
    now_.with([](standing& held) {
      held.over = true;
      held.text.clear();
      held.take = nullptr;
    });
  }

private:
  struct standing {
    std::function<void(std::optional<std::string>)> take; ///< Owed.
    std::string text;                                     ///< For the next that is asked for.
    bool over = false;
  };

  void finish(std::string_view why) { give(block("end", {{"reason", why}}), true); }

  void give(std::string text, bool last) {
    std::string piece;
    const auto take = now_.with([&](standing& held) {
      if (std::exchange(held.over, held.over || last))
        return std::function<void(std::optional<std::string>)>{};
      held.text += text;
      auto owed = std::exchange(held.take, nullptr);
      if (owed)
        piece = std::exchange(held.text, {});
      return owed;
    });
    if (take)
      take(std::move(piece));
  }

  /// In the trace's turn, so one at a time.
  std::string print(addressing::traced_message what) {
    object made{{"time", json::print_time(os::wall_now())},
                {"kind", std::move(what.kind)},
                {"incarnation", what.incarnation},
                {"request", what.is_request},
                {"failed", what.failed},
                {"waited_us", what.waited.count()},
                {"took_us", what.took.count()}};
    if (const auto& sender = name_of(what.sender); !sender.empty())
      made.emplace("from", sender);
    if (what.body) {
      behind_.redact(*what.body);
      made.emplace("body", what.body->substr(0, trace_body_shown));
    }
    return block("message", std::move(made));
  }

  const std::string& name_of(std::uint64_t sender) {
    const auto known = names_.find(sender);
    return known != names_.end() ? known->second
                                 : names_.emplace(sender, behind_.actor_of(sender)).first->second;
  }

  served& behind_;
  std::shared_ptr<addressing::trace> trace_;
  std::map<std::uint64_t, std::string> names_; ///< Of senders; at most one for each message told.
  os::guarded<standing> now_;
};

} // namespace

result<std::shared_ptr<piece_source>> begin_trace(served& behind, const std::string& actor,
                                                  const addressing::trace_limits& limits) {
  auto made = std::make_shared<trace_body>(behind);
  if (auto begun = made->begin(actor, limits); !begun)
    return begun.error();
  return std::shared_ptr<piece_source>{std::move(made)};
}

} // namespace holdfast::http
