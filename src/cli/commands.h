/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of the table of commands, one a file. */
#ifndef NEARCAST_CLI_COMMANDS_H
#define NEARCAST_CLI_COMMANDS_H

#include "cli/command.h"

extern const struct command command_bfd;
extern const struct command command_check_config;
extern const struct command command_collect;
extern const struct command command_completion;
extern const struct command command_config;
extern const struct command command_drain;
extern const struct command command_events;
extern const struct command command_help;
extern const struct command command_init;
extern const struct command command_internal_complete;
extern const struct command command_internal_docs;
extern const struct command command_internal_lab_server;
extern const struct command command_internal_man;
extern const struct command command_internal_process;
extern const struct command command_mrt;
extern const struct command command_neighbor;
extern const struct command command_neighbors;
extern const struct command command_nexthops;
extern const struct command command_plan;
extern const struct command command_lab;
extern const struct command command_policy;
extern const struct command command_reload;
extern const struct command command_routes;
extern const struct command command_rpki;
extern const struct command command_flowspec;
extern const struct command command_run;
extern const struct command command_services;
extern const struct command command_status;
extern const struct command command_undrain;
extern const struct command command_version;

#endif
