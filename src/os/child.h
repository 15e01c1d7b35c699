/* SPDX-License-Identifier: Apache-2.0 */
/* A child process: our own binary executed anew, one channel end inside, its end noticed. */
#ifndef NEARCAST_OS_CHILD_H
#define NEARCAST_OS_CHILD_H

#include <stdbool.h>
#include <sys/types.h>
#include <uv.h>

#include "base/error.h"

struct child;

#define CHILD_FDS_MAX 4

struct child_options {
	const char *const *argv;        /* NULL-terminated; argv[0] is what ps shows */
	const char *const *environment; /* NULL-terminated */
	int fds[CHILD_FDS_MAX]; /* become 3, 4, ... in the child; -1 ends the list early */
	size_t fd_count;
};

/* It ended: how is "exit 3" or "signal 9 (Killed)", valid during the call. The child is still
 * the caller's, to be given to child_free. */
typedef void child_ended(void *context, struct child *child, const char *how);

/* Executes /proc/self/exe, with standard input from /dev/null, signals as at the beginning, no
 * other descriptors, and no new privileges. NULL: see error. */
struct child *child_start(uv_loop_t *loop, const struct child_options *options,
	child_ended *ended, void *context, struct error *error);
pid_t child_pid(const struct child *child);
/* By its pidfd, so that it can never hit another process. Nothing happens if it has ended. */
void child_signal(struct child *child, int signal);
/* Stops watching; does not end the process. NULL is fine. */
void child_free(struct child *child);

/* Ends a process that is no child of ours and waits until it is gone: signal now, SIGKILL after
 * patience_ms. still_it is asked after the pidfd was opened, so that a reused pid is never hit.
 * 0, ERROR_NOT_FOUND, ERROR_PERMISSION, ERROR_TIMEOUT. Blocks; only for the start. */
int process_end(pid_t pid, int signal, int patience_ms,
	bool (*still_it)(void *context, pid_t pid), void *context, struct error *error);

#endif
