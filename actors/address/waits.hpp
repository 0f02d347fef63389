// SPDX-License-Identifier: Apache-2.0
// Who waits for whose answer, and who waits in a circle.
#pragma once

#include "messages/actor_reading.hpp"

#include <string>
#include <utility>
#include <vector>

namespace holdfast::addressing {

/// An actor and what its counters said.
struct named_reading {
  std::string name;
  actor_reading reading;
};

struct wait {
  std::string who;
  std::string for_whom;

  friend bool operator==(const wait&, const wait&) = default;
};

struct waits {
  std::vector<wait> all; ///< Each pair once, by the name of who waits, then of for whom.
  /// Actors that wait for one another in a circle: short ones, so many that everybody in a circle
  /// is in one of these. If all of a circle wait before they do anything else (`await`), none of
  /// them will ever go on.
  std::vector<std::vector<std::string>> circles;
};

/// Of actors whose readings were taken one after the other: a wait that is over already, or a
/// circle that never was, may be among them; one that stays over two readings is real. Requests
/// that an actor has taken up and will answer later are not seen.
waits waits_of(const std::vector<named_reading>& actors);

} // namespace holdfast::addressing
