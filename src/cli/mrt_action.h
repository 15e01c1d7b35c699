/* SPDX-License-Identifier: Apache-2.0 */
/* What `nearcast mrt ACTION` does, a function an action. */
#ifndef NEARCAST_CLI_MRT_ACTION_H
#define NEARCAST_CLI_MRT_ACTION_H

#include "cli/console.h"
#include "cli/mrt_filter.h"

/* arguments: positional 0 is the action, files follow. filter is good. */
typedef enum exit_code mrt_action(const struct arguments *arguments,
	const struct mrt_filter *filter, struct console *console);

mrt_action mrt_show, mrt_stats, mrt_convert;

#endif
