/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The children: started, fed, watched, started again.
 *
 *     stopped --begin--> starting --READY--> running
 *                           ^  |                |
 *                    timer  |  +---- ended -----+--> waiting (longer each time it ends soon)
 *                           +--------------------------+
 *
 * Invariants:
 *  1. A child that ended, for whatever reason, is started again until the daemon stops.
 *  2. A child that is silent for SILENCE_MS is ended, so that rule 1 holds for one that hangs.
 *  3. What a child says is looked at only after record_check.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/main/main_process.h"
#include "os/clock.h"
#include "os/log.h"

#define SILENCE_MS      10000
#define QUICK_MS        10000 /* an end sooner than this after a start makes the next wait longer */
#define WAIT_FIRST_MS   100
#define WAIT_LONGEST_MS 10000

static void slot_start(struct slot *slot);

const char *slot_state_name(enum slot_state state)
{
	static const char *const names[] = {
		[SLOT_STOPPED] = "stopped",
		[SLOT_STARTING] = "starting",
		[SLOT_RUNNING] = "running",
		[SLOT_WAITING] = "waiting",
	};

	return names[state];
}

static const struct process_type *const types[PROCESS_COUNT] = {
	[PROCESS_SPEAKER] = &speaker_process,
	[PROCESS_PROBE] = &probe_process,
	[PROCESS_API] = &api_process,
	[PROCESS_BFD] = &bfd_process,
};

/* Who is not needed is not started: memory counts. */
static bool slot_wanted(const struct main_process *main, enum process process)
{
	return process != PROCESS_BFD || main_bfd_wanted(main->config);
}

/* ---- The end of a child ---- */

static void on_restart(uv_timer_t *timer)
{
	slot_start(timer->data);
}

static uint64_t slot_wait_ms(struct slot *slot)
{
	uint64_t wait;

	if (instant_since(clock_now(), slot->started).ns > duration_ms(QUICK_MS).ns) {
		slot->quick_ends = 0;
		return 0;
	}
	wait = (uint64_t)WAIT_FIRST_MS << (slot->quick_ends < 10 ? slot->quick_ends : 10);
	slot->quick_ends++;
	return wait > WAIT_LONGEST_MS ? WAIT_LONGEST_MS : wait;
}

static void slot_release(struct slot *slot)
{
	child_free(slot->child);
	channel_close(slot->channel);
	slot->child = NULL;
	slot->channel = NULL;
	if (slot->inside != NULL)
		types[slot->process]->stop(slot->inside);
	slot->inside = NULL;
	slot->since = clock_now();
}

static void slot_missed(struct slot *slot, const char *how)
{
	struct main_process *main = slot->main;
	char reason[160];

	snprintf(reason, sizeof(reason), "the %s process ended: %s",
		process_name(slot->process), how);
	if (slot->process == PROCESS_PROBE)
		services_checker_lost(main, reason);
	if (slot->process == PROCESS_BFD)
		main_bfd_forget(main);
	/* The kernel still answers for the addresses: the next speaker says so (RFC 4724). */
	if (slot->process == PROCESS_SPEAKER) {
		main->forwarding_kept = true;
		route_table_forget(&main->routes);
		main_neighbors_forget(main);
	}
}

static void slot_ended(struct slot *slot, const char *how)
{
	struct main_process *main = slot->main;
	bool expected = main->phase >= PHASE_ENDING;
	char message[160], pid[16] = "0";

	if (slot->child != NULL)
		snprintf(pid, sizeof(pid), "%d", (int)child_pid(slot->child));
	slot_release(slot);
	snprintf(slot->last_end, sizeof(slot->last_end), "%s", how);
	snprintf(message, sizeof(message), "the %s process ended: %s",
		process_name(slot->process), how);
	event_emit(main, expected ? LOG_INFO : LOG_ERROR, "process-end", message, "process",
		process_name(slot->process), "#pid", pid, "reason", how, NULL);
	if (expected) {
		slot->state = SLOT_STOPPED;
		stop_look(main);
		return;
	}
	slot->state = SLOT_WAITING;
	slot->restarts++;
	slot_missed(slot, how);
	uv_update_time(&main->loop);
	uv_timer_start(&slot->restart, on_restart, slot_wait_ms(slot), 0);
}

static void on_child_ended(void *context, struct child *child, const char *how)
{
	(void)child;
	slot_ended(context, how);
}

/* The channel can end before the process does: with a process that does not speak to us any
 * more there is nothing to be done but to end it, and its end comes by on_child_ended. */
static void on_lost(void *context)
{
	struct slot *slot = context;

	channel_close(slot->channel);
	slot->channel = NULL;
	if (slot->child != NULL && slot->main->phase < PHASE_ENDING)
		child_signal(slot->child, SIGKILL);
}

static void on_done_inside(void *context)
{
	struct slot *slot = context;

	slot->stopped_said = true;
	/* Not from inside its own call: the timer takes it apart. */
	uv_timer_start(&slot->restart, on_restart, 0, 0);
}

