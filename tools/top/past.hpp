// SPDX-License-Identifier: Apache-2.0
// What successive looks tell together: rates, changes, restarts, the host's last minutes. Pure.
#pragma once

#include "messages/ids.hpp"
#include "messages/value.hpp"
#include "runtime/os/host_load.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::tools::top {

/// So many looks are kept of the host.
inline constexpr std::size_t host_looks_max = 60;
/// So many of an actor, however long the window and however short the interval.
inline constexpr std::size_t actor_looks_max = 120;
/// So many restarts of an actor are kept of the last hour; there it shows `1,000+`.
inline constexpr std::size_t restarts_kept_max = 1000;

/// What an actor did in the last seconds.
struct actor_change {
  std::chrono::milliseconds over{0}; ///< As far as the looks go back, at most about the window.
  std::uint64_t handled = 0;
  std::chrono::microseconds busy{0};
  std::int64_t queued = 0; ///< More waiting than before, or fewer.
  std::uint64_t restarts = 0;
};

/// Restarts within the last hour.
struct hourly {
  std::uint64_t count = 0;
  bool at_least = false; ///< There may have been others before the first look.
};

struct budget_reading {
  std::uint64_t used = 0;
  std::uint64_t limit = 0;
};

/// One actor, or a supervisor that is no actor of another, at the newest look. Names are as they
/// were told: whoever shows them makes them printable.
struct actor_figures {
  std::string name;
  std::string supervisor;
  bool keeps_others = false;
  bool is_actor = true;     ///< Else a supervisor of which only its children are known.
  bool lives = true;        ///< Told by a daemon; else by what the journal last said.
  std::string state;        ///< Empty for what is no actor.
  bool looks_wrong = false; ///< It should run and does not, or there are lints.
  std::vector<std::string> lints;
  std::optional<std::chrono::milliseconds> in_state;
  std::optional<hourly> restarts;
  std::optional<budget_reading> budget;
  std::optional<std::uint64_t> queued;
  std::optional<double> rate; ///< Messages a second between the last two looks.
  std::optional<double> busy_percent;
  std::string handling; ///< What it handles now, empty: nothing.
  std::optional<std::chrono::milliseconds> handling_for;
  std::optional<std::chrono::microseconds> p99;
  std::string last_error;
  std::optional<actor_change> change; ///< From the second look on.
};

/// The host's last looks, oldest first, in percent.
struct host_figures {
  std::vector<double> cpu;
  std::vector<double> memory;
  std::vector<double> stall; ///< Of what stalls most.
  std::string stalled_by;    ///< `cpu`, `memory` or `io`: what stalls most now.
  std::vector<double> disk;  ///< How much is used.
  std::optional<std::uint64_t> free_bytes;
  std::optional<std::chrono::seconds>
      full_in; ///< At the rate of the looks; none: it does not fill.
};

/// Takes one look after another. Its size is bounded by the number of actors of the newest look.
class past {
public:
  explicit past(std::chrono::milliseconds window) : window_{window} {}

  /// The members of `/v1/actors`, and the host at the same time.
  void see(const value& told, const os::host_load& host, instant now);

  /// As they were told; a supervisor that is an actor as well is one entry.
  const std::vector<actor_figures>& actors() const { return actors_; }
  const host_figures& host() const { return host_; }

private:
  using actor_key = std::pair<std::string, std::string>; ///< Supervisor and name.

  /// Sums that only grow, whatever happens to the counters they are made from.
  struct sums {
    instant at;
    std::uint64_t handled = 0;
    std::uint64_t busy_us = 0;
    std::uint64_t restarts = 0;
    std::uint64_t queued = 0;
  };
  struct counted {
    std::uint64_t handled = 0;
    std::uint64_t busy_us = 0;
    std::uint64_t lived_us = 0;
    std::uint64_t restarts = 0;
  };
  struct track {
    instant first;
    bool hour_known = false;
    counted last;
    sums total;
    std::deque<sums> looks;
    std::deque<instant> restarted;
    std::uint64_t look = 0;
  };
  struct host_look {
    instant at;
    std::optional<double> cpu;
    std::optional<double> memory;
    std::optional<double> stall;
    std::optional<os::disk_room> disk;
  };

  void see_actors(const value& told, instant now);
  void see_host(const os::host_load& host, instant now);
  void follow(const value& told, actor_figures& into, instant now);

  std::chrono::milliseconds window_;
  std::uint64_t look_ = 0;
  std::vector<actor_figures> actors_;
  std::map<actor_key, track> tracks_;
  host_figures host_;
  std::deque<host_look> host_looks_;
  std::optional<os::cpu_ticks> ticks_;
};

} // namespace holdfast::tools::top
