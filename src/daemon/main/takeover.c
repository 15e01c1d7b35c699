/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Earlier runs: one daemon a runtime folder, and no speaker of a dead one beside the new.
 *
 * Each of main and speaker holds a record lock on a file of its own (os/file.h). The kernel
 * says who holds it, so a pid is never believed because a file says so. A speaker outlives a
 * main that was killed until its lease ends; it is told to end without a NOTIFICATION, so that
 * the neighbours hold its routes while ours come up.
 */
#include <signal.h>
#include <stdio.h>

#include "daemon/main/main_process.h"
#include "os/file.h"
#include "os/log.h"

#define SPEAKER_PATIENCE_MS 2000

static bool holds_lock(void *context, pid_t pid)
{
	return lock_holder(*(const int *)context) == pid;
}

static int speaker_takeover(struct main_process *main, struct error *error)
{
	char path[PATH_ROOM];
	pid_t holder;
	int r = lock_open(
		main_runtime_path(main, "speaker.lock", path), &main->speaker_lock, error);

	if (r != 0)
		return r;
	holder = lock_holder(main->speaker_lock);
	if (holder <= 0)
		return 0;
	log_event(LOG_WARNING, "takeover",
		"process %d, the speaker of an earlier run, lives on: it is ended",
		(int)holder);
	r = process_end(
		holder, SIGTERM, SPEAKER_PATIENCE_MS, holds_lock, &main->speaker_lock, error);
	return r == ERROR_NOT_FOUND ? 0 : r;
}

int takeover(struct main_process *main, struct error *error)
{
	char path[PATH_ROOM];
	pid_t holder = 0;
	int r = lock_open(main_runtime_path(main, "main.lock", path), &main->main_lock, error);

	if (r != 0)
		return r;
	r = lock_take(main->main_lock, &holder, error);
	if (r == ERROR_EXISTS) {
		error_hint(error, "stop that one, or give this one another --runtime-dir");
		return error_set(error, ERROR_EXISTS,
			"nearcast runs already in %s: it is process %d",
			main->options->runtime_dir, (int)holder);
	}
	if (r != 0)
		return r;
	return speaker_takeover(main, error);
}