/* ---- What a child says ---- */

static void on_ready(struct slot *slot, const struct record_plain *record)
{
	struct main_process *main = slot->main;

	slot->generation = record->number;
	if (slot->state != SLOT_STARTING)
		return;
	slot->state = SLOT_RUNNING;
	slot->since = clock_now();
	if (slot->process == PROCESS_PROBE)
		services_checker_back(main);
	main_ready_look(main);
}

static void on_query(struct slot *slot, const struct record_query *query)
{
	char *argument = malloc(query->head.tail + 1u);

	if (argument == NULL)
		return;
	memcpy(argument, query + 1, query->head.tail);
	argument[query->head.tail] = '\0';
	main_query_answer(slot->main, query, argument);
	free(argument);
}

static void on_reports(struct slot *slot, const struct record_plain *record)
{
	size_t count = record->head.tail / sizeof(struct record_check_report);
	const uint8_t *at = (const uint8_t *)(record + 1);

	for (size_t i = 0; i < count; i++, at += sizeof(struct record_check_report)) {
		struct record_check_report report;

		memcpy(&report, at, sizeof(report));
		services_report(slot->main, &report);
	}
}

static void slot_record(struct slot *slot, const struct record_head *head)
{
	const void *record = head;

	switch ((enum record_type)head->type) {
	case RECORD_READY:
		on_ready(slot, record);
		break;
	case RECORD_CHECK_REPORT:
		services_report(slot->main, record);
		break;
	case RECORD_CHECK_REPORTS:
		on_reports(slot, record);
		break;
	case RECORD_ROUTE_STATUS:
		routes_status(slot->main, record);
		break;
	case RECORD_NEIGHBOR_EVENT:
		event_neighbor(slot->main, record);
		break;
	case RECORD_BFD_STATE:
		main_bfd_note(slot->main, record);
		break;
	case RECORD_RPKI_EVENT:
		event_rpki(slot->main, record);
		break;
	case RECORD_KERNEL_ROUTES:
		kernel_routes_record(slot->main, record);
		break;
	case RECORD_QUERY:
		on_query(slot, record);
		break;
	case RECORD_STOPPED:
		slot->stopped_said = true;
		break;
	case RECORD_HEARTBEAT:
	case RECORD_NONE:
	case RECORD_CONFIG:
	case RECORD_SECRET:
	case RECORD_LISTENER:
	case RECORD_ROUTE_SET:
	case RECORD_ROUTE_REMOVE:
	case RECORD_ROUTES_SYNCED:
	case RECORD_RENEW:
	case RECORD_STOP:
	case RECORD_VERB:
	case RECORD_HURRY:
	case RECORD_HTTP:
	case RECORD_EVENT:
	case RECORD_REPLY:
	case RECORD_EXCEPTIONS:
	case RECORD_KERNEL_DONE:
	case RECORD_TYPES:
		break;
	}
}

static void on_record(void *context, const void *bytes, size_t length, int fd)
{
	struct slot *slot = context;
	struct error error = { 0 };

	if (fd >= 0)
		close(fd); /* no child has anything to give us */
	slot->last_heard = clock_now();
	if (record_check(bytes, length, slot->process, PROCESS_MAIN, &error) != 0) {
		log_event(LOG_ERROR, "record", "refused: %s", error.text);
		return;
	}
	slot_record(slot, bytes);
}

/* ---- The start of a child ---- */

/* Only what children need: the rest of our environment may hold the operator's secrets. */
static void environment_fill(char lines[][256], const char **list, size_t room)
{
	static const char *const names[] = { "PATH", "LANG", "TZ", "ASAN_OPTIONS",
		"UBSAN_OPTIONS", "LSAN_OPTIONS", "NEARCAST_LOG" };
	size_t count = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && count + 1 < room; i++) {
		const char *value = getenv(names[i]);

		if (value == NULL)
			continue;
		if (snprintf(lines[count], sizeof(lines[count]), "%s=%s", names[i], value) <
			(int)sizeof(lines[count])) {
			list[count] = lines[count];
			count++;
		}
	}
	list[count] = NULL;
}

#define ENVIRONMENT_ROOM 10

static struct child *slot_spawn(struct slot *slot, int channel_fd, struct error *error)
{
	char title[64], lines[ENVIRONMENT_ROOM][256];
	const char *environment[ENVIRONMENT_ROOM];
	const char *argv[] = { title, "internal-process", process_name(slot->process), NULL };
	struct child_options options = { .argv = argv, .environment = environment };

	snprintf(title, sizeof(title), "nearcast: %s", process_name(slot->process));
	environment_fill(lines, environment, ENVIRONMENT_ROOM);
	options.fds[options.fd_count++] = channel_fd;
	if (slot->process == PROCESS_SPEAKER && slot->main->speaker_lock >= 0)
		options.fds[options.fd_count++] = slot->main->speaker_lock;
	return child_start(&slot->main->loop, &options, on_child_ended, slot, error);
}

