// SPDX-License-Identifier: Apache-2.0
// What a prune does to closed telemetry files: compress, remove, tidy up.
#pragma once

#include "messages/telemetry.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace holdfast::persistence {

class descriptor;

/// Held while a process prunes a directory, so that no other does.
class telemetry_pruning {
public:
  /// `busy` when another process is at it, `not_found` when there is no directory.
  static result<telemetry_pruning> begin(const std::string& directory);

  telemetry_pruning(telemetry_pruning&&) noexcept;
  telemetry_pruning& operator=(telemetry_pruning&&) noexcept;
  ~telemetry_pruning();

  /// Replaces a closed file by `<file>.gz`: temporary name, sync, decompress and compare, rename,
  /// sync the directory, and only then remove the source. At every moment one whole copy exists.
  result<void> compress(std::string_view file);

  /// Removes a file that no living process writes; `conflict` when one does.
  result<void> remove(std::string_view file);

  /// Removes what dead processes left: half-made `.gz.tmp` files and reserves.
  void tidy();

private:
  telemetry_pruning(std::string directory, std::unique_ptr<descriptor> lock);

  std::string directory_;
  std::unique_ptr<descriptor> lock_;
};

} // namespace holdfast::persistence
