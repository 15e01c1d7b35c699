/* SPDX-License-Identifier: Apache-2.0 */
/* Other people's programs: run without a shell, in a session of their own, ended with all of
 * it. */
#ifndef NEARCAST_OS_COMMAND_H
#define NEARCAST_OS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct command_settings {
	const char *const *argv;        /* NULL-terminated; without a slash, searched in PATH */
	const char *const *environment; /* NULL-terminated; all that it gets */
	unsigned processes;             /* RLIMIT_NPROC, unless we are root; 0: as it is */
};

struct command {
	pid_t pid;      /* of its leader; also its session and process group */
	int pidfd;      /* readable when the leader ended */
	int output;     /* its stdout, non-blocking */
	int complaints; /* its stderr, non-blocking */
};

/* Standard input is /dev/null, the working directory is /, signals are as at the beginning, no
 * other descriptor is open. The descriptors are the caller's (command_close). ERROR_SYSTEM:
 * also when the program can't be executed. */
int command_start(const struct command_settings *settings, struct command *ret_command,
	struct error *error);
/* SIGKILL to the whole process group. Only while the leader was not reaped. */
void command_kill(const struct command *command);
/* Reap the leader without waiting: 0 and its wait status; ERROR_NOT_FOUND: it still runs. */
int command_reap(const struct command *command, int *ret_status);
void command_close(struct command *command);

/* From now on what escapes from a command's process group (setsid, double fork) becomes our
 * child when its parent ends, not init's. 0 or ERROR_SYSTEM. */
int command_adopt_orphans(struct error *error);

/* Is this child, which leads session `session`, one that must be left alone? environment: its
 * own, as NUL-terminated strings one after the other; empty if it can't be read. */
typedef bool command_spared(void *context, pid_t pid, pid_t session, const char *environment,
	size_t environment_length);
/*
 * SIGKILL every child of this process in another session than ours that is not spared, and reap
 * those that ended. Returns how many are still there: they have children of their own that come
 * to us next, or take a moment to end.
 */
size_t command_sweep(command_spared *spared, void *context);

#endif
