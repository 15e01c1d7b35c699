/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process of the daemon as main starts it: re-executed from the same binary (fresh address
 * space, nothing of main's memory inside), channel to main as file descriptor 3. With
 * --foreground-single the same code runs on main's loop, with the channel still in between.
 *
 * Each process folder exports one struct process_type; a process keeps all of its state in what
 * start() returns.
 */
#ifndef NEARCAST_DAEMON_PROCESS_H
#define NEARCAST_DAEMON_PROCESS_H

#include <uv.h>

#include "daemon/record.h"

#define PROCESS_CHANNEL_FD 3

struct process_type {
	enum process process;
	/* Begin on the loop; takes over channel_fd. Waits for records from main before it does
	 * anything. When it is done for good (RECORD_STOP carried out, or main gone and the lease
	 * ended) it calls done(done_context) once. NULL: failed, logged. */
	void *(*start)(uv_loop_t *loop, int channel_fd, void (*done)(void *context),
		void *done_context);
	/* Close every handle; memory is freed when the loop has let go. NULL is fine. */
	void (*stop)(void *state);
};

extern const struct process_type speaker_process; /* daemon/speaker */
extern const struct process_type probe_process;   /* daemon/probe */
extern const struct process_type api_process;     /* daemon/api */
extern const struct process_type bfd_process;     /* daemon/bfd */

/* The body of a re-executed child: sandbox, loop, start, run, exit code. daemon/main/child.c */
int process_run(enum process process);

#endif
