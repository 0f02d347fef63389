// SPDX-License-Identifier: Apache-2.0
// The list of commands, in the order of the help.
#include "tools/commands/commands.hpp"

namespace holdfast::tools {

std::vector<command_spec> all_commands() {
  return {
      status_spec(),
      health_spec(),
      actors_spec(),
      top_spec(),
      inspect_spec(),
      why_spec(),
      trace_spec(),
      restart_spec(),
      stop_spec(),
      doctor_spec(),
      init_spec(),
      run_spec(),
      ingest_spec(),
      events_tail_spec(),
      events_search_spec(),
      events_export_spec(),
      consumers_ls_spec(),
      consumers_show_spec(),
      consumers_reset_spec(),
      checkpoints_ls_spec(),
      checkpoints_show_spec(),
      checkpoints_verify_spec(),
      checkpoints_diff_spec(),
      state_spec(),
      replay_verify_spec(),
      replay_diff_spec(),
      replay_fork_spec(),
      store_verify_spec(),
      store_stats_spec(),
      store_accept_loss_spec(),
      store_retire_spec(),
      logs_verify_spec(),
      simulate_spec(),
      config_check_spec(),
      config_show_spec(),
      help_spec(),
      completion_spec(),
      manual_spec(),
  };
}

} // namespace holdfast::tools
