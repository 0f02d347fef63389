// SPDX-License-Identifier: Apache-2.0
// The conversation between an actor that decides and the journal that remembers.
#pragma once

#include "messages/event.hpp"

#include <string>
#include <vector>

namespace holdfast {

/// One record an actor wants on disk before it speaks.
///
/// `kind` is `control` for an actor's own state (breaker, budget, restart window ...): the whole
/// value under `owner`, replacing the one before.
struct record_to_save {
  record_kind kind = record_kind::control;
  std::string owner; ///< Whose value it is; 1 to 100 bytes.
  value state;
  durability level = durability::power;

  static constexpr auto name = "record_to_save";
  static constexpr auto fields = std::make_tuple(&record_to_save::kind, &record_to_save::owner,
                                                 &record_to_save::state, &record_to_save::level);
};

/// Saves every record or none. Answered with `records_saved`, or with a fault: `busy` and
/// `no_space` mean that nothing was taken and it may be sent again; anything else ends the hope.
struct save_records {
  std::vector<record_to_save> records;

  static constexpr auto name = "save_records";
  static constexpr auto fields = std::make_tuple(&save_records::records);
};

/// Every record is in the journal, at the level it asked for.
struct records_saved {
  sequence last; ///< Of the last of them.

  static constexpr auto name = "records_saved";
  static constexpr auto fields = std::make_tuple(&records_saved::last);
};

} // namespace holdfast
