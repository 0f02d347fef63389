// SPDX-License-Identifier: Apache-2.0
// Performs what the machine decides about telemetry files.
#include "actors/telemetry/telemetry_actor.hpp"

#include "actors/shell.hpp"
#include "persistence/telemetry_archive.hpp"
#include "persistence/telemetry_directory.hpp"

namespace holdfast::telemetry {
namespace {

using self_pointer = handle::stateful_pointer<telemetry_state>;

telemetry_pruned perform(const decision& made, persistence::telemetry_pruning& files) {
  telemetry_pruned done{.left = made.left, .frozen = made.frozen};
  for (const auto& file : made.remove)
    ++(files.remove(file) ? done.removed : done.failed);
  for (const auto& file : made.compress)
    ++(files.compress(file) ? done.compressed : done.failed);
  files.tidy();
  return done;
}

result<telemetry_pruned> prune(self_pointer self, const std::string& directory, wall_time wall) {
  auto files = persistence::telemetry_pruning::begin(directory);
  if (!files)
    return files.error();
  const auto found = persistence::list_telemetry(directory);
  if (!found)
    return found.error();
  return perform(self->state.core->on(prune_telemetry{}, *found, wall, self->clock().now()),
                 *files);
}

void prune_each(self_pointer self, std::string directory, duties chosen,
                std::chrono::seconds next) {
  after(self, next, [=] {
    // What fails now is tried again by the next duty; its counters are the reply's.
    static_cast<void>(prune(self, directory, chosen.wall()));
    prune_each(self, directory, chosen, chosen.period);
  });
}

} // namespace

handle::behavior_type telemetry_actor(self_pointer self,
                                      std::shared_ptr<persistence::telemetry_writer> writer,
                                      duties chosen) {
  furnish(self);
  self->state.core.emplace(chosen.retention);
  if (chosen.period.count() != 0)
    prune_each(self, writer->directory(), chosen, chosen.first);
  return {
      [=](const rotate_telemetry&) { writer->rotate(); },
      [=](const prune_telemetry&) -> caf::result<telemetry_pruned> {
        const auto done = prune(self, writer->directory(), chosen.wall());
        if (!done)
          return to_error(done.error());
        return *done;
      },
      [=](const count_telemetry&) { return writer->counters(); },
  };
}

} // namespace holdfast::telemetry
