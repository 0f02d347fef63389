// SPDX-License-Identifier: Apache-2.0
// Stand-ins for the journal: they save into memory, and refuse when told to.
#pragma once

#include "actors/carry_out.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace holdfast::test {

/// What a stand-in has taken, and what it will answer next. Shared with the test, one thread.
struct notebook {
  std::vector<record_to_save> saved;
  std::vector<std::size_t> saves;           ///< Records in each request taken.
  std::deque<std::optional<fault>> answers; ///< Next answers; nothing: take it. Then takes all.
};

inline record_keeper::behavior_type keeper_of(record_keeper::pointer self,
                                              std::shared_ptr<notebook> book) {
  furnish(self);
  return {[book](const save_records& wanted) -> caf::result<records_saved> {
    if (!book->answers.empty()) {
      const auto answer = book->answers.front();
      book->answers.pop_front();
      if (answer)
        return to_error(*answer);
    }
    book->saved.insert(book->saved.end(), wanted.records.begin(), wanted.records.end());
    book->saves.push_back(wanted.records.size());
    return records_saved{sequence{book->saved.size()}};
  }};
}

} // namespace holdfast::test
