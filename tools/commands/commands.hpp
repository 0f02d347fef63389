// SPDX-License-Identifier: Apache-2.0
// The commands, one file a noun.
#pragma once

#include "tools/command.hpp"

namespace holdfast::tools {

command_spec actors_spec();
command_spec checkpoints_diff_spec();
command_spec checkpoints_ls_spec();
command_spec checkpoints_show_spec();
command_spec checkpoints_verify_spec();
command_spec completion_spec();
command_spec config_check_spec();
command_spec config_show_spec();
command_spec consumers_ls_spec();
command_spec consumers_reset_spec();
command_spec consumers_show_spec();
command_spec doctor_spec();
command_spec events_export_spec();
command_spec events_search_spec();
command_spec events_tail_spec();
command_spec health_spec();
command_spec help_spec();
command_spec ingest_spec();
command_spec init_spec();
command_spec inspect_spec();
command_spec logs_verify_spec();
command_spec manual_spec();
command_spec replay_diff_spec();
command_spec replay_fork_spec();
command_spec replay_verify_spec();
command_spec restart_spec();
command_spec run_spec();
command_spec simulate_spec();
command_spec state_spec();
command_spec status_spec();
command_spec stop_spec();
command_spec store_accept_loss_spec();
command_spec store_retire_spec();
command_spec store_stats_spec();
command_spec store_verify_spec();
command_spec trace_spec();
command_spec top_spec();
command_spec why_spec();

} // namespace holdfast::tools
