/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that run at a time, and what their end left behind. */
#ifndef NEARCAST_DAEMON_PROBE_EXEC_ROOM_H
#define NEARCAST_DAEMON_PROBE_EXEC_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "daemon/probe/schedule.h"

struct exec_room {
	struct poller *poller;
	struct schedule *schedule;
	struct list runs;    /* commands that were not reaped yet */
	struct list waiting; /* probes that wait for a place */
	size_t run_count;
	uint64_t run_number; /* names a run in its environment */
	struct alarm sweep;
	struct duration sweep_wait; /* until the next one */
	unsigned sweeps_left;       /* to be made even if the last one found nothing */
	bool adopting;
};

/* 0 or ERROR_MEMORY. */
int exec_room_open(struct exec_room *room, struct poller *poller, struct schedule *schedule);
/* Nothing runs and nothing that was left behind is looked for. */
bool exec_room_is_quiet(const struct exec_room *room);
/* Kills what runs, and forgets it. No target may run any more. */
void exec_room_close(struct exec_room *room);

#endif