static int slot_open(struct slot *slot, struct error *error)
{
	const struct channel_events events = { slot, on_record, on_lost, NULL };
	int fds[2];
	int r = channel_pair(fds, error);

	if (r != 0)
		return r;
	if (slot->main->options->foreground_single) {
		slot->inside = types[slot->process]->start(
			&slot->main->loop, fds[1], on_done_inside, slot);
	} else {
		slot->child = slot_spawn(slot, fds[1], error);
		close(fds[1]);
	}
	if (slot->inside != NULL || slot->child != NULL)
		slot->channel = channel_open(&slot->main->loop, fds[0], &events);
	if (slot->channel != NULL)
		return 0;
	close(fds[0]);
	if (slot->child != NULL)
		child_signal(slot->child, SIGKILL);
	return error_set(error, ERROR_SYSTEM, "cannot start the %s process: %s",
		process_name(slot->process), error->text);
}

static void slot_start(struct slot *slot)
{
	struct main_process *main = slot->main;
	struct error error = { 0 };
	char message[160], pid[16];

	if (slot->inside != NULL || main->phase >= PHASE_ENDING) {
		if (slot->inside != NULL)
			slot_ended(slot, "done");
		return;
	}
	slot->stopped_said = false;
	slot->state = SLOT_STARTING;
	slot->since = slot->started = slot->last_heard = clock_now();
	if (slot_open(slot, &error) != 0) {
		if (slot->child == NULL)
			slot_ended(slot, error.text);
		return;
	}
	snprintf(pid, sizeof(pid), "%d",
		(int)(slot->child != NULL ? child_pid(slot->child) : getpid()));
	snprintf(message, sizeof(message), "the %s process starts as process %s",
		process_name(slot->process), pid);
	event_emit(main, LOG_INFO, "process-start", message, "process",
		process_name(slot->process), "#pid", pid, "reason",
		slot->restarts == 0 ? "start" : "restart", NULL);
	feed_child(main, slot->process);
	services_settle(main);
}

void supervise_begin(struct main_process *main)
{
	for (int i = 0; i < PROCESS_COUNT; i++) {
		struct slot *slot = &main->slots[i];

		if (types[i] == NULL)
			continue;
		slot->main = main;
		slot->process = (enum process)i;
		uv_timer_init(&main->loop, &slot->restart);
		slot->restart.data = slot;
		if (slot_wanted(main, slot->process))
			slot_start(slot);
	}
}

void supervise_configured(struct main_process *main)
{
	for (int i = 0; i < PROCESS_COUNT; i++)
		if (types[i] != NULL && main->slots[i].main != NULL &&
			main->slots[i].state == SLOT_STOPPED &&
			slot_wanted(main, (enum process)i))
			slot_start(&main->slots[i]);
}

void supervise_look(struct main_process *main)
{
	for (int i = 0; i < PROCESS_COUNT; i++) {
		struct slot *slot = &main->slots[i];

		if (slot->child == NULL || instant_since(clock_now(), slot->last_heard).ns <
						   duration_ms(SILENCE_MS).ns)
			continue;
		log_event(LOG_ERROR, "process",
			"the %s process is silent for %d s: it is ended",
			process_name(slot->process), SILENCE_MS / 1000);
		child_signal(slot->child, SIGKILL);
		slot->last_heard = clock_now();
	}
}

/* ---- The end of all ---- */

void supervise_stop(struct main_process *main, bool keep, const char *reason)
{
	struct record_stop record = { .head = { .type = RECORD_STOP }, .keep = keep };

	snprintf(record.reason, sizeof(record.reason), "%s", reason);
	for (int i = 0; i < PROCESS_COUNT; i++) {
		struct slot *slot = &main->slots[i];

		if (types[i] == NULL)
			continue;
		uv_timer_stop(&slot->restart);
		if (feed_send(main, slot->process, &record, sizeof(record), -1) == 0)
			continue;
		if (slot->child != NULL)
			child_signal(slot->child, SIGKILL);
		else if (slot->inside == NULL)
			slot->state = SLOT_STOPPED;
	}
}

bool supervise_ended(const struct main_process *main)
{
	for (int i = 0; i < PROCESS_COUNT; i++)
		if (types[i] != NULL && main->slots[i].state != SLOT_STOPPED)
			return false;
	return true;
}

void supervise_kill(struct main_process *main)
{
	for (int i = 0; i < PROCESS_COUNT; i++)
		if (main->slots[i].child != NULL)
			child_signal(main->slots[i].child, SIGKILL);
}

void supervise_free(struct main_process *main)
{
	for (int i = 0; i < PROCESS_COUNT; i++) {
		if (types[i] == NULL || main->slots[i].main == NULL)
			continue;
		slot_release(&main->slots[i]);
		uv_close((uv_handle_t *)&main->slots[i].restart, NULL);
	}
}
