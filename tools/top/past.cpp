// SPDX-License-Identifier: Apache-2.0
// Counters become sums that only grow; rates and changes are differences of those.
#include "tools/top/past.hpp"

#include <algorithm>

namespace holdfast::tools::top {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::chrono::hours hour{1};
/// A file system is not judged by what happened to it in less.
constexpr seconds disk_watch_min{30};

const array& items(const value& of, std::string_view name) {
  static const array none;
  const auto* found = of.find(name);
  const auto* all = found == nullptr ? nullptr : found->as<array>();
  return all == nullptr ? none : *all;
}

std::optional<std::uint64_t> number(const value* of, std::string_view name) {
  const auto* found = of == nullptr ? nullptr : of->find(name);
  if (found == nullptr || found->is_null())
    return std::nullopt;
  return static_cast<std::uint64_t>(std::max(of->number_at(name), 0.0));
}

template <class Time>
std::optional<Time> time(const value* of, std::string_view name) {
  const auto found = number(of, name);
  return found ? std::optional{Time{static_cast<std::int64_t>(*found)}} : std::nullopt;
}

milliseconds between(instant from, instant to) {
  return std::chrono::duration_cast<milliseconds>(to - from);
}

/// In a daemon everything should run; of a process that is gone only who ended badly is wrong.
bool is_wrong(const std::string& state, bool lives) {
  return lives ? state != "running" : state != "running" && state != "stopped";
}

/// How an actor ends that was stopped, or had done its work.
bool is_error(const std::string& cause) {
  return cause != "normal" && cause != "shutdown" && cause != "user_shutdown";
}

actor_figures read_actor(const value& told, bool lives) {
  actor_figures made;
  made.name = told.text_at("name");
  made.supervisor = told.text_at("supervisor");
  made.lives = lives;
  made.state = told.text_at("state");
  for (const auto& one : items(told, "lints"))
    if (const auto* id = one.as<std::string>())
      made.lints.push_back(*id);
  made.looks_wrong = is_wrong(made.state, lives) || !made.lints.empty();
  made.in_state = time<milliseconds>(&told, "in_state_ms");
  if (auto cause = told.text_at("last_cause"); is_error(cause))
    made.last_error = std::move(cause);
  if (const auto* own = told.find("budget"); own != nullptr && own->find("limit") != nullptr)
    made.budget = {number(own, "used").value_or(0), number(own, "limit").value_or(0)};
  const auto* counters = told.find("counters");
  made.queued = number(counters, "queued");
  made.p99 = time<microseconds>(counters, "p99_us");
  if (const auto* now = counters == nullptr ? nullptr : counters->find("current")) {
    made.handling = now->text_at("kind");
    made.handling_for = time<milliseconds>(now, "handling_ms");
  }
  return made;
}

/// Marks the actor that is this supervisor, or adds it as nobody's actor.
void add_keeper(const value& told, bool lives, std::vector<actor_figures>& to) {
  const auto name = told.text_at("name");
  const auto parent = told.text_at("parent");
  auto found = std::ranges::find_if(
      to, [&](const actor_figures& one) { return one.name == name && one.supervisor == parent; });
  if (found == to.end()) {
    actor_figures made;
    made.name = name;
    made.supervisor = parent;
    made.is_actor = false;
    found = to.insert(to.begin(), std::move(made));
  }
  found->keeps_others = true;
  found->lives = lives;
  const auto* answered = told.find("answered");
  const auto* truth = answered == nullptr ? nullptr : answered->as<bool>();
  if (lives && truth != nullptr && !*truth)
    found->looks_wrong = true;
  if (const auto used = number(&told, "restarts_used"))
    found->budget = {*used, number(&told, "intensity").value_or(0)};
}

/// A counter that went back began again at nothing: what it shows has come since.
std::uint64_t grown(std::uint64_t then, std::uint64_t now) {
  return now >= then ? now - then : now;
}

template <class Read>
std::vector<double> series(const auto& looks, const Read& read) {
  std::vector<double> made;
  for (const auto& one : looks)
    if (const std::optional<double> found = read(one))
      made.push_back(*found);
  return made;
}

} // namespace

void past::see(const value& told, const os::host_load& host, instant now) {
  ++look_;
  see_actors(told, now);
  see_host(host, now);
}

void past::see_actors(const value& told, instant now) {
  const bool lives = told.text_at("source") != "journal";
  actors_.clear();
  for (const auto& one : items(told, "actors")) {
    actors_.push_back(read_actor(one, lives));
    follow(one, actors_.back(), now);
  }
  for (const auto& one : items(told, "supervisors"))
    add_keeper(one, lives, actors_);
  std::erase_if(tracks_, [&](const auto& one) { return one.second.look != look_; });
}

