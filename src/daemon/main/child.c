/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a child: what stands between the operating system and a process_type.
 *
 * Signals: main's end is noticed by the channel, so a child ignores what a terminal or a
 * service manager sends to the whole group; main alone decides when it ends. An orphan (main
 * was killed, the speaker lives on until its lease ends) obeys SIGTERM: it ends at once without
 * a NOTIFICATION, so that neighbours hold the routes for the daemon that comes after it (RFC
 * 4724).
 *
 * Invariants:
 *  1. No byte from outside is read before the sandbox is closed.
 *  2. The exit code is 0 only after done().
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/main/log_name.h"
#include "daemon/process.h"
#include "os/file.h"
#include "os/log.h"
#include "os/sandbox.h"

#define SPEAKER_LOCK_FD (PROCESS_CHANNEL_FD + 1)

static const struct child_row {
	const struct process_type *type;
	struct sandbox_settings sandbox;
} rows[PROCESS_COUNT] = {
	[PROCESS_SPEAKER] = { &speaker_process, { SANDBOX_FILES_NONE, false, 8192 } },
	[PROCESS_PROBE] = { &probe_process, { SANDBOX_FILES_EXECUTE, true, 65536 } },
	[PROCESS_BFD] = { &bfd_process, { SANDBOX_FILES_NONE, false, 8192 } },
	[PROCESS_API] = { &api_process, { SANDBOX_FILES_LIBRARIES, false, 1024 } },
};

struct child_body {
	const struct process_type *type;
	uv_loop_t loop;
	uv_signal_t terminate;
	void *state;
	pid_t parent;
	bool done;
};

static void on_done(void *context)
{
	struct child_body *body = context;

	body->done = true;
	uv_stop(&body->loop);
}

static void on_terminate(uv_signal_t *handle, int number)
{
	struct child_body *body = handle->data;

	(void)number;
	if (getppid() == body->parent)
		return;
	log_event(LOG_INFO, "takeover", "another daemon takes over");
	on_done(body);
}

static void sandbox_close(enum process process)
{
	struct sandbox_result result = { 0 };
	struct error error = { 0 };

	if (sandbox_enter(&rows[process].sandbox, &result, &error) != 0) {
		log_event(LOG_ERROR, "sandbox", "%s", error.text);
		_exit(1);
	}
	log_event(LOG_DEBUG, "sandbox", "landlock: %s, seccomp: %s",
		result.landlock ? "yes" : "no", result.seccomp ? "yes" : "no");
}

int process_run(enum process process)
{
	struct child_body body = { .type = rows[process].type, .parent = getppid() };
	pid_t holder;

	if (body.type == NULL)
		return 2;
	log_name_setup(process_name(process));
	if (process == PROCESS_SPEAKER)
		(void)lock_take(SPEAKER_LOCK_FD, &holder, NULL);
	sandbox_close(process);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	if (uv_loop_init(&body.loop) != 0)
		return 1;
	uv_signal_init(&body.loop, &body.terminate);
	body.terminate.data = &body;
	uv_signal_start(&body.terminate, on_terminate, SIGTERM);
	uv_unref((uv_handle_t *)&body.terminate);
	body.state = body.type->start(&body.loop, PROCESS_CHANNEL_FD, on_done, &body);
	if (body.state == NULL)
		return 1;
	uv_run(&body.loop, UV_RUN_DEFAULT);
	body.type->stop(body.state);
	uv_close((uv_handle_t *)&body.terminate, NULL);
	uv_run(&body.loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&body.loop);
	return body.done ? 0 : 1;
}
