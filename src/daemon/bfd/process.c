/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bfd process: records in, records out, and the clock.
 *
 * Invariants:
 *  1. A record from main is looked at only after record_check.
 *  2. When main is gone the process ends, with AdminDown to all: that is no failure to them
 * (RFC 5882 section 3.2), so that the speaker's sessions last as long as its lease.
 *  3. done() is called once.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "daemon/bfd/bfd_process.h"
#include "daemon/config_record.h"
#include "os/clock.h"
#include "os/log.h"

#define HEARTBEAT_MS 2000u

static void process_finish(struct bfd_process *process)
{
	struct record_plain record = { .head = { .type = RECORD_STOPPED } };

	if (process->stop_reported)
		return;
	process->stop_reported = true;
	if (process->main_channel != NULL)
		(void)channel_send(process->main_channel, &record, sizeof(record), -1);
	process->done(process->done_context);
}

/* ---- Time. ---- */

void bfd_process_settle(struct bfd_process *process)
{
	struct instant deadline = bfd_deadline(process->machine);
	struct itimerspec when = { 0 };

	/* clock_now is CLOCK_MONOTONIC, as the timer is; a time that has passed fires at once.
	 */
	if (deadline.ns != INSTANT_NEVER.ns) {
		when.it_value.tv_sec = deadline.ns / 1000000000;
		when.it_value.tv_nsec = deadline.ns % 1000000000;
	}
	(void)timerfd_settime(process->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void on_time(uv_poll_t *poll, int status, int events)
{
	struct bfd_process *process = poll->data;
	uint64_t times;

	(void)status;
	(void)events;
	if (read(process->timer_fd, &times, sizeof(times)) < 0)
		return; /* set anew meanwhile */
	bfd_tick(process->machine, clock_now());
	bfd_process_settle(process);
}

static void on_heartbeat(uv_timer_t *timer)
{
	struct bfd_process *process = timer->data;
	struct record_plain record = { .head = { .type = RECORD_HEARTBEAT },
		.number = process->generation };

	if (process->main_channel != NULL) {
		(void)channel_send(process->main_channel, &record, sizeof(record), -1);
		bfd_sessions_report(process);
	}
	uv_timer_start(
		timer, on_heartbeat, HEARTBEAT_MS - uv_now(process->loop) % HEARTBEAT_MS, 0);
}

/* ---- Records. ---- */

static void on_config(struct bfd_process *process, const struct record_config *record, int fd)
{
	struct record_plain ready = { .head = { .type = RECORD_READY } };
	struct config *config = config_record_read(record, fd);

	if (config == NULL)
		return;
	process->generation = record->generation;
	bfd_sessions_apply(process, config);
	config_free(config);
	ready.number = process->generation;
	(void)channel_send(process->main_channel, &ready, sizeof(ready), -1);
}

static void process_stop(struct bfd_process *process)
{
	if (process->stopping)
		return;
	process->stopping = true;
	bfd_sessions_end(process);
	process_finish(process);
}

static void main_record(void *context, const void *bytes, size_t length, int fd)
{
	struct bfd_process *process = context;
	const struct record_head *head = bytes;
	struct error error = { 0 };

	if (record_check(bytes, length, PROCESS_MAIN, PROCESS_BFD, &error) != 0)
		log_event(LOG_ERROR, "record", "%s", error.text);
	else if (head->type == RECORD_CONFIG && !process->stopping)
		on_config(process, bytes, fd);
	else if (head->type == RECORD_STOP)
		process_stop(process);
	if (fd >= 0)
		close(fd);
	bfd_process_settle(process);
}

static void main_lost(void *context)
{
	struct bfd_process *process = context;

	channel_close(process->main_channel);
	process->main_channel = NULL;
	process_stop(process);
}

/* ---- Life. ---- */

static void process_free(struct bfd_process *process)
{
	bfd_free(process->machine);
	if (process->timer_fd >= 0)
		close(process->timer_fd);
	free(process);
}

static bool machine_begin(struct bfd_process *process)
{
	const struct bfd_sink sink = { process, bfd_sessions_send, bfd_sessions_changed, NULL };
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = (uint64_t)clock_now().ns;
	process->machine = bfd_new(seed, &sink);
	process->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return process->machine != NULL && process->timer_fd >= 0;
}

static bool timers_begin(struct bfd_process *process)
{
	process->timer_poll = calloc(1, sizeof(*process->timer_poll));
	if (process->timer_poll == NULL ||
		uv_poll_init(process->loop, process->timer_poll, process->timer_fd) != 0) {
		free(process->timer_poll);
		return false;
	}
	process->timer_poll->data = process;
	uv_poll_start(process->timer_poll, UV_READABLE, on_time);
	uv_timer_init(process->loop, &process->heartbeat);
	process->heartbeat.data = process;
	uv_timer_start(&process->heartbeat, on_heartbeat, 0, 0);
	return true;
}

static void *process_start(
	uv_loop_t *loop, int channel_fd, void (*done)(void *context), void *done_context)
{
	struct bfd_process *process = calloc(1, sizeof(*process));
	struct channel_events events = { .record = main_record, .lost = main_lost };

	if (process == NULL)
		return NULL;
	process->loop = loop;
	process->done = done;
	process->done_context = done_context;
	process->timer_fd = -1;
	list_init(&process->paths);
	for (unsigned i = 0; i < BFD_RECEIVERS; i++)
		process->receivers[i] = -1;
	events.context = process;
	if (!machine_begin(process) || !timers_begin(process)) {
		process_free(process);
		return NULL;
	}
	process->main_channel = channel_open(loop, channel_fd, &events);
	return process;
}

static void on_poll_closed(uv_handle_t *handle)
{
	free(handle);
}

static void on_timer_closed(uv_handle_t *handle)
{
	process_free(handle->data);
}

static void process_stop_now(void *state)
{
	struct bfd_process *process = state;

	if (process == NULL)
		return;
	channel_close(process->main_channel);
	process->main_channel = NULL;
	bfd_sessions_end(process);
	bfd_sockets_close(process);
	uv_poll_stop(process->timer_poll);
	uv_close((uv_handle_t *)process->timer_poll, on_poll_closed);
	uv_close((uv_handle_t *)&process->heartbeat, on_timer_closed);
}

const struct process_type bfd_process = {
	.process = PROCESS_BFD,
	.start = process_start,
	.stop = process_stop_now,
};
