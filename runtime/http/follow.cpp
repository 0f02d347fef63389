// SPDX-License-Identifier: Apache-2.0
// The pages of followers, and the hub that knows who waits for what.
#include "runtime/http/follow.hpp"

#include "runtime/http/routes.hpp"
#include "runtime/json.hpp"
#include "runtime/subscriptions.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::http {

namespace {

constexpr std::size_t piece_bytes_max = 256U << 10U;
constexpr std::size_t records_at_once = 16; ///< A record may have a mebibyte.
constexpr std::size_t scan_max = 20000;     ///< Then others have their turn.
constexpr std::size_t jobs_max = 2;         ///< Other requests read the store too.
constexpr std::chrono::milliseconds look_again{50};

std::string end_text(object why) {
  return "event: end\ndata: " + json::print(value{std::move(why)}) + "\n\n";
}

/// What a look at the journal came to.
enum class look : std::uint8_t {
  found,   ///< There is a piece.
  nothing, ///< Nothing yet, and the head is not reached.
  at_head, ///< Nothing, and all was looked at.
  later,   ///< The store cannot be read just now.
  over     ///< The piece is the last.
};

} // namespace

/// One body. Its page is read by one job at a time; only `now_` is shared with the server.
class follower final : public piece_source, public std::enable_shared_from_this<follower> {
public:
  follower(std::shared_ptr<follow_hub> hub, event_query wanted, bool continues)
      : hub_{std::move(hub)}, wanted_{std::move(wanted)}, continues_{continues} {
    wanted_.to.reset();
    now_.with([&](standing& held) {
      held.first = ": from " + std::to_string(wanted_.from.value) + "\n\n";
    });
  }

  void next(std::function<void(std::optional<std::string>)> take) override {
    std::optional<std::string> piece;
    bool at_once = true;
    now_.with([&](standing& held) {
      if (!held.first.empty()) {
        piece = std::exchange(held.first, {});
      } else if (!held.last.empty()) {
        piece = std::exchange(held.last, {});
        held.over = true;
      } else if (!held.over) {
        held.take = std::move(take);
        at_once = false;
      }
    });
    if (at_once)
      take(std::move(piece));
    else
      hub_->make_ready(shared_from_this());
  }

  void end(std::string_view why) override {
    const bool listens = why == "stopping";
    auto text = end_text({{"reason", why}});
    const auto take = now_.with([&](standing& held) {
      auto owed = std::exchange(held.take, nullptr);
      if (listens && !owed && !held.over)
        held.last = text;
      else
        held.over = true;
      return owed;
    });
    if (take && listens)
      take(std::move(text));
  }

  /// Gives a piece to whom it is owed; false: it is not.
  bool give(std::string text, bool last) {
    const auto take = now_.with([&](standing& held) {
      held.over = held.over || last;
      return std::exchange(held.take, nullptr);
    });
    if (!take)
      return false;
    spoke_ = hub_->world_.now();
    take(std::move(text));
    return true;
  }

  bool is_owed() const {
    return now_.with([](const standing& held) { return held.take != nullptr; });
  }

  /// Reads on. The job's thread only.
  look read(std::string& text) {
    const auto reader = hub_->world_.read();
    if (!reader)
      return look::later;
    auto scans = scan_max;
    for (;;) {
      wanted_.limit = records_at_once;
      wanted_.scan_limit = scans;
      const auto page = reader->events(wanted_);
      const auto head = page ? reader->head() : page.error();
      if (!head) {
        if (!text.empty())
          return look::found; // the next look meets the same
        if (passes(head.error()))
          return look::later;
        text = end_text({{"reason", "damaged"}, {"what", head.error().what}});
        return look::over;
      }
      if (continues_ && head->floor >= wanted_.from) {
        text += end_text({{"reason", "retired"}, {"floor", head->floor.value}});
        return look::over;
      }
      continues_ = true;
      for (const auto& one : page->events)
        print(one, text);
      scans -= std::min<std::size_t>(scans, page->next - wanted_.from);
      wanted_.from = std::max(wanted_.from, page->next);
      const bool at_head = page->next > page->head;
      if (at_head || scans == 0 || text.size() >= piece_bytes_max)
        return !text.empty() ? look::found : at_head ? look::at_head : look::nothing;
    }
  }

  sequence seen() const { return sequence{wanted_.from.value - 1}; }

  /// Tells that the connection lives, and where to go on: a block without data moves the client's
  /// last id and nothing else.
  std::string heartbeat() const {
    const auto at = seen().value;
    return at == 0 ? ":\n\n" : ":\nid: " + std::to_string(at) + "\n\n";
  }

  instant beat_at() const { return spoke_ + hub_->world_.heartbeat; }

private:
  struct standing {
    std::function<void(std::optional<std::string>)> take; ///< Owed.
    std::string first;                                    ///< Given before anything is read.
    std::string last;                                     ///< To be given at the next question.
    bool over = false;
  };

  static void print(const recorded_event& one, std::string& out) {
    out += "id: " + std::to_string(one.at.value) + "\nevent: " + one.type + "\ndata: ";
    json::print_line(one, out);
    out += "\n\n";
  }

  const std::shared_ptr<follow_hub> hub_;
  event_query wanted_;
  bool continues_;
  instant spoke_{hub_->world_.now()};
  os::guarded<standing> now_;
};

