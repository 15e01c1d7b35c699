/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `nearcast policy`. */
#ifndef NEARCAST_CLI_POLICY_H
#define NEARCAST_CLI_POLICY_H

#include "cli/console.h"

/* `nearcast policy test POLICY PREFIX`: offline, from the configuration. */
enum exit_code policy_test_run(const struct arguments *arguments, struct console *console);

#endif
