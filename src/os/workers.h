/* SPDX-License-Identifier: Apache-2.0 */
/* The same work in several processes: forked, so that all see what was prepared, and what they
 * find stands in memory that they share. For commands, not for the daemon. */
#ifndef NEARCAST_OS_WORKERS_H
#define NEARCAST_OS_WORKERS_H

#include <stddef.h>

#include "base/error.h"

#define WORKERS_MAX 256

/* Processors that we may use: 1 to WORKERS_MAX. */
size_t workers_count(void);

/* Zeroed memory that processes forked later share with us; NULL: none left. */
void *workers_memory(size_t size);
/* NULL is fine. */
void workers_memory_free(void *memory, size_t size);

/* The part of one worker: 0 or an error, as everywhere. */
typedef int worker_run(void *context, size_t worker, size_t workers, struct error *error);

/*
 * Fork count workers (1 to WORKERS_MAX) and wait for all. tick (may be NULL) is called some
 * times a second meanwhile; when it gives something else than 0 the workers are ended and that
 * is given back. The error of the first worker that failed; ERROR_SYSTEM if one died, or could
 * not begin. They end when we do.
 */
int workers_run(size_t count, worker_run *run, void *context, int (*tick)(void *context),
	void *tick_context, struct error *error);

#endif
