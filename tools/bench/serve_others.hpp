// SPDX-License-Identifier: Apache-2.0
// The servers that Holdfast is compared with, each on a new directory, and what is said to them.
#pragma once

#include "tools/bench/child.hpp"
#include "tools/bench/load.hpp"

#include <filesystem>
#include <memory>
#include <vector>

namespace bench {

/// A server of another make, while it runs.
class other_server {
public:
  const endpoint& where() const { return where_; }
  const child& process() const { return *process_; }

protected:
  endpoint where_;
  std::unique_ptr<child> process_;
};

/// `nats-server` with JetStream: a stream in files on one node, that tells repeats of an id apart
/// for ten minutes.
class nats_server : public other_server {
public:
  static constexpr auto program = "nats-server";

  explicit nats_server(const std::filesystem::path& directory);

  /// One speaker for each share, with `batch` publications at a time, each awaiting its PubAck.
  static std::vector<std::unique_ptr<speaker>>
  speakers(const std::vector<std::vector<keyed_event>>& shares, std::size_t batch);
};

/// `redis-server` that syncs its append-only file before it answers.
class redis_server : public other_server {
public:
  static constexpr auto program = "redis-server";

  explicit redis_server(const std::filesystem::path& directory);

  /// One speaker for each share: `SET KEY 1 NX` for `batch` events, then `XADD` for those that were
  /// new, each in one pipeline.
  static std::vector<std::unique_ptr<speaker>>
  speakers(const std::vector<std::vector<keyed_event>>& shares, std::size_t batch);
};

} // namespace bench
