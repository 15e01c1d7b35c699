/* SPDX-License-Identifier: Apache-2.0 */
/* A catchment as one HTML page that needs nothing else. */
#ifndef NEARCAST_CLI_PLAN_REPORT_H
#define NEARCAST_CLI_PLAN_REPORT_H

#include "cli/plan_action.h"

/* Written whole or not at all; errors are printed. */
enum exit_code plan_report(const char *path, const struct plan_case *c,
	const struct plan_route *routes, const struct plan_catchment *t,
	struct console *console);

#endif
