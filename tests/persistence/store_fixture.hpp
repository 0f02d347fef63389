// SPDX-License-Identifier: Apache-2.0
// A store in a temporary directory, with verbs for what tests do to it.
#pragma once

#include "persistence/canonical.hpp"
#include "persistence/disk.hpp"
#include "persistence/draft.hpp"
#include "persistence/store.hpp"
#include "tests/support/expect.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::persistence {

using testing::good;

/// A directory that is gone afterwards. In memory where the system offers that.
class temporary_directory {
public:
  temporary_directory() {
    const auto* base = std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
    auto pattern = std::string{base} + "/holdfast-XXXXXX";
    BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  ~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

/// Small sizes, so that a store costs a test next to nothing.
inline store_options small_options(const std::filesystem::path& directory, disk& files) {
  return {.directory = directory,
          .files = &files,
          .boot_id = "boot-1",
          .owner = "test",
          .mirror_segment_bytes = 64ULL << 10U,
          .memory_bytes = 4ULL << 20U,
          .cache_bytes = 1ULL << 20U,
          .ballast_bytes = 0};
}

inline event event_of(int number, std::string stream = "orders") {
  return {.stream = std::move(stream),
          .type = "order",
          .body = object{{"number", number}, {"text", "line " + std::to_string(number)}}};
}

inline draft draft_of(const event& submitted, durability level = durability::power) {
  return make_draft(submitted, level, {}, {});
}

inline std::string canonical(const value& given) {
  return *encode_canonical(given);
}

/// Prepares, commits and settles as the journal does.
inline std::vector<append_answer> append(store& into, std::vector<draft> drafts,
                                         wall_time now = {1000}) {
  const auto batch = into.prepare(std::move(drafts), now);
  good(into.commit(*batch, now));
  into.settle(*batch);
  return batch->answers;
}

inline std::vector<append_answer> append(store& into, int from, int to,
                                         durability level = durability::power,
                                         wall_time now = {1000}) {
  std::vector<draft> drafts;
  for (int i = from; i <= to; ++i)
    drafts.push_back(draft_of(event_of(i), level));
  return append(into, std::move(drafts), now);
}

/// What a deep scrub of everything finds.
inline result<std::vector<std::string>> verify_damage(const store& live) {
  auto scrubbed = live.scrub(sequence{1}, sequence{UINT64_MAX}, true);
  if (!scrubbed)
    return scrubbed.error();
  std::vector<std::string> found;
  for (const auto& one : scrubbed->damage)
    found.push_back(one.what);
  return found;
}

struct store_fixture {
  temporary_directory temporary;
  std::unique_ptr<disk> files = make_posix_disk();
  store_options options = small_options(temporary.path() / "store", *files);
  recovery_report report;

  void create() { good(store::create(options, {1})); }
  std::unique_ptr<store> open() { return good(store::open(options, {2}, &report)); }
};

} // namespace holdfast::persistence
