// SPDX-License-Identifier: Apache-2.0
// The whole runtime in one thread: virtual time, a disk in memory that fails, and an oracle beside.
#pragma once

#include "actors/checkpoint/checkpoint_actor.hpp"
#include "actors/journal/journal_actor.hpp"
#include "tests/support/deterministic.hpp"
#include "tests/support/memory_disk.hpp"
#include "tests/support/memory_file_system.hpp"

#include <rocksdb/env.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace simulation {

using holdfast::testing::ending;
using holdfast::testing::memory_disk;

/// A broken promise; the text says which and by what.
struct broken_promise : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What was submitted and acknowledged, apart from the store.
class oracle {
public:
  /// A batch of names, some of them submitted before.
  std::vector<std::string> choose(std::mt19937_64& chance, std::size_t count);

  /// Never throws: an answer that breaks a promise is told by `check`.
  void note(const std::string& name, const holdfast::append_answer& told);
  void accuse(std::string of) { accusations_.push_back(std::move(of)); }

  /// The world ended so: what did not have to survive it may be gone.
  void forgive(ending how);

  /// O1 to O4 against everything the store holds now.
  void check(const holdfast::persistence::reader& held) const;

  const std::vector<std::string>& submitted() const { return submitted_; }

private:
  struct acknowledgement {
    holdfast::sequence at;
    holdfast::durability level;
  };

  std::vector<std::string> submitted_;
  std::vector<std::string> accusations_;
  std::map<std::string, acknowledgement> acknowledged_;
};

/// The fold whose states are checked (O5).
holdfast::fold counting();

/// One process's life: journal, committer, keeper and a checkpoint actor over the disk.
class life : holdfast::test::deterministic {
public:
  /// `opened` tells whether the store could be opened at all.
  life(memory_disk& disk, oracle& known, std::uint64_t boot, std::int64_t wall_offset_us);
  ~life();

  bool opened() const { return opened_; }
  const std::optional<holdfast::fault>& refusal() const { return refusal_; }

  /// Hands in a batch without letting anything run.
  void submit(std::vector<std::string> names, holdfast::durability level);
  void run() { settle(); }
  void wait(caf::timespan time) { pass(time); }

  /// Takes a checkpoint of the fold.
  void checkpoint();

  /// Stops as a daemon does.
  void stop();

  /// What the store holds; null while it is being reopened.
  std::shared_ptr<const holdfast::persistence::reader> read() const {
    return parts_->front->read();
  }

private:
  holdfast::wall_time wall();
  holdfast::result<std::shared_ptr<holdfast::persistence::store>>
  open(holdfast::persistence::recovery_report& report);

  memory_disk& disk_;
  oracle& known_;
  std::uint64_t boot_;
  std::int64_t wall_offset_us_;
  std::unique_ptr<rocksdb::Env> env_;
  std::shared_ptr<holdfast::journal::parts> parts_ = std::make_shared<holdfast::journal::parts>();
  holdfast::journal::handle journal_;
  holdfast::checkpointing::handle folding_;
  std::optional<holdfast::fault> refusal_;
  bool opened_ = false;
};

/// The store's directory on every simulated disk, and the event of a name.
inline const std::filesystem::path directory = "/store";
holdfast::event make_event(const std::string& name);

/// What is done to a disk before a life begins on it, to see that the questions notice.
using sabotage = std::function<void(memory_disk&, const oracle&)>;

/// One history from one seed: a few lives with faults between and inside them, then the questions.
/// Throws `broken_promise`. Answers one line that says what happened.
std::string run_history(std::uint64_t seed, const sabotage& spoil = {});

} // namespace simulation
