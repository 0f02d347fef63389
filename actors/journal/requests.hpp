// SPDX-License-Identifier: Apache-2.0
// The requests the journal has taken, from intake to answer: drafts out, answers in, each once.
#pragma once

#include "actors/journal/door.hpp"

#include <deque>
#include <memory>
#include <vector>

namespace holdfast::journal {

/// Carries out what the machine decides about requests. One thread.
class requests {
public:
  explicit requests(std::shared_ptr<door> front) : door_{std::move(front)} {}
  ~requests();
  requests(const requests&) = delete;
  requests& operator=(const requests&) = delete;

  /// Keeps the requests and says what the machine needs to know of them. Empty ones are answered.
  std::vector<arrival> add(std::vector<std::unique_ptr<request>> taken);

  /// Moves out the drafts of a planned batch, in its order.
  std::vector<persistence::draft> drafts_of(const batch_plan& plan);

  /// Answers the pieces that need no commit. Call it once, before `conclude`.
  void answer_early(const batch_plan& plan, const std::vector<append_answer>& answers);

  /// Answers the other pieces. The answers are those of `prepare`, in the order of the drafts.
  void conclude(const batch_plan& plan, const std::vector<append_answer>& answers);

  /// Nobody can say what became of the batch.
  void lose(const batch_plan& plan, const std::string& why);

  /// Refuses these requests; where a part is prepared already, the rest is answered as unknown.
  void turn_away(const std::vector<std::uint64_t>& ids, const fault& reason);

  /// Answers everything: what was prepared as unknown, the rest as refused.
  void lose_all(const std::string& why);

  std::size_t size() const { return held_.size(); }

private:
  struct one {
    std::unique_ptr<request> asked;
    std::vector<append_answer> answers;
    std::size_t prepared = 0; ///< Drafts moved out.
    std::size_t next = 0;     ///< Answered in order up to here,
    std::size_t answered = 0; ///< and so many in all: a tail that is turned away comes early.
  };

  one& at(std::uint64_t id) { return held_[static_cast<std::size_t>(id - first_id_)]; }
  void answer(one& held, const append_answer* answers, std::size_t count);
  void fill(one& held, std::size_t from, std::size_t count, const std::string& why);
  void answered(one& held, std::size_t count);
  void deliver(one& held, append_result result);
  void drop_answered();
  template <class Each>
  void for_pieces(const batch_plan& plan, bool early, Each each);

  std::shared_ptr<door> door_;
  std::deque<one> held_; ///< In order of their ids; answered ones in the middle are empty.
  std::uint64_t first_id_ = 1;
};

} // namespace holdfast::journal
