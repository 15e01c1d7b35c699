/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `nearcast plan failures`. */
#ifndef NEARCAST_CLI_PLAN_FAILURES_H
#define NEARCAST_CLI_PLAN_FAILURES_H

#include "cli/plan_action.h"
#include "plan/failure.h"

struct failures {
	struct plan_case c;
	struct plan_route *before, *after;
	struct plan_catchment start;
	struct plan_outage *outage;   /* NULL: no exchanges */
	uint32_t *upstream_exchanges; /* [upstream_count] */
	struct plan_part *parts;
	size_t part_count, exchange_count; /* exchanges among the parts */
	/* In memory that workers share: parts alone, then pairs. */
	struct failure_row {
		struct plan_loss loss;
		struct plan_failure failure;
	} * rows;
	size_t row_count, single_count, row_room;
	uint32_t *order; /* [row_count]: alone as they are, then pairs, the worst first */
	size_t shown;    /* pairs, to people */
};

/* "ams", "ams/1299", "exchange LINX + sin": what is lost. */
void plan_loss_text(const struct failures *f, const struct plan_loss *loss, struct text *out);
enum exit_code plan_failures_page(
	const char *path, const struct failures *f, struct console *console);

#endif
