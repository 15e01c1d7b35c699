/* SPDX-License-Identifier: Apache-2.0 */
/* The worlds that come with the program: worlds/ of the source. */
#ifndef NEARCAST_WORLD_READY_H
#define NEARCAST_WORLD_READY_H

struct world_ready {
	const char *name; /* NULL ends the table */
	const char *text; /* as a file would hold it */
};

extern const struct world_ready world_ready[];

#endif