void past::follow(const value& told, actor_figures& into, instant now) {
  const auto* counters = told.find("counters");
  const auto restarts = number(&told, "restarts");
  const auto busy_us = number(counters, "busy_us").value_or(0);
  const counted count{number(counters, "handled").value_or(0), busy_us,
                      busy_us + number(counters, "idle_us").value_or(0), restarts.value_or(0)};
  auto [found, is_new] = tracks_.try_emplace({into.supervisor, into.name});
  auto& one = found->second;
  if (is_new) {
    one.first = now;
    one.last = count;
    one.hour_known = count.restarts == 0 || (into.state == "running" && into.in_state >= hour);
  }
  const auto before = one.total;
  // Busy time is an estimate and may shrink a little; a time lived that shrank is a new life.
  const bool reborn = count.lived_us < one.last.lived_us;
  one.total.busy_us += reborn                             ? count.busy_us
                       : count.busy_us > one.last.busy_us ? count.busy_us - one.last.busy_us
                                                          : 0;
  one.total.handled += grown(one.last.handled, count.handled);
  // Restarts are told as far as history goes back: fewer than before are no news.
  const auto more = count.restarts > one.last.restarts ? count.restarts - one.last.restarts : 0;
  one.total.restarts += more;
  one.total.queued = into.queued.value_or(0);
  one.total.at = now;
  one.last = count;
  one.look = look_;

  one.restarted.insert(one.restarted.end(), std::min<std::size_t>(more, restarts_kept_max), now);
  while (!one.restarted.empty()
         && (now - one.restarted.front() > hour || one.restarted.size() > restarts_kept_max))
    one.restarted.pop_front();
  const bool sure =
      (one.hour_known || now - one.first >= hour) && one.restarted.size() < restarts_kept_max;
  if (restarts && (sure || !one.restarted.empty()))
    into.restarts = hourly{one.restarted.size(), !sure};

  if (counters == nullptr || counters->is_null()) {
    one.looks.clear();
    return;
  }
  if (!one.looks.empty() && now > before.at) {
    const auto elapsed_us = std::chrono::duration<double, std::micro>(now - before.at).count();
    into.rate = static_cast<double>(one.total.handled - before.handled) * 1e6 / elapsed_us;
    into.busy_percent =
        std::min(100.0, static_cast<double>(one.total.busy_us - before.busy_us) * 100 / elapsed_us);
  }
  while (one.looks.size() > 1 && now - one.looks[1].at >= window_)
    one.looks.pop_front();
  if (!one.looks.empty()) {
    const auto& base = one.looks.front();
    into.change = actor_change{between(base.at, now), one.total.handled - base.handled,
                               microseconds{one.total.busy_us - base.busy_us},
                               static_cast<std::int64_t>(one.total.queued)
                                   - static_cast<std::int64_t>(base.queued),
                               one.total.restarts - base.restarts};
  }
  if (one.looks.empty() || now - one.looks.back().at >= window_ / (actor_looks_max - 2))
    one.looks.push_back(one.total);
}

void past::see_host(const os::host_load& host, instant now) {
  host_look look{.at = now, .memory = host.memory_percent, .disk = host.disk};
  if (host.cpu && ticks_ && host.cpu->all > ticks_->all && host.cpu->busy >= ticks_->busy)
    look.cpu = 100 * static_cast<double>(host.cpu->busy - ticks_->busy)
               / static_cast<double>(host.cpu->all - ticks_->all);
  ticks_ = host.cpu;
  host_.stalled_by.clear();
  for (const auto& [name, percent] : {std::pair{"cpu", host.cpu_stall_percent},
                                      {"memory", host.memory_stall_percent},
                                      {"io", host.io_stall_percent}})
    if (percent && (!look.stall || *percent > *look.stall)) {
      look.stall = percent;
      host_.stalled_by = name;
    }
  host_looks_.push_back(look);
  if (host_looks_.size() > host_looks_max)
    host_looks_.pop_front();

  host_.cpu = series(host_looks_, [](const host_look& one) { return one.cpu; });
  host_.memory = series(host_looks_, [](const host_look& one) { return one.memory; });
  host_.stall = series(host_looks_, [](const host_look& one) { return one.stall; });
  host_.disk = series(host_looks_, [](const host_look& one) -> std::optional<double> {
    if (!one.disk || one.disk->all_bytes == 0)
      return std::nullopt;
    return 100
           * (1
              - static_cast<double>(one.disk->free_bytes)
                    / static_cast<double>(one.disk->all_bytes));
  });
  host_.free_bytes = host.disk ? std::optional{host.disk->free_bytes} : std::nullopt;
  host_.full_in.reset();
  const auto& oldest = host_looks_.front();
  if (!host.disk || !oldest.disk || now - oldest.at < disk_watch_min
      || oldest.disk->free_bytes <= host.disk->free_bytes)
    return;
  const auto lost = static_cast<double>(oldest.disk->free_bytes - host.disk->free_bytes);
  const auto left = static_cast<double>(host.disk->free_bytes)
                    * std::chrono::duration<double>(now - oldest.at).count() / lost;
  host_.full_in = seconds{static_cast<std::int64_t>(std::min(left, 1e9))};
}

} // namespace holdfast::tools::top
