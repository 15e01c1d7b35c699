/* SPDX-License-Identifier: Apache-2.0 */
/* How `nearcast mrt show` prints a route, a change of state, a message: three ways. */
#ifndef NEARCAST_CLI_MRT_PRINT_H
#define NEARCAST_CLI_MRT_PRINT_H

#include "cli/mrt_lines.h"
#include "wire/mrt_routes.h"

struct mrt_printer {
	void (*route)(struct lines *lines, const struct mrt_route *route);
	void (*state)(struct lines *lines, const struct mrt_record *record,
		const struct mrt_message *message);
	/* NULL: such messages are not printed. */
	void (*message)(struct lines *lines, const struct mrt_record *record,
		const struct mrt_message *message, const struct bgp_frame *frame);
};

/* For people; the fields of `bgpdump -m`; an object of JSON a line. */
extern const struct mrt_printer mrt_printer_text, mrt_printer_machine, mrt_printer_json;

#endif