follow_hub::follow_hub(follow_parts given) : world_{std::move(given)} {}

follow_hub::~follow_hub() = default;

std::shared_ptr<piece_source> follow_hub::follow(event_query wanted, bool continues) {
  wanted.from = std::max(wanted.from, sequence{1});
  return std::make_shared<follower>(shared_from_this(), std::move(wanted), continues);
}

void follow_hub::make_ready(std::shared_ptr<follower> one) {
  now_.with([&](standing& all) { all.ready.push_back(std::move(one)); });
  put_to_work();
}

void follow_hub::wait_at_head(std::shared_ptr<follower> one, sequence seen, instant beat_at) {
  bool too_late = false;
  bool unwatched = false;
  now_.change([&](standing& all) {
    // Records between what it has seen and what is watched for would wake nobody.
    too_late = all.watched && seen < *all.watched;
    if (too_late)
      return all.ready.push_back(std::move(one));
    unwatched = !all.watched;
    if (unwatched)
      all.watched = seen;
    all.due = std::min(all.due, beat_at);
    all.idle.push_back({std::move(one), seen, beat_at});
  });
  if (unwatched)
    watch(seen);
}

void follow_hub::watch(sequence after) {
  world_.await_records(after, [me = weak_from_this()](bool there_are) {
    if (const auto self = me.lock())
      self->on_records(there_are);
  });
}

void follow_hub::on_records(bool there_are) {
  now_.change([&](standing& all) {
    all.watched.reset();
    for (auto& one : all.idle)
      all.ready.push_back(std::move(one.who));
    all.idle.clear();
    if (!there_are)
      hold_back(all);
  });
  put_to_work();
}

/// What is ready waits a little, and the clock comes back to it.
void follow_hub::hold_back(standing& all) const {
  all.not_before = world_.now() + look_again;
  all.due = std::min(all.due, all.not_before);
}

/// Submits a job where there is something to do and room for one.
void follow_hub::put_to_work() {
  const auto now = world_.now();
  const bool wanted = now_.with([&](standing& all) {
    const bool go =
        !all.stopped && !all.ready.empty() && all.jobs < jobs_max && now >= all.not_before;
    all.jobs += go ? 1 : 0;
    return go;
  });
  if (!wanted || world_.submit([self = shared_from_this()] { self->work(); }))
    return;
  now_.change([&](standing& all) {
    --all.jobs;
    hold_back(all);
  });
}

/// One page for one follower; whatever else is to do is another job, so that requests between
/// followers' pages have their turn.
void follow_hub::work() {
  const auto one = now_.with([](standing& all) {
    std::shared_ptr<follower> first;
    if (!all.ready.empty() && !all.stopped) {
      first = std::move(all.ready.front());
      all.ready.pop_front();
    }
    return first;
  });
  // Also when the page could not be had for want of memory: the others still wait for theirs.
  const struct leaving {
    follow_hub& hub;
    ~leaving() {
      hub.now_.with([](standing& all) { --all.jobs; });
      hub.put_to_work();
    }
  } at_the_end{*this};
  if (one)
    serve(one);
}

void follow_hub::serve(const std::shared_ptr<follower>& one) {
  if (!one->is_owed())
    return; // it was ended while it waited
  std::string text;
  const auto came = one->read(text);
  const bool beats = world_.now() >= one->beat_at();
  switch (came) {
  case look::found:
  case look::over:
    one->give(std::move(text), came == look::over);
    return;
  case look::at_head:
    if (!beats)
      return wait_at_head(one, one->seen(), one->beat_at());
    break;
  case look::nothing:
  case look::later:
    if (!beats)
      return now_.change([&](standing& all) {
        all.ready.push_back(one);
        if (came == look::later)
          hold_back(all);
      });
    break;
  }
  one->give(one->heartbeat(), false);
}

instant follow_hub::tick() {
  const auto now = world_.now();
  now_.with([&](standing& all) {
    all.due = !all.ready.empty() && all.not_before > now ? all.not_before : instant::max();
    std::erase_if(all.idle, [&](waiting& one) {
      if (one.beat_at > now) {
        all.due = std::min(all.due, one.beat_at);
        return false;
      }
      all.ready.push_back(std::move(one.who)); // the look before the heartbeat costs little
      return true;
    });
  });
  put_to_work();
  return now_.with([](const standing& all) { return all.due; });
}

void follow_hub::keep_time() {
  clock_ = os::named_thread{
      "follow", [this] {
        for (;;) {
          const auto due = now_.with([](const standing& all) { return all.due; });
          const auto changed = [&](const standing& all) { return all.stopped || all.due < due; };
          if (due == instant::max())
            now_.wait(changed);
          else
            now_.wait_until(due, changed);
          if (now_.with([](const standing& all) { return all.stopped; }))
            return;
          tick();
        }
      }};
}

void follow_hub::stop() {
  now_.change([](standing& all) { all.stopped = true; });
  clock_.join();
  // Whoever waits is held by nobody else.
  auto idle = now_.with([](standing& all) { return std::exchange(all.idle, {}); });
  auto ready = now_.with([](standing& all) { return std::exchange(all.ready, {}); });
}

} // namespace holdfast::http
